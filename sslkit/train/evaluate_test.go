package train_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/train"
)

// seen keeps what looks see.
type seen struct {
	steps  []int
	values [][]float32
}

func (s *seen) see(step int, values []float32) error {
	s.steps, s.values = append(s.steps, step), append(s.values, values)
	return nil
}

// Looks come when they should, do not change the run, see the variables of the
// moment, and always the same views.
func TestLook(t *testing.T) {
	r, dir := quickOf(t, "BYOL", 2), t.TempDir()
	initial, err := train.InitialWeights(r)
	if err != nil {
		t.Fatal(err)
	}
	weight := initial.Variables.Params()[0] // the first convolution's
	m := r.Method.(method.BYOL)
	without := run(t, r, "").Epochs
	for _, mode := range []feed.Mode{feed.Resident, feed.Streamed} {
		var s seen
		look := &train.Look{Every: r.Steps() - 1, See: s.see, Build: func(step method.Step) *graph.Node {
			view, stays := step.Full[:1], graph.Scalar(step.Scope.Graph(), dtypes.Float64, 1)
			z := step.Projections(m.Projector, view)
			behind := step.TargetProjections(stays, m.Projector, view)
			moved := graph.ReduceAllMax(graph.Abs(graph.Sub(z[0], behind[0])))
			parts := []*graph.Node{moved, graph.ReduceAllSum(view[0]), step.Scope.Param(weight.Path, nil, weight.Dims...)}
			for i, part := range parts {
				parts[i] = graph.Reshape(part, part.Shape().Size())
			}
			return graph.Concatenate(parts, 0)
		}}
		with, err := train.Run(context.Background(), r, train.Options{Dir: dir + string(mode), Device: testkit.XLA(t).Kind, Feed: mode, Look: look})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(without, with.Epochs, numbers); diff != "" {
			t.Errorf("%s: epochs without and with looks (-want +got):\n%s", mode, diff)
		}
		all := 2 * r.Steps()
		want := []int{0, r.Steps() - 1, 2 * (r.Steps() - 1), all}
		if !slices.Equal(s.steps, want) {
			t.Fatalf("%s: looks after steps %v, want %v", mode, s.steps, want)
		}
		last, err := train.ReadWeights(dir + string(mode))
		if err != nil {
			t.Fatal(err)
		}
		for i, values := range s.values {
			if trained := i > 0; (values[0] > 1e-3) != trained {
				t.Errorf("%s: look %d: the target is %g from the online network", mode, i, values[0])
			}
			if values[1] != s.values[0][1] {
				t.Errorf("%s: look %d is at other views than the first", mode, i)
			}
		}
		for place, w := range map[int]*train.Weights{0: initial, 3: last} {
			for i, got := range s.values[place][2:] {
				if got != float32(w.Params[weight.Offset+i]) {
					t.Fatalf("%s: look %d: %s[%d] is %g, want %g", mode, place, weight.Path, i, got, w.Params[weight.Offset+i])
				}
			}
		}
	}
}

// A run that is stopped and goes on looks as often as one without a break; one
// that is complete does not look again.
func TestLookGoesOn(t *testing.T) {
	r, dir := quick(t, 2), t.TempDir()
	var s seen
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	look := &train.Look{Every: 1, Images: 3, Build: func(step method.Step) *graph.Node { return step.Full[0] }}
	look.See = func(step int, values []float32) error {
		if step == r.Steps()-1 {
			cancel()
		}
		if want := 3 * 32 * 32 * 3; len(values) != want {
			t.Errorf("%d numbers in a look at 3 images, want %d", len(values), want)
		}
		return s.see(step, values)
	}
	options := train.Options{Dir: dir, Device: testkit.XLA(t).Kind, Look: look}
	if _, err := train.Run(ctx, r, options); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want the context's", err)
	}
	for range 2 {
		if _, err := train.Run(context.Background(), r, options); err != nil {
			t.Fatal(err)
		}
	}
	for i, step := range s.steps {
		if i != step {
			t.Fatalf("looks after steps %v, want each once", s.steps)
		}
	}
	if len(s.steps) != 2*r.Steps()+1 {
		t.Errorf("%d looks in %d steps, want one more", len(s.steps), 2*r.Steps())
	}
}

// Looks need no classes, and no accuracy.
func TestLookWithoutClasses(t *testing.T) {
	images := noise(32, 8)
	images.Classes, images.Labels = nil, make([]int32, 32)
	set := &dataset.Set{Name: "mine", Train: images}
	var s seen
	look := &train.Look{Every: 3, See: s.see, Build: func(step method.Step) *graph.Node { return step.Full[0] }}
	r := own(t, set)
	if _, err := train.Run(t.Context(), r, train.Options{Device: device.Go, Data: set, Look: look}); err != nil {
		t.Fatal(err)
	}
	if r.Eval.On() || !slices.Equal(s.steps, []int{0, 3, 6, 8}) {
		t.Errorf("with eval %+v, looks after steps %v, want 0, 3, 6 and 8", r.Eval, s.steps)
	}
	s.steps, r.Epochs = nil, 0
	if _, err := train.Run(t.Context(), r, train.Options{Device: device.Go, Data: set, Look: look}); err != nil || len(s.steps) != 1 {
		t.Errorf("without an epoch: looks after steps %v, error %v, want one before the first", s.steps, err)
	}
	look.Every = 0
	_, err := train.Run(t.Context(), r, train.Options{Device: device.Go, Data: &dataset.Set{}, Look: look})
	if err == nil || !strings.Contains(err.Error(), "every 0 steps") {
		t.Errorf("error %v, want one about the look, before anything is loaded", err)
	}
}

func TestLookFails(t *testing.T) {
	see := func(int, []float32) error { return nil }
	build := func(step method.Step) *graph.Node { return step.Full[0] }
	for want, look := range map[string]*train.Look{
		"every 0 steps":    {Build: build, See: see},
		"at -1 images":     {Every: 1, Images: -1, Build: build, See: see},
		"Build or See":     {Every: 1, Build: build},
		"not in the model": {Every: 1, See: see, Build: func(step method.Step) *graph.Node { return step.Scope.Param("not in the model", nil, 1) }},
		"after step 0: seen enough": {Every: 1, Build: build, See: func(int, []float32) error {
			return errors.New("seen enough")
		}},
	} {
		_, err := train.Run(context.Background(), quick(t, 1), train.Options{Device: testkit.XLA(t).Kind, Look: look})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// Measures are made after the last epoch, change nothing before it, and are kept part by
// part: a run that is stopped among them goes on to the same numbers.
func TestMeasures(t *testing.T) {
	set := &dataset.Set{Name: "mine", Train: noise(32, 8), Test: noise(10, 8)}
	plain := own(t, set)
	r := plain
	r.Measures = eval.DefaultMeasures(r.Views[0])
	r.Measures.KNN, r.Measures.Linear.Epochs = r.Measures.KNN.UpTo(32), 2
	options := train.Options{Device: device.Go, Data: set}
	without, err := train.Run(t.Context(), plain, options)
	if err != nil {
		t.Fatal(err)
	}
	options.Dir = t.TempDir()
	whole, err := train.Run(t.Context(), r, options)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(without.Epochs, whole.Epochs, numbers); diff != "" || without.Measured != nil {
		t.Errorf("epochs without and with measures (-want +got):\n%s", diff)
	}
	m := whole.Measured
	if m == nil || !(m.RankMe > 1) || !(m.EffectiveRank > 1) || len(m.KNN) != 6 || !(m.Linear > 0) {
		t.Fatalf("measured %+v", m)
	}
	if opened, err := train.Open(options.Dir); err != nil || !cmp.Equal(m, opened.Measured) {
		t.Errorf("the folder has %+v, error %v", opened.Measured, err)
	}

	for stopAt := range 3 {
		options.Dir = t.TempDir()
		ctx, stop := context.WithCancel(t.Context())
		parts := 0
		options.Report = func(e train.Event) {
			if e.Note == "further measures" {
				if parts == stopAt {
					stop()
				}
				parts++
			}
		}
		if _, err := train.Run(ctx, r, options); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "running it again goes on from") {
			t.Fatalf("stopped at part %d: %v", stopAt, err)
		}
		kept, err := train.Open(options.Dir)
		if err != nil || (kept.Measured != nil) != (stopAt > 0) || stopAt == 2 && (kept.Measured.KNN == nil || kept.Measured.Linear != 0) {
			t.Errorf("stopped at part %d, the folder has %+v, error %v", stopAt, kept.Measured, err)
		}
		options.Report = nil
		again, err := train.Run(t.Context(), r, options)
		if err != nil || !cmp.Equal(m, again.Measured) {
			t.Errorf("after a stop %+v, want %+v; error %v", again.Measured, m, err)
		}
	}
}

// Images without classes or test images have ranks.
func TestRanksWithoutClasses(t *testing.T) {
	set := &dataset.Set{Name: "mine", Train: noise(32, 8)}
	set.Train.Classes, set.Train.Labels = nil, make([]int32, 32)
	r := own(t, set)
	r.Measures = eval.DefaultMeasures(r.Views[0])
	r = r.For(set)
	result, err := train.Run(t.Context(), r, train.Options{Device: device.Go, Data: set})
	if err != nil || result.Measured == nil || !(result.Measured.RankMe > 1) || result.Measured.KNN != nil || result.Last().KNN != 0 {
		t.Errorf("measured %+v, error %v", result, err)
	}
}
