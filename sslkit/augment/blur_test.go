package augment

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/op"
)

type goldenProbes struct {
	Probes struct {
		Cases []struct {
			Sigma  float64
			Edge   []float64 `json:"float_edge_row_columns_12..27"`
			Kernel []float64 `json:"kernel_-8..8"`
		}
	} `json:"blur_probes"`
}

// TestGoldenBlurProbes blurs an edge and a single bright pixel.
func TestGoldenBlurProbes(t *testing.T) {
	const side, middle = 41, 20
	edge, impulse := make([]float64, side*side*3), make([]float64, side*side*3)
	for at := range edge {
		if at/3%side >= middle {
			edge[at] = 1
		}
	}
	for c := range 3 {
		impulse[(middle*side+middle)*3+c] = 1
	}
	for file, golden := range testkit.Golden[goldenProbes](t, "augment") {
		for _, c := range golden.Probes.Cases {
			t.Run(fmt.Sprintf("%s/%g", file, c.Sigma), func(t *testing.T) {
				out := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
					sigma := graph.Const(in[0].Graph(), []float64{c.Sigma, c.Sigma})
					return []*graph.Node{bytes(planesOf(in[0]).blur(sigma, goldenRadius)), gaussian(sigma, goldenRadius)}
				}, testkit.Tensor(dtypes.Float64, append(edge, impulse...), 2, side, side, 3))
				kernel := out[1][:2*goldenRadius+1]
				testkit.Within(t, "kernel", kernel, c.Kernel, 1e-10)
				pixel := func(image, row, column int) float64 { return out[0][((image*side+row)*side+column)*3] }
				for i, want := range c.Edge {
					if got := pixel(0, middle, 12+i); math.Abs(got-want) > 1e-4 { // the file has four decimals
						t.Errorf("edge, column %d: %g, want %g", 12+i, got, want)
					}
				}
				for y, a := range c.Kernel {
					for x, b := range c.Kernel {
						if got, want := pixel(1, middle-goldenRadius+y, middle-goldenRadius+x), 255*a*b; math.Abs(got-want) > 1e-8 {
							t.Fatalf("impulse, row %d, column %d: %g, want %g", y, x, got, want)
						}
					}
				}
			})
		}
	}
}

// TestBlurWeights checks that weights are not negative and have sum 1, also
// where the blur reaches further than the image.
func TestBlurWeights(t *testing.T) {
	sigmas := []float64{0, 1e-30, 0.1, 0.5, 2, 7, 100}
	for _, radius := range []int{0, 1, 8, 28} {
		for _, size := range []int{1, 2, 5, 40} {
			w := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
				return []*graph.Node{extended(gaussian(in[0], radius), size)}
			}, testkit.Tensor(dtypes.Float32, sigmas, len(sigmas)))[0]
			for row := range len(sigmas) * size {
				sum := 0.0
				for _, v := range w[row*size : (row+1)*size] {
					if !(v >= 0) {
						t.Fatalf("radius %d, size %d, row %d: weight %g", radius, size, row, v)
					}
					sum += v
				}
				if math.Abs(sum-1) > 1e-6 {
					t.Errorf("radius %d, size %d, row %d: sum %g", radius, size, row, sum)
				}
			}
		}
	}
}

func TestBlurKeepsConstantImages(t *testing.T) {
	const batch, side = 5, 20
	var pixels []uint8
	for i := range batch {
		for range side * side {
			pixels = append(pixels, uint8(40*i), uint8(255-40*i), 77)
		}
	}
	images := tensors.FromFlatDataAndDimensions(pixels, batch, side, side, 3)
	want := testkit.Values(t, images)
	for i := range want {
		want[i] /= 255
	}
	testkit.Within(t, "View", views(t, testkit.Any(t), still(side).Blurred(1), 3, images), want, 1e-6)
	testkit.Within(t, "View, blur of 2021", views(t, testkit.Any(t), still(side).Blurred2021(1), 3, images), want, 1e-6)
}

// TestBlurOfNoWidth checks that the other operations draw the same numbers with
// blur and without, and that a σ near 0 changes nothing.
func TestBlurOfNoWidth(t *testing.T) {
	images := noise(8, 20)
	p := SimCLR(16)
	want := views(t, testkit.Any(t), p, 5, images)
	p.BlurP, p.BlurSigma = 1, [2]float64{0, 1e-9}
	testkit.Within(t, "View", views(t, testkit.Any(t), p, 5, images), want, 1e-5)
}

// TestSolarizeTwice: what was bright is dark after the first time, so that the
// second changes nothing.
func TestSolarizeTwice(t *testing.T) {
	images := noise(3, 16)
	out := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		where := graph.Const(in[0].Graph(), []bool{true, false, true})
		once := planesOf(unit(in[0], dtypes.Float32)).solarize(where)
		twice := once.solarize(where)
		return []*graph.Node{bytes(once), bytes(twice)}
	}, images)
	if !cmp.Equal(out[0], out[1]) {
		t.Error("the second time changed the images")
	}
	want, n := testkit.Values(t, images), len(out[0])/3
	for i, v := range want {
		if i/n != 1 && v >= 128 {
			want[i] = 255 - v
		}
	}
	testkit.Within(t, "solarized once", out[0], want, 1e-4)
}

// TestBlurDraws counts how often blur and solarize happen, and compares the
// distribution of σ with its definition.
func TestBlurDraws(t *testing.T) {
	const n = 20_000
	draw := func(p Policy) (sigma, solar []float64) {
		out := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
			c := p.draw(in[:1], Whole(in[1]))
			return []*graph.Node{c.sigma, graph.ConvertDType(c.solar, dtypes.Float32)}
		}, tensors.FromValue(op.Key(7)), tensors.FromFlatDataAndDimensions(make([]uint8, n*3), n, 1, 1, 3))
		return out[0], out[1]
	}
	binomial := func(what string, count int, p float64, of int) {
		t.Helper()
		if z := (float64(count) - p*float64(of)) / math.Sqrt(p*(1-p)*float64(of)); !(math.Abs(z) < 4) {
			t.Errorf("%s: %d of %d, want a share of %g (z = %.1f)", what, count, of, p, z)
		}
	}
	p := SimCLR(128).Blurred(0.3)
	p.SolarizeP = 0.2
	sigma, solar := draw(p)
	var drawn []float64
	both := 0
	for i, s := range sigma {
		if s > 0 {
			drawn = append(drawn, s)
			if solar[i] > 0 {
				both++
			}
			if s < 0.1-1e-6 || s > 2+1e-6 {
				t.Fatalf("σ is %g, want one from 0.1 to 2", s)
			}
		}
	}
	binomial("blurs", len(drawn), 0.3, n)
	binomial("solarized", int(math.Round(average(solar)*n)), 0.2, n)
	binomial("both", both, 0.3*0.2, n)
	if z := (average(drawn) - 1.05) / (1.9 / math.Sqrt(12*float64(len(drawn)))); !(math.Abs(z) < 4) {
		t.Errorf("mean σ %g, want 1.05 (z = %.1f)", average(drawn), z)
	}

	// Half a size of N(12.8, 2.56) is less than 6 with Φ(−0.3125), 7 or more with 1 − Φ(0.46875).
	p = SimCLR(128).Blurred2021(0.5)
	p.SolarizeP = 0.2
	counts := map[float64]int{}
	sigma, _ = draw(p)
	for _, s := range sigma {
		counts[s]++
	}
	for s, share := range map[float64]float64{0: 0.5, 5: 0.37733 / 2, 6: 0.30305 / 2, 7: 0.31963 / 2} {
		binomial(fmt.Sprintf("σ = %g", s), counts[s], share, n)
	}
	if len(counts) != 4 {
		t.Errorf("values of σ: %v, want 0, 5, 6 and 7", counts)
	}
}

// TestSolarizeFirst compares both orders of blur and solarize, which differ, with
// the operations one after the other.
func TestSolarizeFirst(t *testing.T) {
	p := VICReg(12)
	out := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		c := choices{sigma: graph.Const(in[0].Graph(), []float64{1, 1.5}), solar: graph.Const(in[0].Graph(), []bool{true, true})}
		var views []*graph.Node
		for _, p.SolarizeFirst = range []bool{true, false} {
			views = append(views, p.finish(planesOf(in[0]), c))
		}
		blur := func(x planes) planes { return x.blur(c.sigma, p.blurRadius()) }
		first := p.normalise(blur(planesOf(in[0]).solarize(c.solar)))
		last := p.normalise(blur(planesOf(in[0])).solarize(c.solar))
		return append(views, first, last)
	}, testkit.Tensor(dtypes.Float64, testkit.PicturesFrom(7, 0, 2, 12).Data, 2, 12, 12, 3))
	testkit.Near(t, "solarize first", out[0], out[2], 1e-12)
	testkit.Near(t, "blur first", out[1], out[3], 1e-12)
	if cmp.Equal(out[0], out[1]) {
		t.Error("the order makes no difference")
	}
}
