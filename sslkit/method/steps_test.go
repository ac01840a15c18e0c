package method_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/schedule"
)

// goldenMethods makes the method of a reference case. Recipes are named after
// their data set and the year of their numbers ("head" is today).
var goldenMethods = map[string]func(c stepCase) method.Method{
	"MoCo": func(c stepCase) method.Method {
		return method.MoCo{Projector: c.projector(), Temperature: 0.1, Queue: c.Sizes.Bank,
			Momentum: schedule.Constant(0.99), Moves: c.moves(), Enqueue: method.EnqueueBetween}
	},
	"SimCLR": func(c stepCase) method.Method {
		return method.SimCLR{Projector: c.projector(), Temperature: 0.5}
	},
	"SimSiam": func(c stepCase) method.Method {
		return method.SimSiam{Projector: c.projector(), Predictor: c.predictor()}
	},
	"BarlowTwins": func(c stepCase) method.Method {
		return method.BarlowTwins{Projector: c.projector(), Lambda: 0.005, Unbiased: !c.isHead()}
	},
	"BYOL": func(c stepCase) method.Method {
		momentum := 0.99
		if c.moves() == 2 {
			momentum = 0.9
		}
		return method.BYOL{Projector: c.projector(), Predictor: c.predictor(), Momentum: schedule.Constant(momentum), Moves: c.moves()}
	},
	"DCL": func(c stepCase) method.Method {
		return method.DCL{Projector: c.projector(), Temperature: 0.1, Separate: !c.isHead()}
	},
	"NNCLR": func(c stepCase) method.Method {
		return method.NNCLR{Projector: c.projector(), Predictor: c.predictor(), Temperature: 0.5, Queue: c.Sizes.Bank}
	},
	"FastSiam": func(c stepCase) method.Method {
		return method.FastSiam{Projector: c.projector(), Predictor: c.predictor(), Full: max(4, len(c.Pixels.Views))}
	},
	"DCLW": func(c stepCase) method.Method {
		return method.DCLW{Projector: c.projector(), Temperature: 0.1, Sigma: 0.5, Separate: !c.isHead()}
	},
}

func (c stepCase) isHead() bool { return strings.HasSuffix(c.Recipe, "_head") }

func (c stepCase) is2021() bool { return strings.HasSuffix(c.Recipe, "_2021") }

func (c stepCase) moves() int {
	if c.is2021() {
		return 2
	}
	return 1
}

func (c stepCase) projector() head.MLP {
	return mlp(c.Sizes.Head, c.Sizes.Hidden, c.Sizes.Out)
}

func (c stepCase) predictor() head.MLP {
	return mlp(c.Sizes.Pred, c.Sizes.PredHidden, c.Sizes.Out)
}

// mlp reads a head's description, such as "linear bn relu linear(bias)".
func mlp(text string, hidden, out int) head.MLP {
	text = strings.Replace(text, "(linear without bias)", "", 1)
	text = strings.Replace(text, "bn(no weight, no bias)", "plain", 1)
	layers := strings.Split(text, "relu")
	last := layers[len(layers)-1]
	m := head.MLP{
		Layers: len(layers), Hidden: hidden, Out: out, OutNorm: head.NoNorm,
		BatchNorm: strings.Contains(layers[0], "bn"),
		AllBiases: strings.Contains(layers[0], "(bias) bn"),
	}
	switch {
	case strings.Contains(last, "bn"):
		m.OutNorm = head.AffineNorm
	case strings.Contains(last, "plain"):
		m.OutNorm = head.PlainNorm
	}
	return m
}

// network is the case's backbone.
func (c stepCase) network() backbone.ResNet {
	r := backbone.ResNet18()
	if strings.HasPrefix(c.Recipe, "imagenette") {
		r = backbone.ResNet18Large()
		r.FinalConv = c.is2021()
	} else if c.Method == "MoCo" {
		r.Splits = 8
	}
	r.Width = c.Width
	return r
}

// TestGoldenSteps takes the reference steps: all of them in float64 with the
// views in one pass, and the first two in float32 with the views as the device
// has them, on a CPU in separate passes.
func TestGoldenSteps(t *testing.T) {
	if testing.Short() {
		t.Skip("whole runs need XLA, which -short leaves out")
	}
	for name, c := range stepCases(t) {
		t.Run(name, func(t *testing.T) {
			m := c.build(t)
			if err := m.Validate(c.network()); err != nil {
				t.Fatal(err)
			}
			t.Run("f32", func(t *testing.T) {
				if c.Width > 16 {
					testkit.Long(t)
				}
				checkFirstSteps(t, testkit.Any(t), m, c, 2)
			})
			t.Run("f64", func(t *testing.T) {
				if c.Width > 16 {
					testkit.Long(t)
				}
				checkWholeRun(t, m, c)
			})
		})
	}
}

// TestGoldenStepOnGoBackend takes the first step of one narrow network a method.
func TestGoldenStepOnGoBackend(t *testing.T) {
	done := map[string]bool{}
	for name, c := range stepCases(t) {
		if c.Width > 8 || done[c.Method] {
			continue
		}
		done[c.Method] = true
		t.Run(name, func(t *testing.T) {
			checkFirstSteps(t, testkit.Open(t, device.Go), c.build(t), c, 1)
		})
	}
}

// checkWholeRun compares all steps, and what they leave, in float64.
func checkWholeRun(t *testing.T, m method.Method, c stepCase) {
	const tolerance = 1e-8
	r := startRun(t, testkit.Any(t), nn.Mode{Precision: device.F64, JointViews: true}, m, c.network(), c)
	for step := range c.Loss {
		loss, gradient := r.step(t)
		testkit.NearScalar(t, at("loss", step), loss, c.Loss[step], tolerance)
		testkit.NearScalar(t, at("gradient norm", step), testkit.Norm(gradient), c.GradNorm[step], tolerance)
		testkit.NearScalar(t, at("parameter norm", step), testkit.Norm(r.params()), c.ParamNorm[step], tolerance)
		if step == 0 {
			testkit.Near(t, "gradient norms of step 0", r.tensorNorms(gradient), c.TensorGradNorm, tolerance)
			if c.TargetNorm != nil {
				testkit.NearScalar(t, "norm of the target", r.targetNorm("target/"), *c.TargetNorm, tolerance)
			}
		}
	}
	c.Statistics.check(t, "online", r.statistics("online/"), tolerance)
	last := lastTensor(r.vars.Params(), r.params(), "online/", len(c.LastTensor))
	testkit.Near(t, "last tensor", last, c.LastTensor, tolerance)
	c.checkTarget(t, r, tolerance)
	c.checkQueue(t, r, tolerance)

	features := r.features(t)
	size := len(features) / c.Batch
	mean, std := meanAndStd(features)
	testkit.Near(t, "features of image 0", features[:len(c.Features.First)], c.Features.First, tolerance)
	testkit.Near(t, "features of the last image", features[(c.Batch-1)*size:][:len(c.Features.Last)], c.Features.Last, tolerance)
	testkit.NearScalar(t, "mean of features", mean, c.Features.Mean, tolerance)
	testkit.NearScalar(t, "deviation of features", std, c.Features.Std, tolerance)
}

func (want statistics) check(t *testing.T, network string, got statistics, tolerance float64) {
	t.Helper()
	testkit.Near(t, network+": first running mean", got.FirstMean, want.FirstMean, tolerance)
	testkit.Near(t, network+": first running variance", got.FirstVar, want.FirstVar, tolerance)
	testkit.NearScalar(t, network+": sum of running means", got.SumMean, want.SumMean, tolerance)
	testkit.NearScalar(t, network+": sum of running variances", got.SumVar, want.SumVar, tolerance)
}

func (c stepCase) checkTarget(t *testing.T, r *run, tolerance float64) {
	t.Helper()
	if c.TargetNorm == nil {
		return
	}
	norms := []float64{r.targetNorm("target/backbone"), r.targetNorm("target/projector")}
	testkit.Near(t, "norms of the target", norms, c.TargetNorms, tolerance)
	last := lastTensor(r.vars.Buffers(), r.buffers(), "target/", len(c.TargetLastTensor))
	testkit.Near(t, "last tensor of the target", last, c.TargetLastTensor, tolerance)
	c.TargetStatistics.check(t, "target", r.statistics("target/"), tolerance)
}

func (c stepCase) checkQueue(t *testing.T, r *run, tolerance float64) {
	t.Helper()
	if c.QueuePosition == nil {
		return
	}
	position := testkit.Part(t, r.vars.Buffers(), r.buffers(), "queue_position")
	testkit.Near(t, "position in the queue", position, []float64{*c.QueuePosition}, 0)
	queue, sum := testkit.Part(t, r.vars.Buffers(), r.buffers(), "queue"), 0.0
	for _, v := range queue {
		sum += v
	}
	testkit.Near(t, "first key of the queue", queue[:len(c.QueueRow0)], c.QueueRow0, tolerance)
	testkit.Within(t, "sum of the queue", []float64{sum}, []float64{c.QueueSum}, tolerance*testkit.Norm(queue))
	if c.QueueNorm > 0 {
		testkit.NearScalar(t, "norm of the queue", testkit.Norm(queue), c.QueueNorm, tolerance)
	}
}

// checkFirstSteps compares losses and gradients in float32. Only steps 0 and 1
// can be compared: later, rounding has moved units across the kink of a ReLU.
func checkFirstSteps(t *testing.T, d *device.Device, m method.Method, c stepCase, steps int) {
	r := startRun(t, d, nn.Mode{Precision: device.F32, JointViews: d.JointViews()}, m, c.network(), c)
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
