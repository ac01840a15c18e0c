package train_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/schedule"
)

// MultiCrop finds the full view of an image that a target network sees by each
// other view of it, local ones among them, as DINO and SwAV do. It uses all that a
// step has: views of several sizes, the clock, random keys, meters.
type MultiCrop struct {
	Projector   head.MLP          `json:"projector"`
	Local       int               `json:"local"`
	Temperature schedule.Schedule `json:"temperature"`
	Momentum    schedule.Schedule `json:"momentum"`
}

var _ = method.Register(MultiCrop{})

func (m MultiCrop) Views() method.Crops { return method.Crops{Full: 2, Local: m.Local} }

func (m MultiCrop) Validate(net backbone.Backbone) error {
	if net.Features() < 2 {
		return fmt.Errorf("MultiCrop: a backbone of %d features, want at least 2", net.Features())
	}
	return m.Projector.Validate()
}

func (m MultiCrop) Loss(step method.Step) method.Output {
	clock := step.Scope.Clock()
	z := step.Projections(m.Projector, slices.Concat(step.Full, step.Local))
	targets := step.TargetProjections(m.Momentum.At(clock), m.Projector, step.Full)
	temperature := graph.ConvertDType(m.Temperature.At(clock), z[0].DType())
	noise := graph.ConvertDType(op.Uniform(step.Scope.Key(), z[0].Shape().Dimensions...), z[0].DType())
	sum := graph.ScalarZero(z[0].Graph(), z[0].DType())
	for i, target := range targets {
		target = op.Normalize(graph.Add(target, graph.MulScalar(noise, 0.01)))
		for j := range z {
			if j != i {
				logits := graph.Div(op.MatMulT(op.Normalize(z[j]), target), temperature) // [batch, batch]
				right := graph.ReduceSum(graph.Mul(logits, graph.DiagonalWithValue(graph.ScalarOne(z[0].Graph(), z[0].DType()), logits.Shape().Dimensions[0])), -1)
				sum = graph.Add(sum, graph.ReduceAllMean(graph.Sub(op.LogSumExp(logits), right)))
			}
		}
	}
	return method.Output{
		Loss: graph.MulScalar(sum, 1/float64(2*(len(z)-1))), Embedding: z[0],
		Meters: map[string]*graph.Node{
			"temperature":           temperature,
			"step":                  clock.Step,
			"epoch":                 clock.Epoch,
			"noise":                 graph.ReduceAllMean(noise),
			"local negative cosine": loss.NegativeCosine(z[2], z[0]),
		},
	}
}

// multiCrop is a recipe with two full views of 32 pixels and four local ones of 16.
func multiCrop(t *testing.T, epochs int) recipe.Recipe {
	t.Helper()
	r := quick(t, epochs)
	r.Name = "MultiCrop"
	r.Method = MultiCrop{
		Projector: head.MLP{Layers: 2, Hidden: 16, Out: 8, BatchNorm: true, OutNorm: head.NoNorm}, Local: 4,
		Temperature: schedule.Schedule{From: 0.4, To: 0.2, Shape: schedule.Linear, Per: schedule.Epoch},
		Momentum:    schedule.Schedule{From: 0.9, To: 1, Shape: schedule.Cosine, Per: schedule.Step},
	}
	local := r.Views[0]
	local.Size, local.Scale = 16, [2]float64{0.05, 0.3}
	r.Views = append(slices.Clone(r.Views), slices.Repeat([]augment.Policy{local}, 4)...)
	return r
}

// A method with local crops trains, stops and goes on like any other.
func TestLocalCrops(t *testing.T) {
	r := multiCrop(t, 3)
	checkResume(t, r)
	r.Views = r.Views[:5]
	if err := r.Validate(); err == nil || !strings.Contains(err.Error(), "5 views, want 2 full and 4 local ones of MultiCrop") {
		t.Errorf("five views: error %v", err)
	}
}

// Its meters are the means over an epoch's steps, whatever breaks the run had.
func TestLocalCropsMeters(t *testing.T) {
	r := multiCrop(t, 3)
	result := run(t, r, "")
	for _, e := range result.Epochs[1:] {
		steps := float64(r.Steps())
		want := map[string]float64{
			"temperature": 0.4 - 0.1*float64(e.Epoch-1),
			"step":        float64(e.Epoch-1)*steps + (steps-1)/2,
			"epoch":       float64(e.Epoch - 1),
		}
		for name, want := range want {
			if math.Abs(e.Meters[name]-want) > 1e-6*max(1, want) {
				t.Errorf("epoch %d: meter %q is %g, want %g", e.Epoch, name, e.Meters[name], want)
			}
		}
		if noise := e.Meters["noise"]; !(math.Abs(noise-0.5) < 0.05) || noise == result.Epochs[(e.Epoch+1)%4].Meters["noise"] {
			t.Errorf("epoch %d: the noise is %g, want another mean near 0.5 in each", e.Epoch, noise)
		}
	}
	if first, last := result.Epochs[1].Loss, result.Last().Loss; !(last < first) {
		t.Errorf("the loss goes from %g to %g", first, last)
	}
}

// Views in one pass a size and views in separate passes give the same training.
func TestLocalCropsInOnePass(t *testing.T) {
	r := multiCrop(t, 1)
	r.Batch = 8
	d := testkit.Any(t)
	testkit.NoFloat64(t, d, device.F64)
	pixels := tensors.FromFlatDataAndDimensions(noise(r.Batch, 32).Pixels, r.Batch, 32, 32, 3)
	trained := func(joint bool) (losses, params []float64) {
		mode := nn.Mode{Training: true, Precision: device.F64, JointViews: joint}
		step := func(scope *nn.Scope, key, pixels *graph.Node) method.Step {
			var views, keys []*graph.Node
			for i, p := range r.Views {
				keys = append(keys, op.KeyNodeAt(key, uint64(i)))
				views = append(views, graph.ConvertDType(p.View(keys[i], augment.Whole(pixels)), dtypes.Float64))
			}
			step := method.NewStep(r.Method, scope, r.Backbone, views)
			step.Places = func() []augment.Place { return augment.Places(r.Views, keys, augment.Whole(pixels)) }
			return step
		}
		vars, err := nn.Declare(d.Backend, mode, func(scope *nn.Scope) {
			g := scope.Graph()
			r.Method.Loss(step(scope, graph.Const(g, uint64(0)), graph.Const(g, pixels)))
		})
		if err != nil {
			t.Fatalf("%+v", err)
		}
		params, buffers := vars.Initial(1)
		for number := range int32(4) {
			out := testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
				key := op.KeyNode(graph.Const(in[0].Graph(), uint64(3)), in[2])
				clock := nn.Clock{Step: in[2], Epoch: graph.ZerosLike(in[2]), Steps: 8, Epochs: 1}
				model := vars.Bind(mode, in[0], in[1]).WithKey(key, len(r.Views)).WithClock(clock)
				value := r.Method.Loss(step(model.Scope, key, in[3])).Loss
				after := graph.Sub(in[0], graph.MulScalar(model.Gradient(value), 0.1))
				return []*graph.Node{after, model.BuffersAfter(), value}
			}, testkit.Tensor(dtypes.Float64, params, len(params)), testkit.Tensor(dtypes.Float64, buffers, len(buffers)), tensors.FromScalar(number), pixels)
			params, buffers = out[0], out[1]
			losses = append(losses, out[2][0])
		}
		return losses, append(params, buffers...)
	}
	wantLosses, want := trained(false)
	losses, got := trained(true)
	testkit.Near(t, "losses", losses, wantLosses, 1e-10)
	testkit.Near(t, "parameters and buffers", got, want, 1e-10)
	if !(losses[3] < losses[0]) {
		t.Errorf("the losses are %.4f, want falling ones", losses)
	}
}
