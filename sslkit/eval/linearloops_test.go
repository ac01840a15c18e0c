package eval

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// points are labelled features, row by row.
type points struct {
	dim, classes int
	features     []float64
	labels       []int32
}

// blobs are normal clouds of points, a distance from the origin in a direction
// of their class.
func blobs(seed uint64, n, dim, classes int, distance float64) points {
	random := rand.New(rand.NewPCG(seed, 0))
	p := points{dim: dim, classes: classes}
	for i := range n {
		class := i % classes
		p.labels = append(p.labels, int32(class))
		for k := range dim {
			x := random.NormFloat64()
			if k%classes == class {
				x += distance
			}
			p.features = append(p.features, x)
		}
	}
	return p
}

// mapped changes every feature.
func (p points) mapped(change func(x float64) float64) points {
	p.features = slices.Clone(p.features)
	for i, x := range p.features {
		p.features[i] = change(x)
	}
	return p
}

// with adds a feature that depends on the number of the point.
func (p points) with(feature func(i int) float64) points {
	var features []float64
	for i := range p.labels {
		features = append(append(features, p.row(i)...), feature(i))
	}
	p.features, p.dim = features, p.dim+1
	return p
}

func (p points) row(i int) []float64 { return p.features[i*p.dim : (i+1)*p.dim] }

func (p points) tensor() *tensors.Tensor {
	return testkit.Tensor(dtypes.Float32, p.features, len(p.labels), p.dim)
}

func (p points) labelTensor() *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(slices.Clone(p.labels), len(p.labels))
}

// standardized has mean 0 and variance 1 in every column.
func (p points) standardized() points {
	p.features = slices.Clone(p.features)
	n := float64(len(p.labels))
	for k := range p.dim {
		mean, variance := 0.0, 0.0
		for i := range p.labels {
			mean += p.row(i)[k] / n
		}
		for i := range p.labels {
			variance += (p.row(i)[k] - mean) * (p.row(i)[k] - mean) / n
		}
		for i := range p.labels {
			p.row(i)[k] = (p.row(i)[k] - mean) / math.Sqrt(variance)
		}
	}
	return p
}

// loss returns the mean cross entropy of some of the points, and its gradient.
// Weight k of class c is at k·classes+c, the bias of class c at dim·classes+c.
func (p points) loss(params []float64, some []int32) (loss float64, gradient []float64) {
	gradient = make([]float64, len(params))
	share := 1 / float64(len(some))
	for _, i := range some {
		x := append(slices.Clone(p.row(int(i))), 1)
		probability, sum := make([]float64, p.classes), 0.0
		for c := range probability {
			logit := 0.0
			for k, v := range x {
				logit += v * params[k*p.classes+c]
			}
			probability[c] = math.Exp(logit)
			sum += probability[c]
		}
		for c := range probability {
			probability[c] /= sum
			target := 0.0
			if c == int(p.labels[i]) {
				target = 1
				loss -= share * math.Log(probability[c])
			}
			for k, v := range x {
				gradient[k*p.classes+c] += share * (probability[c] - target) * v
			}
		}
	}
	return loss, gradient
}

// descend fits the points in plain loops, in the probe's order.
func (p points) descend(l Linear) (params []float64) {
	p = p.standardized()
	n := len(p.labels)
	batch := min(l.Batch, n)
	perEpoch := n / batch
	params = make([]float64, (p.dim+1)*p.classes)
	velocity := make([]float64, len(params))
	for epoch := range l.Epochs {
		order := l.order(epoch, n)
		for s := range perEpoch {
			done := float64(epoch*perEpoch+s) / float64(l.Epochs*perEpoch)
			lr := l.LR * (1 + math.Cos(math.Pi*done)) / 2
			_, gradient := p.loss(params, order[s*batch:(s+1)*batch])
			for j, g := range gradient {
				velocity[j] = l.Momentum*velocity[j] + g + l.WeightDecay*params[j]
				params[j] -= lr * velocity[j]
			}
		}
	}
	return params
}

func TestProbeAgreesWithLoops(t *testing.T) {
	p := blobs(3, 30, 4, 3, 1).mapped(func(x float64) float64 { return 20 - 3*x })
	for _, d := range []*device.Device{testkit.Any(t), testkit.Open(t, device.Go)} {
		for name, l := range map[string]Linear{
			"one step":           {Epochs: 1, Batch: 30, LR: 0.5},
			"three of 8, 6 left": {Epochs: 1, Batch: 8, LR: 0.5, Momentum: 0.9, Seed: 7},
			"many":               {Epochs: 4, Batch: 8, LR: 0.3, Momentum: 0.8, WeightDecay: 0.05, Seed: 1 << 63},
			"batch too large":    {Epochs: 3, Batch: 1000, LR: 0.5, Momentum: 0.9},
		} {
			got := testkit.Values(t, fitted(t, d, l, p).params)
			testkit.NearNorm(t, string(d.Kind)+": "+name, got, p.descend(l), 1e-5)
		}
	}
}

// The loss of a probe must come near the least one there is, which a long
// descent along the whole gradient finds.
func TestProbeFindsTheOptimum(t *testing.T) {
	p := blobs(4, 240, 3, 3, 1)
	l := Linear{Epochs: 200, Batch: 40, LR: 0.1, Momentum: 0.9}
	params := testkit.Values(t, fitted(t, testkit.Any(t), l, p).params)

	all := make([]int32, len(p.labels))
	for i := range all {
		all[i] = int32(i)
	}
	p = p.standardized()
	best := make([]float64, len(params))
	for range 4000 {
		_, gradient := p.loss(best, all)
		for j, g := range gradient {
			best[j] -= 0.5 * g
		}
	}
	least, gradient := p.loss(best, all)
	if testkit.Norm(gradient) > 1e-6 {
		t.Fatalf("gradient %g after the long descent", testkit.Norm(gradient))
	}
	got, _ := p.loss(params, all)
	if got > least+1e-3 || got < least-1e-6 {
		t.Errorf("loss %g, want the least one, %g", got, least)
	}
}

func TestOrderOfImages(t *testing.T) {
	l := Linear{Epochs: 2, Batch: 8, LR: 1}
	first, second := l.order(0, 30), l.order(1, 30)
	if slices.Equal(first, second) {
		t.Error("two epochs have the same order")
	}
	for _, order := range [][]int32{first, second} {
		sorted := slices.Compact(slices.Sorted(slices.Values(order)))
		if len(order) != 24 || len(sorted) != 24 || sorted[0] < 0 || sorted[23] > 29 {
			t.Errorf("order %v, want 24 different images of 30", order)
		}
	}
}

func TestRatesFallToZero(t *testing.T) {
	l := Linear{Epochs: 2, Batch: 8, LR: 0.5}
	got := slices.Concat(l.rates(0, 30), l.rates(1, 30))
	half := math.Sqrt(3) / 2
	want := []float64{0.5, 0.25 * (1 + half), 0.375, 0.25, 0.125, 0.25 * (1 - half)}
	wide := make([]float64, len(got))
	for i, r := range got {
		wide[i] = float64(r)
	}
	testkit.Within(t, "rates", wide, want, 1e-7)
}
