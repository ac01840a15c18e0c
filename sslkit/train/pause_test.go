package train_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
	"github.com/nlpodyssey/safetensors"
)

// grouping is SMoG with a clustering every five steps: of 8 steps an epoch.
func grouping(t *testing.T, epochs int) recipe.Recipe {
	t.Helper()
	r := quickOf(t, "SMoG", epochs)
	m := r.Method.(method.SMoG)
	m.Groups, m.Queue, m.Reset = 6, 64, 5
	r.Method = m
	return r
}

// kept are the tensors of a run's checkpoint, by name.
func kept(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(dir, "checkpoint.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := safetensors.Deserialize(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, named := range found.Tensors() {
		all[named.Name] = named.TensorView.Data()
	}
	return all
}

// A run that was stopped before, at or after a pause goes on to the same numbers, to the
// last bit: groups, queue and target, too.
func TestResumeAcrossPauses(t *testing.T) {
	r, whole := grouping(t, 3), t.TempDir()
	result := run(t, r, whole)
	want := kept(t, whole)
	for _, name := range []string{"groups", "queue", "target/projector/0/weight"} {
		if want[name] == nil {
			t.Errorf("the checkpoint has no %s", name)
		}
	}
	for i, e := range result.Epochs {
		if (e.PauseSeconds > 0) != (i > 0) || e.PauseSeconds > e.TrainSeconds {
			t.Errorf("epoch %d took %g seconds, %g of them in pauses", i, e.TrainSeconds, e.PauseSeconds)
		}
	}
	for step := 1; step <= 3; step++ { // of epoch 2, with a pause after two
		dir := t.TempDir()
		if err := runUntil(t, r, dir, 2, step, interrupt); !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped run returned %v", err)
		}
		if diff := cmp.Diff(result.Epochs, run(t, r, dir).Epochs, numbers); diff != "" {
			t.Errorf("stopped after step %d, the run differs from one without a break:\n%s", step, diff)
		}
		got := kept(t, dir)
		for name := range want {
			if !bytes.Equal(got[name], want[name]) {
				t.Errorf("stopped after step %d, the run ends with another %s", step, name)
			}
		}
	}
}

// Pausing is SimCLR with a buffer that pauses set, every third step, and that its loss
// does not depend on. A hook may do something in them.
type Pausing struct{ method.SimCLR }

var _ = method.Register(Pausing{})

// hook is called in the pauses of [Pausing].
var hook func(ctx context.Context, p method.Pause) error

func (m Pausing) Loss(step method.Step) method.Output {
	step.Scope.Buffer("noted", nn.Constant(-1), 2)
	return m.SimCLR.Loss(step)
}

func (Pausing) Pauses(step int) bool { return step%3 == 1 }

func (Pausing) Pause(ctx context.Context, p method.Pause) error { return hook(ctx, p) }

func pausing(t *testing.T, epochs int) recipe.Recipe {
	t.Helper()
	r := quick(t, epochs)
	r.Method = Pausing{r.Method.(method.SimCLR)}
	return r
}

// A pause sees what the one before has left, has a key of its own, and changes nothing
// that it does not set.
func TestPause(t *testing.T) {
	plain := run(t, quick(t, 2), "")
	keys := map[uint64]bool{}
	var noted [][]float64
	var steps []int
	hook = func(_ context.Context, p method.Pause) error {
		keys[p.Key] = true
		steps = append(steps, p.Step)
		before, dims, err := p.Values.Get("noted")
		if err != nil || !slices.Equal(dims, []int{2}) {
			return fmt.Errorf("noted is %v, %w", dims, err)
		}
		noted = append(noted, before)
		time.Sleep(20 * time.Millisecond)
		return p.Values.Set("noted", []float64{float64(p.Step), before[0]})
	}
	r := pausing(t, 2)
	result := run(t, r, "")
	if want := []int{1, 4, 7, 10, 13}; !slices.Equal(steps, want) || len(keys) != len(want) {
		t.Errorf("pauses before steps %v, with %d keys, want %v", steps, len(keys), want)
	}
	if diff := cmp.Diff([][]float64{{-1, -1}, {1, -1}, {4, 1}, {7, 4}, {10, 7}}, noted); diff != "" {
		t.Errorf("what pauses see (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(plain.Epochs, result.Epochs, numbers); diff != "" {
		t.Errorf("pauses change the run:\n%s", diff)
	}
	for i, least := range []float64{0, 0.06, 0.04} {
		if e := result.Epochs[i]; e.PauseSeconds < least || e.TrainSeconds < e.PauseSeconds {
			t.Errorf("epoch %d: %g of %g seconds in pauses, want at least %g", i, e.PauseSeconds, e.TrainSeconds, least)
		}
	}
	r.Seed++
	other := len(keys)
	run(t, r, "")
	if len(keys) != 2*other {
		t.Error("another seed has the same keys")
	}
}

// A run that is stopped within a pause makes it again, from what was there before.
func TestStopInAPause(t *testing.T) {
	r, dir := pausing(t, 2), t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	var noted []float64
	hook = func(ctx context.Context, p method.Pause) error {
		before, _, err := p.Values.Get("noted")
		if err != nil {
			return err
		}
		if noted = before; p.Step == 10 {
			stop()
		}
		return errors.Join(p.Values.Set("noted", []float64{float64(p.Step), before[0]}), ctx.Err())
	}
	_, err := train.Run(ctx, r, train.Options{Dir: dir, Device: testkit.XLA(t).Kind})
	if err == nil || !strings.Contains(err.Error(), "stopped in epoch 2 after step 2 of 8") {
		t.Fatalf("error %v", err)
	}
	if !slices.Equal(noted, []float64{7, 4}) {
		t.Errorf("the stopped pause saw %v", noted)
	}
	var first []float64
	hook = func(_ context.Context, p method.Pause) error {
		before, _, err := p.Values.Get("noted")
		if first == nil {
			first = append(before, float64(p.Step))
		}
		return err
	}
	if run(t, r, dir); !slices.Equal(first, []float64{7, 4, 10}) {
		t.Errorf("the first pause after the break saw %v, want what was there before the one that was stopped", first)
	}
}

// What goes wrong in a pause is told with its place; where the run has diverged before,
// that is told.
func TestPausesThatFail(t *testing.T) {
	for want, fail := range map[string]func(method.Pause) error{
		`train: epoch 1: before step 5: no such luck$`:                  func(method.Pause) error { return errors.New("no such luck") },
		`train: epoch 1: before step 5: .*there is no variable "luck"$`: func(p method.Pause) error { return p.Values.Set("luck", nil) },
		`train: epoch 1: before step 5: Pausing: .*index out of range`:  func(p method.Pause) error { _ = make([]int, 1)[p.Step]; return nil },
	} {
		hook = func(_ context.Context, p method.Pause) error {
			if p.Step == 1 {
				return nil
			}
			return fail(p)
		}
		_, err := train.Run(t.Context(), pausing(t, 1), train.Options{Device: testkit.XLA(t).Kind})
		if err == nil || !regexp.MustCompile("^"+want).MatchString(err.Error()) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	r := grouping(t, 1)
	r.LR.From = math.MaxFloat32
	_, err := train.Run(t.Context(), r, train.Options{Device: testkit.XLA(t).Kind})
	if err == nil || !strings.Contains(err.Error(), "is not a finite number: likely the learning rate") {
		t.Errorf("a run that has diverged before its first clustering: error %v", err)
	}
}

// How long a run would take has its pauses in it.
func TestMeasureOfPauses(t *testing.T) {
	hook = func(context.Context, method.Pause) error {
		time.Sleep(50 * time.Millisecond)
		return nil
	}
	for r, pauses := range map[*recipe.Recipe]int{new(quick(t, 2)): 0, new(pausing(t, 2)): 5} {
		speed, err := train.Measure(t.Context(), *r, device.Go, 8, 8)
		if err != nil {
			t.Fatal(err)
		}
		if (speed.Pause >= 50*time.Millisecond) != (pauses > 0) {
			t.Errorf("%d pauses of %v", pauses, speed.Pause)
		}
		without := speed
		without.Pause = 0
		if got := speed.Run(*r) - without.Run(*r); got != time.Duration(pauses)*speed.Pause {
			t.Errorf("pauses take %v, want %d times %v", got, pauses, speed.Pause)
		}
	}
}
