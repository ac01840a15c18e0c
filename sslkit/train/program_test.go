package train_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
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
