package method_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
)

// goldenMethods says which method the reference steps of some recipes take.
var goldenMethods = []goldenMethod{
	{"SimCLR", []string{"cifar_head", "cifar_2023", "imagenette_head", "imagenette_2023"}, func(c stepCase) method.Method {
		return method.SimCLR{Projector: head.Projection{Hidden: c.Sizes.Hidden, Out: c.Sizes.Out, BatchNorm: true}, Temperature: 0.5}
	}},
	{"SimCLR", []string{"cifar_2021", "imagenette_2021"}, func(c stepCase) method.Method {
		return method.SimCLR{Projector: head.Projection{Hidden: c.Sizes.Hidden, Out: c.Sizes.Out}, Temperature: 0.5}
	}},
}

type goldenMethod struct {
	name    string
	recipes []string
	build   func(c stepCase) method.Method
}

// goldenBackbones says which backbone the recipes have.
var goldenBackbones = []struct {
	recipes []string
	build   func(c stepCase) nn.Net
}{
	{[]string{"cifar_head", "cifar_2023", "cifar_2021"}, func(c stepCase) nn.Net {
		network := backbone.ResNet18()
		network.Width = c.Width
		return network
	}},
}

// A stepCase is a few whole training steps of a method, as PyTorch takes them.
type stepCase struct {
	Recipe, Method      string
	Width, Image, Batch int
	LR                  float64
	Sizes               struct{ Hidden, Out int }
	Tensors, Parameters int
	Loss                []float64
	GradNorm            []float64  `json:"grad_norm"`
	ParamNorm           []float64  `json:"param_norm_after"`
	TensorGradNorm      []float64  `json:"step0_grad_norm_per_tensor"`
	Statistics          statistics `json:"bn_online"`
	LastTensor          []float64  `json:"online_last_tensor_0..3"`
	Features            struct {
		First     []float64 `json:"image0_0..7"`
		Last      []float64 `json:"last_image_0..3"`
		Mean, Std float64
	} `json:"eval_features_view0"`
	TorchF32 struct {
		Loss     []float64 `json:"loss_abs_err"`
		GradNorm []float64 `json:"grad_norm_rel_err"`
	} `json:"torch_f32"`
}

// statistics are those of all batch norms.
type statistics struct {
	FirstMean []float64 `json:"first_mean_0..3"`
	FirstVar  []float64 `json:"first_var_0..3"`
	SumMean   float64   `json:"sum_mean"`
	SumVar    float64   `json:"sum_var"`
}

// TestGoldenSteps takes the reference steps: all of them in float64 with the
// views in one pass, and the first two in float32 with the views in separate
// passes.
func TestGoldenSteps(t *testing.T) {
	if testing.Short() {
		t.Skip("whole runs need XLA, which -short leaves out")
	}
	for _, golden := range testkit.Cases(t, "steps") {
		t.Run(golden.File+"/"+golden.Name, func(t *testing.T) {
			var c stepCase
			golden.Decode(t, &c)
			m, network, missing := goldenRun(c)
			if missing != "" {
				t.Skip(missing)
			}
			t.Run("f32", func(t *testing.T) {
				checkFirstSteps(t, testkit.Any(t), m, network, c, 2)
			})
			t.Run("f64", func(t *testing.T) {
				if c.Width > 16 {
					testkit.Long(t)
				}
				checkWholeRun(t, m, network, c)
			})
		})
	}
}

// TestGoldenStepOnGoBackend takes the first step of one narrow network a method.
func TestGoldenStepOnGoBackend(t *testing.T) {
	done := map[string]bool{}
	for _, golden := range testkit.Cases(t, "steps") {
		var c stepCase
		golden.Decode(t, &c)
		m, network, missing := goldenRun(c)
		if missing != "" || c.Width > 8 || done[c.Method] {
			continue
		}
		done[c.Method] = true
		t.Run(golden.File+"/"+golden.Name, func(t *testing.T) {
			checkFirstSteps(t, testkit.Open(t, device.Go), m, network, c, 1)
		})
	}
}

// goldenRun is a case's method and backbone, or what is missing for it.
func goldenRun(c stepCase) (m method.Method, network nn.Net, missing string) {
	for _, g := range goldenMethods {
		if g.name == c.Method && slices.Contains(g.recipes, c.Recipe) {
			m = g.build(c)
		}
	}
	for _, g := range goldenBackbones {
		if slices.Contains(g.recipes, c.Recipe) {
			network = g.build(c)
		}
	}
	switch {
	case m == nil:
		missing = fmt.Sprintf("there is no method %s in the form of recipe %s yet", c.Method, c.Recipe)
	case network == nil:
		missing = fmt.Sprintf("there is no backbone of recipe %s yet", c.Recipe)
	}
	return m, network, missing
}

// checkWholeRun compares all steps, and what they leave, in float64.
func checkWholeRun(t *testing.T, m method.Method, network nn.Net, c stepCase) {
	const tolerance = 1e-8
	r := startRun(t, testkit.Any(t), nn.Mode{Precision: device.F64, JointViews: true}, m, network, c)
	for step := range c.Loss {
		loss, gradient := r.step(t)
		testkit.NearScalar(t, at("loss", step), loss, c.Loss[step], tolerance)
		testkit.NearScalar(t, at("gradient norm", step), testkit.Norm(gradient), c.GradNorm[step], tolerance)
		testkit.NearScalar(t, at("parameter norm", step), testkit.Norm(r.online(r.params())), c.ParamNorm[step], tolerance)
		if step == 0 {
			testkit.Near(t, "gradient norms of step 0", r.tensorNorms(gradient), c.TensorGradNorm, tolerance)
		}
	}
	got := r.statistics(t)
	testkit.Near(t, "first running mean", got.FirstMean, c.Statistics.FirstMean, tolerance)
	testkit.Near(t, "first running variance", got.FirstVar, c.Statistics.FirstVar, tolerance)
	testkit.NearScalar(t, "sum of running means", got.SumMean, c.Statistics.SumMean, tolerance)
	testkit.NearScalar(t, "sum of running variances", got.SumVar, c.Statistics.SumVar, tolerance)
	testkit.Near(t, "last tensor", r.lastTensor(len(c.LastTensor)), c.LastTensor, tolerance)

	features := r.features(t)
	size := len(features) / c.Batch
	mean, std := meanAndStd(features)
	testkit.Near(t, "features of image 0", features[:len(c.Features.First)], c.Features.First, tolerance)
	testkit.Near(t, "features of the last image", features[(c.Batch-1)*size:][:len(c.Features.Last)], c.Features.Last, tolerance)
	testkit.NearScalar(t, "mean of features", mean, c.Features.Mean, tolerance)
	testkit.NearScalar(t, "deviation of features", std, c.Features.Std, tolerance)
}

// checkFirstSteps compares losses and gradients in float32. Only steps 0 and 1
// can be compared: later, rounding has moved units across the kink of a ReLU.
func checkFirstSteps(t *testing.T, d *device.Device, m method.Method, network nn.Net, c stepCase, steps int) {
	r := startRun(t, d, nn.Mode{Precision: device.F32}, m, network, c)
	for step := range min(steps, len(c.Loss)) {
		least := 1e-4
		if step > 0 {
			least = 1e-3
		}
		loss, gradient := r.step(t)
		testkit.NearScalar(t, at("loss", step), loss, c.Loss[step],
			math.Max(least, 10*c.TorchF32.Loss[step]/math.Abs(c.Loss[step])))
		testkit.NearScalar(t, at("gradient norm", step), testkit.Norm(gradient), c.GradNorm[step],
			math.Max(1e-3, 10*c.TorchF32.GradNorm[step]))
	}
}
