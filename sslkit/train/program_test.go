package train_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/schedule"
	"github.com/gossl/gossl/sslkit/train"
)

// tried are the optimizers that runs are tried with, one of each type.
var tried = []optim.Optimizer{
	optim.SGD{Momentum: 0.9, Nesterov: true, SkipVectors: true},
	optim.LARS{Momentum: 0.9, WeightDecay: schedule.Constant(1e-4), Trust: 0.1, Epsilon: 1e-8},
	optim.Adam{Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8},
	optim.AdamW{Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8,
		WeightDecay: schedule.Schedule{From: 0.01, To: 0.1, Shape: schedule.Cosine, Per: schedule.Step}},
}

// stopAfter runs a recipe until after a step of an epoch, and keeps it in a folder.
func stopAfter(t *testing.T, r recipe.Recipe, options train.Options, epoch, step int) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	options.Report = func(e train.Event) {
		if e.Phase == train.Training && e.Epoch == epoch && e.Step == step {
			stop()
		}
	}
	if _, err := train.Run(ctx, r, options); err == nil || ctx.Err() == nil {
		t.Fatalf("the run was to stop: error %v", err)
	}
}

// A run with any optimizer, a rate by step, clipping and a frozen part is taken up
// to the same numbers, within the epoch in which the part thaws and after it.
func TestResumeWithEveryOptimizer(t *testing.T) {
	set := &dataset.Set{Name: "mine", Train: noise(32, 8), Test: noise(10, 8)}
	for i, o := range optim.All() {
		if i >= len(tried) || optim.Name(tried[i]) != optim.Name(o) {
			t.Fatalf("no run is tried with %s", optim.Name(o))
		}
		r := own(t, set)
		r.Epochs, r.Optim, r.ClipNorm = 3, tried[i], 0.5
		r.LR = schedule.Schedule{From: 0.01, To: 0.001, Warmup: 3, Shape: schedule.Cosine, Per: schedule.Step}
		r.Freeze = []optim.Freeze{{Path: "online/projector", Epochs: 1}}
		options := train.Options{Device: device.Go, Data: set}
		whole, err := train.Run(t.Context(), r, options)
		if err != nil {
			t.Fatal(err)
		}
		if want := r.LR.Value(2*r.Steps(), 3*r.Steps()); whole.Last().LearningRate != want {
			t.Errorf("the last epoch begins with the rate %g, want %g", whole.Last().LearningRate, want)
		}
		for _, at := range [][2]int{{1, 2}, {2, 1}, {3, 3}} {
			t.Run(fmt.Sprint(optim.Name(o), "/epoch=", at[0]), func(t *testing.T) {
				options := options
				options.Dir = t.TempDir()
				stopAfter(t, r, options, at[0], at[1])
				result, err := train.Run(t.Context(), r, options)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(whole.Epochs, result.Epochs, numbers); diff != "" {
					t.Errorf("the resumed run differs from one without a break:\n%s", diff)
				}
			})
		}
	}
}

// A rate by step is that of the step: with 0 from the second one on, an epoch ends
// where its first step did.
func TestRateByStep(t *testing.T) {
	set := &dataset.Set{Name: "mine", Train: noise(32, 8), Test: noise(10, 8)}
	r := own(t, set)
	r.Epochs = 1
	weights := func(r recipe.Recipe, run func(options train.Options)) []float64 {
		options := train.Options{Dir: t.TempDir(), Device: device.Go, Data: set}
		run(options)
		w, err := train.ReadWeights(options.Dir)
		if err != nil {
			t.Fatal(err)
		}
		return w.Params
	}
	r.LR = schedule.Schedule{From: 0.1, To: 0, Over: 2, Shape: schedule.Linear, Per: schedule.Step}
	epoch := weights(r, func(options train.Options) {
		if _, err := train.Run(t.Context(), r, options); err != nil {
			t.Fatal(err)
		}
	})
	r.LR = schedule.Constant(0.1)
	step := weights(r, func(options train.Options) { stopAfter(t, r, options, 1, 1) })
	if !cmp.Equal(epoch, step) {
		t.Error("steps with a rate of 0 have changed the weights")
	}
}

// Greedy keeps a vector under a name that parameters have.
type Greedy struct{}

func (Greedy) Slots() []string                                   { return []string{"velocity", "velocity"} }
func (Greedy) Validate() error                                   { return nil }
func (Greedy) Step(in optim.Update) (*graph.Node, []*graph.Node) { return in.Params, in.Slots }

// What two tensors of a checkpoint would share a name for is refused.
func TestSlotNames(t *testing.T) {
	set := &dataset.Set{Name: "mine", Train: noise(32, 8), Test: noise(10, 8)}
	r := own(t, set)
	r.Optim = optim.Register(Greedy{})
	if _, err := train.Run(t.Context(), r, train.Options{Device: device.Go, Data: set}); err == nil ||
		!strings.Contains(err.Error(), `two tensors of a checkpoint would be "velocity/online/`) {
		t.Errorf("error %v", err)
	}
}

// Metered is SimCLR with a meter of any name that counts the steps of the run, or
// with others that go wrong.
type Metered struct {
	method.SimCLR
	Infinite bool
}

// meterName is not among the hyperparameters: another one is the same recipe.
var meterName = "step"

var _ = method.Register(Metered{})

func (m Metered) Loss(step method.Step) method.Output {
	out := m.SimCLR.Loss(step)
	done := graph.ConvertDType(step.Scope.Clock().Step, dtypes.Float32)
	out.Meters = map[string]*graph.Node{meterName: done}
	if m.Infinite {
		out.Meters["log"] = graph.Log(done) // of 0 in the first step
	}
	return out
}

// A meter that is not finite in a step is left out of the epoch, whose warning
// says so.
func TestMetersThatGoWrong(t *testing.T) {
	r := quick(t, 2)
	r.Method = Metered{SimCLR: r.Method.(method.SimCLR), Infinite: true}
	dir := t.TempDir()
	result := run(t, r, dir)
	steps := float64(r.Steps())
	for i, e := range result.Epochs[1:] {
		want := map[string]float64{"step": float64(i)*steps + (steps-1)/2}
		if i > 0 {
			want["log"] = e.Meters["log"]
		}
		if diff := cmp.Diff(want, e.Meters); diff != "" {
			t.Errorf("epoch %d: meters (-want +got):\n%s", e.Epoch, diff)
		}
		const left = "meters that were not a finite number in some step are left out: log"
		if (e.Warning == left) != (i == 0) {
			t.Errorf("epoch %d: warning %q", e.Epoch, e.Warning)
		}
	}
	if mean := result.Last().Meters["log"]; math.Abs(mean-math.Log(1.5*steps)) > 0.1 {
		t.Errorf("the mean of logarithms is %g, want about %g", mean, math.Log(1.5*steps))
	}
	kept, err := train.Open(dir)
	if diff := cmp.Diff(result.Epochs, kept.Epochs); diff != "" || err != nil {
		t.Errorf("the folder has other epochs (error %v):\n%s", err, diff)
	}
}

// Faulty is SimCLR with an output, or a backbone, that no run can use.
type Faulty struct {
	method.SimCLR
	Fault string
}

func (m Faulty) Loss(step method.Step) method.Output {
	out := m.SimCLR.Loss(step)
	switch m.Fault {
	case "no loss":
		out.Loss = nil
	case "wide loss":
		out.Loss = out.Embedding
	case "no embedding":
		out.Embedding = nil
	case "flat embedding":
		out.Embedding = out.Loss
	case "no meter":
		out.Meters = map[string]*graph.Node{"none": nil}
	case "wide meter":
		out.Meters = map[string]*graph.Node{"wide": out.Embedding}
	case "mistake":
		out.Loss = step.Full[len(m.Fault)]
	case "shapes":
		out.Loss = graph.Add(step.Full[0], out.Embedding)
	}
	return out
}

// Narrowed says that it has one feature more than it has.
type Narrowed struct{ backbone.ResNet }

func (n Narrowed) Features() int { return n.ResNet.Features() + 1 }

// What a method or a backbone of one's own does wrong is told before anything is
// trained, with its name and with what is wanted, or where it is.
func TestFaults(t *testing.T) {
	for fault, want := range map[string]string{
		"no loss":        `train: Faulty: Output\.Loss is nil, want a scalar`,
		"wide loss":      `train: Faulty: Output\.Loss is \(Float32\)\[32 64\], want a scalar`,
		"no embedding":   `train: Faulty: Output\.Embedding is nil, want \[batch, dim\]`,
		"flat embedding": `train: Faulty: Output\.Embedding is \(Float32\), want \[batch, dim\]`,
		"no meter":       `train: Faulty: Output\.Meters\["none"\] is nil, want a name and a scalar`,
		"wide meter":     `train: Faulty: Output\.Meters\["wide"\] is \(Float32\)\[32 64\], want a name and a scalar`,
		"backbone":       `train: Faulty: .*backbone: Narrowed: Forward returns \(Float32\)\[32 4\], want \[batch, 5\]`,
		"mistake":        `train: Faulty: .*/program_test\.go:\d+: runtime error: index out of range \[7\]`,
		"shapes":         `train: Faulty: .*/program_test\.go:\d+: .*Add`,
	} {
		r := quick(t, 1)
		r.Method = Faulty{r.Method.(method.SimCLR), fault}
		if fault == "backbone" {
			r.Backbone = Narrowed{r.Backbone.(backbone.ResNet)}
		}
		_, err := train.Run(t.Context(), r, train.Options{Device: device.Go})
		if err == nil || !regexp.MustCompile("^"+want).MatchString(err.Error()) {
			t.Errorf("%s: error %v, want %s", fault, err, want)
		}
	}
}

// Between two epochs a method may get other meters; in the middle of one, a run
// goes on from where the epoch began, and says so.
func TestOtherMetersThanBefore(t *testing.T) {
	defer func() { meterName = "step" }()
	r := quick(t, 2)
	r.Method = Metered{SimCLR: r.Method.(method.SimCLR)}
	whole := run(t, r, "")
	for name, epoch := range map[string]int{"between": 1, "within": 2} {
		meterName = "step"
		dir := t.TempDir()
		if epoch == 1 {
			short := r
			short.Epochs = 1
			run(t, short, dir)
			edit(t, filepath.Join(dir, "recipe.json"), func(text string) string {
				return strings.Replace(text, `"epochs": 1,`, `"epochs": 2,`, 1)
			})
		} else if err := runUntil(t, r, dir, 2, 3, interrupt); err == nil {
			t.Fatal("the run was to stop")
		}
		meterName = "done"
		var notices []string
		result, err := train.Run(t.Context(), r, train.Options{Dir: dir, Device: testkit.XLA(t).Kind, Report: func(e train.Event) {
			if e.Phase == train.Notice {
				notices = append(notices, e.Note)
			}
		}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if epoch == 2 != (len(notices) == 1 && strings.Contains(notices[0], `"meters/done"`)) {
			t.Errorf("%s: notices %q", name, notices)
		}
		last := result.Last()
		if epoch == 2 && last.Loss != whole.Last().Loss || last.Meters["done"] != whole.Last().Meters["step"] {
			t.Errorf("%s: the last epoch is %+v, want the loss and meter of %+v", name, last, whole.Last())
		}
	}
}

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
