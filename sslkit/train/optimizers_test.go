package train_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
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

// A frozen part of the network is after its epochs as it was before, and no longer
// after the next step.
func TestFreeze(t *testing.T) {
	set := &dataset.Set{Name: "mine", Train: noise(32, 8), Test: noise(10, 8)}
	r := own(t, set)
	r.Optim, r.LR = tried[2], schedule.Constant(0.01)
	r.Freeze = []optim.Freeze{{Path: "online/projector", Epochs: 1}}
	before, err := train.InitialWeights(r)
	if err != nil {
		t.Fatal(err)
	}
	for step, frozen := range map[int]bool{r.Steps(): true, r.Steps() + 1: false} {
		options := train.Options{Dir: t.TempDir(), Device: device.Go, Data: set}
		stopAfter(t, r, options, 1+(step-1)/r.Steps(), 1+(step-1)%r.Steps())
		after, err := train.ReadWeights(options.Dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range after.Variables.Params() {
			part := func(w *train.Weights) []float32 {
				var narrow []float32
				for _, x := range w.Params[v.Offset : v.Offset+v.Size()] {
					narrow = append(narrow, float32(x))
				}
				return narrow
			}
			if same := cmp.Equal(part(before), part(after)); same != (frozen && strings.HasPrefix(v.Path, "online/projector/")) {
				t.Errorf("after step %d: it is %t that %s is as before", step, same, v.Path)
			}
		}
	}
	r.Freeze[0].Path = "online/prototypes"
	if _, err := train.Run(t.Context(), r, train.Options{Device: device.Go, Data: set}); err == nil ||
		!strings.Contains(err.Error(), "freeze: the model has no parameter online/prototypes") {
		t.Errorf("a part that there is not: error %v", err)
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
