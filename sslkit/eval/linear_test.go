package eval

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// quick is a probe for a few hundred points.
var quick = Linear{Epochs: 30, Batch: 32, LR: 0.1, Momentum: 0.9}

// fitted returns a probe that was fitted to points, freed when the test ends.
func fitted(t *testing.T, d *device.Device, l Linear, p points) *Probe {
	t.Helper()
	probe := newProbe(t, d, l, p.classes)
	probe.refit(t, p)
	return probe
}

func (p *Probe) refit(t *testing.T, to points) {
	t.Helper()
	if err := p.Fit(t.Context(), to.tensor(), to.labelTensor()); err != nil {
		t.Fatal(err)
	}
}

func newProbe(t *testing.T, d *device.Device, l Linear, classes int) *Probe {
	t.Helper()
	probe, err := l.NewProbe(d, classes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(probe.Free)
	return probe
}

// accuracy is the probe's part of right answers.
func (p *Probe) accuracy(t *testing.T, of points) float64 {
	t.Helper()
	classes, err := p.Predict(t.Context(), of.tensor())
	if err != nil {
		t.Fatal(err)
	}
	return Accuracy(classes, of.labels)
}

func TestProbeTellsBlobsApart(t *testing.T) {
	const distance = 8 // in standard deviations
	probe := fitted(t, testkit.Any(t), quick, blobs(1, 300, 5, 3, distance))
	if got := probe.accuracy(t, blobs(2, 100, 5, 3, distance)); got != 1 {
		t.Errorf("accuracy %g on points it was not fitted to, want 1", got)
	}
}

func TestProbeOfRandomLabelsIsChance(t *testing.T) {
	const classes = 4
	probe := fitted(t, testkit.Any(t), quick, blobs(1, 400, 5, classes, 0))
	// Five standard deviations of the mean of 2,000 guesses are 0.05.
	if got := probe.accuracy(t, blobs(2, 2000, 5, classes, 0)); math.Abs(got-1.0/classes) > 0.05 {
		t.Errorf("accuracy %g, want about %g", got, 1.0/classes)
	}
}

func TestProbeForgetsScaleAndShift(t *testing.T) {
	train, test := blobs(1, 300, 5, 3, 1.5), blobs(2, 500, 5, 3, 1.5)
	probe := fitted(t, testkit.Any(t), quick, train)
	want := probe.accuracy(t, test)
	if want < 0.6 || want > 0.95 {
		t.Fatalf("accuracy %g: the blobs should overlap", want)
	}
	for _, c := range []struct{ scale, shift float64 }{{1000, 0}, {1, 100}, {1e-6, 0.001}, {1000, -50_000}} {
		change := func(x float64) float64 { return c.scale*x + c.shift }
		probe.refit(t, train.mapped(change))
		if got := probe.accuracy(t, test.mapped(change)); math.Abs(got-want) > 0.005 {
			t.Errorf("accuracy %g of features ·%g + %g, want %g", got, c.scale, c.shift, want)
		}
	}
}

func TestProbeIgnoresConstantFeatures(t *testing.T) {
	d := testkit.Any(t)
	train, test := blobs(1, 300, 4, 3, 1.5), blobs(2, 500, 4, 3, 1.5)
	want := fitted(t, d, quick, train).accuracy(t, test)
	probe := newProbe(t, d, quick, train.classes)
	for _, constant := range []float64{0, 1234.1, -1e-5, 1e20} {
		// The same but for float32's rounding.
		probe.refit(t, train.with(func(i int) float64 { return constant * (1 + 1e-7*float64(i%2)) }))
		// It may vary in the points to classify.
		got := probe.accuracy(t, test.with(func(i int) float64 { return constant + float64(i) }))
		if math.Abs(got-want) > 0.005 {
			t.Errorf("accuracy %g with a feature that is always %g, want %g", got, constant, want)
		}
		weights := testkit.Values(t, probe.params)[4*3 : 5*3]
		testkit.Within(t, "weights of the constant feature", weights, make([]float64, 3), 0)
	}
}

func TestProbeIsReproducible(t *testing.T) {
	d, train := testkit.Any(t), blobs(1, 300, 5, 3, 1.5)
	probe := fitted(t, d, quick, train)
	first := testkit.Values(t, probe.params)
	probe.refit(t, train)
	if !slices.Equal(first, testkit.Values(t, probe.params)) {
		t.Error("a second fit gives other weights")
	}
	if !slices.Equal(first, testkit.Values(t, fitted(t, d, quick, train).params)) {
		t.Error("a second probe gives other weights")
	}
	other := quick
	other.Seed = 1
	if slices.Equal(first, testkit.Values(t, fitted(t, d, other, train).params)) {
		t.Error("another seed gives the same weights")
	}
}

func TestProbeStopsWithItsContext(t *testing.T) {
	d, train := testkit.Any(t), blobs(1, 300, 5, 3, 8)
	probe := fitted(t, d, quick, train)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := probe.Predict(ctx, train.tensor()); !errors.Is(err, context.Canceled) {
		t.Errorf("Predict: %v, want context.Canceled", err)
	}
	if err := probe.Fit(ctx, train.tensor(), train.labelTensor()); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "before epoch 1") {
		t.Errorf("Fit: %v, want context.Canceled before epoch 1", err)
	}
	if _, err := probe.Predict(t.Context(), train.tensor()); err == nil || !strings.Contains(err.Error(), "not fitted") {
		t.Errorf("Predict after a cancelled Fit: %v", err)
	}
}

func TestFitReportsBadData(t *testing.T) {
	d, good := testkit.Any(t), blobs(1, 20, 4, 3, 1)
	labels := func(values ...int32) *tensors.Tensor { return tensors.FromFlatDataAndDimensions(values, len(values)) }
	holding := func(v float64) *tensors.Tensor {
		p := good.mapped(func(x float64) float64 { return x })
		p.features[5*4+2] = v
		return p.tensor()
	}
	for _, c := range []struct {
		name             string
		features, labels *tensors.Tensor
		want             string
	}{
		{"NaN", holding(math.NaN()), good.labelTensor(), "feature 2 of some image is not a finite number"},
		{"infinity", holding(math.Inf(-1)), good.labelTensor(), "feature 2 of some image is not a finite number"},
		{"too few labels", good.tensor(), labels(0, 1, 2), "labels (Int32)[3] for features of 20 images, want [20] int32"},
		{"labels of a wrong type", good.tensor(), testkit.Tensor(dtypes.Float32, make([]float64, 20), 20), "want [20] int32"},
		{"label too large", good.tensor(), labels(append(make([]int32, 19), 3)...), "label 3 of image 19, want one of 0 to 2"},
		{"negative label", good.tensor(), labels(append([]int32{-1}, make([]int32, 19)...)...), "label -1 of image 0"},
		{"flat features", testkit.Tensor(dtypes.Float32, make([]float64, 20), 20), good.labelTensor(), "want [n, dim]"},
		{"integer features", labels(make([]int32, 20)...), good.labelTensor(), "floating-point"},
	} {
		err := newProbe(t, d, quick, 3).Fit(t.Context(), c.features, c.labels)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "eval: Linear: ") {
			t.Errorf("%s: error %v, want one about %q", c.name, err, c.want)
		}
	}
}

func TestPredictReportsBadFeatures(t *testing.T) {
	d, train := testkit.Any(t), blobs(1, 60, 4, 3, 8)
	train = train.with(func(int) float64 { return 1 })
	probe := fitted(t, d, quick, train)
	for name, c := range map[string]struct {
		column int
		value  float64
	}{"NaN": {1, math.NaN()}, "infinity": {0, math.Inf(1)}, "NaN in a constant feature": {4, math.NaN()}} {
		bad := train.mapped(func(x float64) float64 { return x })
		bad.features[7*5+c.column] = c.value
		_, err := probe.Predict(t.Context(), bad.tensor())
		if err == nil || !strings.Contains(err.Error(), "a feature of image 7 is not a finite number") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	_, err := probe.Predict(t.Context(), blobs(1, 10, 3, 3, 1).tensor())
	if err == nil || !strings.Contains(err.Error(), "3 features an image, want 5") {
		t.Errorf("other dim: error %v", err)
	}
}

func TestFitReportsDivergence(t *testing.T) {
	l := quick
	l.LR, l.WeightDecay = 1e3, 1
	p := blobs(1, 100, 4, 3, 1)
	err := newProbe(t, testkit.Any(t), l, p.classes).Fit(t.Context(), p.tensor(), p.labelTensor())
	if err == nil || !strings.Contains(err.Error(), "lr 1000 is too high") {
		t.Errorf("error %v", err)
	}
}

func TestLinearValidate(t *testing.T) {
	for _, l := range []Linear{{}, quick, DefaultLinear()} {
		if err := l.Validate(); err != nil {
			t.Error(err)
		}
	}
	for want, change := range map[string]func(*Linear){
		"epochs -1":                        func(l *Linear) { l.Epochs = -1 },
		"batch 0":                          func(l *Linear) { l.Batch = 0 },
		"lr 0":                             func(l *Linear) { l.LR = 0 },
		"lr NaN":                           func(l *Linear) { l.LR = math.NaN() },
		"lr +Inf":                          func(l *Linear) { l.LR = math.Inf(1) },
		"momentum 1":                       func(l *Linear) { l.Momentum = 1 },
		"weight_decay":                     func(l *Linear) { l.WeightDecay = -1 },
		"view: augment: policy: size is 0": func(l *Linear) { l.View.FlipP = 1 },
	} {
		l := quick
		change(&l)
		if err := l.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one about %s", err, want)
		}
	}
	if (Linear{}).On() || !quick.On() {
		t.Error("a probe is on if it has epochs")
	}
}

func TestNewProbeWantsAProbe(t *testing.T) {
	d := testkit.Any(t)
	for _, c := range []struct {
		linear  Linear
		classes int
		want    string
	}{{Linear{}, 10, "epochs 0"}, {Linear{Epochs: 1}, 10, "batch 0"}, {quick, 1, "1 classes"}} {
		if _, err := c.linear.NewProbe(d, c.classes); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one about %s", err, c.want)
		}
	}
}

func TestLinearAsJSON(t *testing.T) {
	text, err := json.Marshal(DefaultLinear())
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"epochs":100,"batch":256,"lr":0.1,"momentum":0.9,"weight_decay":0,"seed":0}`; string(text) != want {
		t.Errorf("%s, want %s", text, want)
	}
}

// drawnPoints are points that differ from epoch to epoch, by a formula, and their labels.
func drawnPoints(epoch int) points {
	p := points{dim: 4, classes: 3}
	for i := range 24 {
		label := i % p.classes
		p.labels = append(p.labels, int32(label))
		for d := range p.dim {
			x := 1.5*math.Sin(float64(label*p.dim+d+1)) + math.Sin(float64((i+1)*(d+1))*0.7+float64(i)+2.5*float64(epoch)) + float64(10*d)
			p.features = append(p.features, float64(float32(x)))
		}
	}
	return p
}

// The weights are those of PyTorch's SGD and CosineAnnealingLR in float64, with all points
// in one step, standardised as those of the first epoch are.
func TestDrawnProbeAgreesWithPyTorch(t *testing.T) {
	want := []float64{
		0.621443781, -0.827873, 0.206429219,
		0.838165882, -0.262441343, -0.575724539,
		0.228664923, 0.548338671, -0.777003594,
		-0.487742797, 0.869301509, -0.381558712,
		0.00408089177, -0.0316696707, 0.027588779,
	}
	l := Linear{Epochs: 5, Batch: 24, LR: 0.5, Momentum: 0.9, WeightDecay: 0.01}
	probe := newProbe(t, testkit.Any(t), l, 3)
	var drawn []int
	err := probe.FitDrawn(t.Context(), drawnPoints(0).labelTensor(), func(epoch int) (*tensors.Tensor, error) {
		drawn = append(drawn, epoch)
		return drawnPoints(epoch).tensor(), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	testkit.NearNorm(t, "weights", testkit.Values(t, probe.params), want, 1e-5)
	if !slices.Equal(drawn, []int{0, 1, 2, 3, 4}) {
		t.Errorf("features were drawn for the epochs %v", drawn)
	}
}

func TestDrawnProbeReportsBadData(t *testing.T) {
	d, l := testkit.Any(t), Linear{Epochs: 2, Batch: 8, LR: 0.1}
	probe, labels := newProbe(t, d, l, 3), drawnPoints(0).labelTensor()
	failing := errors.New("no power")
	for _, c := range []struct {
		want string
		draw func(epoch int) (*tensors.Tensor, error)
	}{
		{"epoch 2: no power", func(epoch int) (*tensors.Tensor, error) {
			if epoch == 1 {
				return nil, failing
			}
			return drawnPoints(epoch).tensor(), nil
		}},
		{"epoch 2: 5 features an image, want 4 as in the first", func(epoch int) (*tensors.Tensor, error) {
			p := drawnPoints(epoch)
			if epoch == 1 {
				p = p.with(func(int) float64 { return 0 })
			}
			return p.tensor(), nil
		}},
		{"labels (Int32)[24] for features of 20 images", func(int) (*tensors.Tensor, error) {
			return blobs(1, 20, 4, 3, 1).tensor(), nil
		}},
	} {
		if err := probe.FitDrawn(t.Context(), labels, c.draw); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
		if _, err := probe.Predict(t.Context(), drawnPoints(0).tensor()); err == nil || !strings.Contains(err.Error(), "not fitted") {
			t.Errorf("Predict after an error: %v", err)
		}
	}
	l.View = augment.SimCLR(32).CropAndFlip()
	viewed := newProbe(t, d, l, 3)
	if err := viewed.Fit(t.Context(), drawnPoints(0).tensor(), labels); err == nil || !strings.Contains(err.Error(), "want a probe without a view") {
		t.Errorf("features of one time for a probe with a view: %v", err)
	}
}
