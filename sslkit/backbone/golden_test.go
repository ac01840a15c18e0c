package backbone

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

// goldenNets says which network the reference cases are of whose name starts
// with the prefix.
var goldenNets = []struct {
	prefix string
	net    ResNet
}{
	{"cifar_", ResNet18()},
	{"imagenette_", ResNet18Large()},
}

type goldenCase struct {
	Width, Batch, Image int
	BNInit              string `json:"bn_init"`
	BNSplits            int    `json:"bn_splits"`
	Tensors, Parameters int
	EvalFresh           features `json:"eval_fresh"`
	Train               features
	EvalAfter           features `json:"eval_after_one_training_forward"`
	Loss                float64  `json:"loss_sum_squares"`
	Grad                struct {
		FirstConv []float64      `json:"first_conv_values"`
		Index     []int          `json:"first_conv_index_oihw"`
		Norms     orderedNumbers `json:"norm_per_tensor"`
	}
	Running struct {
		FirstMean []float64 `json:"first_mean"`
		FirstVar  []float64 `json:"first_var"`
		LastMean  []float64 `json:"last_mean"`
		LastVar   []float64 `json:"last_var"`
		SumMean   float64   `json:"sum_mean"`
		SumVar    float64   `json:"sum_var"`
	}
	TorchF32 struct {
		Features  float64 `json:"features_rel_err"`
		FirstConv float64 `json:"first_conv_grad_rel_err"`
	} `json:"torch_f32"`
}

type features struct {
	First []float64 `json:"image0"`
	Last  []float64 `json:"last_image_0..3"`
	Means []float64 `json:"mean_per_image"`
	Stds  []float64 `json:"std_per_image"`
}

func TestGolden(t *testing.T) {
	for _, golden := range testkit.Cases(t, "backbone") {
		t.Run(golden.File+"/"+golden.Name, func(t *testing.T) {
			var c goldenCase
			golden.Decode(t, &c)
			for _, g := range goldenNets {
				if strings.HasPrefix(golden.Name, g.prefix) {
					net := g.net
					net.Width, net.Splits = c.Width, max(c.BNSplits, 1)
					checkNet(t, c, net)
					return
				}
			}
			t.Fatal("the test does not know the backbone")
		})
	}
}

func checkNet(t *testing.T, c goldenCase, net ResNet) {
	if c.Width > 8 && c.BNInit == "random" {
		testkit.Long(t)
	}
	t.Run("f32", func(t *testing.T) {
		if testing.Short() && (c.Width > 8 || net.LargeStem) {
			t.Skip("needs XLA, which -short leaves out: the pure-Go backend is slow, and has no gradient of max pooling")
		}
		gradient := 1e-3
		if c.BNInit == "random" {
			// There a unit lies within rounding of 0: on the other side of the
			// kink of its ReLU it moves gradients by a per cent.
			gradient = 0.02
		}
		checkPasses(t, c, net, device.F32,
			math.Max(1e-4, 10*c.TorchF32.Features), math.Max(gradient, 10*c.TorchF32.FirstConv))
	})
	t.Run("f64", func(t *testing.T) {
		if testing.Short() {
			t.Skip("float64 needs XLA, which -short leaves out")
		}
		checkPasses(t, c, net, device.F64, 1e-9, 1e-9)
	})
}

// checkPasses compares a fresh network in evaluation, a training pass with its
// gradients and statistics, and an evaluation after it.
func checkPasses(t *testing.T, c goldenCase, net nn.Net, precision device.Precision, forward, gradient float64) {
	x := testkit.Pictures(0, c.Batch, c.Image)
	m := testkit.NewModel(t, testkit.Any(t), nn.Mode{Precision: precision}, func(scope *nn.Scope, inputs []*graph.Node) *graph.Node {
		return net.Forward(scope, inputs[0])
	}, x)
	m.Params = testkit.Weights(m.Vars.Params(), testkit.Norms(c.BNInit == "random"))
	if len(m.Vars.Params()) != c.Tensors || len(m.Params) != c.Parameters {
		t.Fatalf("%d tensors of %d parameters, want %d of %d", len(m.Vars.Params()), len(m.Params), c.Tensors, c.Parameters)
	}
	c.EvalFresh.check(t, "fresh", m.Pass(t, false, nil, x).Y, c.Batch, forward)

	train := m.Pass(t, true, testkit.SumSquares, x)
	c.Train.check(t, "training", train.Y, c.Batch, forward)
	squares := testkit.Norm(train.Y)
	testkit.NearScalar(t, "Σ features²", squares*squares, c.Loss, 2*forward)
	c.checkGradients(t, m, train.DParams, gradient)
	m.Buffers = train.Buffers
	c.checkRunning(t, m, forward)

	c.EvalAfter.check(t, "after training", m.Pass(t, false, nil, x).Y, c.Batch, forward)
}

func (want features) check(t *testing.T, when string, got []float64, batch int, tolerance float64) {
	t.Helper()
	size := len(got) / batch
	testkit.NearNorm(t, when+": features of image 0", got[:size], want.First, tolerance)
	testkit.NearNorm(t, when+": features of the last image", got[(batch-1)*size:][:len(want.Last)], want.Last, tolerance)
	var means, stds []float64
	for image := range batch {
		mean, square := 0.0, 0.0
		for _, v := range got[image*size : (image+1)*size] {
			mean += v / float64(size)
			square += v * v / float64(size)
		}
		means = append(means, mean)
		stds = append(stds, math.Sqrt(square-mean*mean))
	}
	testkit.Near(t, when+": mean per image", means, want.Means, tolerance)
	testkit.Near(t, when+": deviation per image", stds, want.Stds, tolerance)
}

func (c goldenCase) checkGradients(t *testing.T, m *testkit.Model, gradient []float64, tolerance float64) {
	t.Helper()
	if len(c.Grad.Norms) != len(m.Vars.Params()) {
		t.Fatalf("%d gradient norms, want %d", len(m.Vars.Params()), len(c.Grad.Norms))
	}
	for n, v := range m.Vars.Params() {
		want := c.Grad.Norms[n]
		norm := testkit.Norm(gradient[v.Offset : v.Offset+v.Size()])
		testkit.NearScalar(t, "gradient norm of "+v.Path+" ("+want.name+")", norm, want.value, tolerance)
	}
	first := m.Vars.Params()[0]
	kernel, in, out := first.Dims[0], first.Dims[2], first.Dims[3]
	var got []float64
	for _, at := range c.Grad.Index { // counted over [out, in, height, width]
		o, i, place := at/(in*kernel*kernel), at/(kernel*kernel)%in, at%(kernel*kernel)
		got = append(got, gradient[(place*in+i)*out+o])
	}
	testkit.NearNorm(t, "gradient of the first convolution", got, c.Grad.FirstConv, tolerance)
}

func (c goldenCase) checkRunning(t *testing.T, m *testkit.Model, tolerance float64) {
	t.Helper()
	var means, variances [][]float64
	sumMean, sumVar := 0.0, 0.0
	for _, v := range m.Vars.Buffers() {
		values := m.Buffers[v.Offset : v.Offset+v.Size()]
		list, sum := &means, &sumMean
		if strings.HasSuffix(v.Path, "running_var") {
			list, sum = &variances, &sumVar
		}
		*list = append(*list, values)
		for _, x := range values {
			*sum += x
		}
	}
	last := len(means) - 1
	near := func(what string, got, want []float64) {
		t.Helper()
		testkit.Near(t, what, got[:len(want)], want, tolerance)
	}
	near("first running mean", means[0], c.Running.FirstMean)
	near("first running variance", variances[0], c.Running.FirstVar)
	near("last running mean", means[last], c.Running.LastMean)
	near("last running variance", variances[last], c.Running.LastVar)
	testkit.NearScalar(t, "sum of running means", sumMean, c.Running.SumMean, tolerance)
	testkit.NearScalar(t, "sum of running variances", sumVar, c.Running.SumVar, tolerance)
}
