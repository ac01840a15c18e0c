package train_test

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/train"
)

// Metered is SimCLR with a meter of any name that counts the steps of the run, or
// with others that go wrong.
type Metered struct {
	method.SimCLR
	Infinite, Wide bool
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
	if m.Wide {
		out.Meters["wide"] = out.Embedding
	}
	return out
}

// A meter that is not finite in a step is left out of the epoch, whose warning
// says so; one that is no scalar is an error before anything is trained.
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
	r.Method = Metered{SimCLR: r.Method.(Metered).SimCLR, Wide: true}
	_, err = train.Run(t.Context(), r, train.Options{Device: testkit.XLA(t).Kind})
	if err == nil || !strings.Contains(err.Error(), `the method's meter "wide" is`) {
		t.Errorf("a meter that is no scalar: error %v", err)
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
