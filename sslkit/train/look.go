package train

import (
	"cmp"
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/recipe"
)

// A Look computes something of a network at some steps of its training, such as
// how its projections correlate, so that one can watch it change. The run's
// numbers stay what they are; its time includes that of the looks.
//
// All looks are at the same views of the same images, the first ones of those
// to train on. So what changes from look to look is the network.
type Look struct {
	Every  int // steps from one look to the next; the first is before the first step, the last after the last
	Images int // how many to look at; 0: a batch

	// Build builds what is to be seen, of any shape, as [method.Method]'s Loss
	// builds a training step: with its variables and views.
	Build func(step method.Step) *graph.Node

	// See gets the values, row after row, and how many steps the run has made. An
	// error of it ends the run.
	See func(step int, values []float32) error
}

// validate reports the first field that makes no sense. No look is fine.
func (l *Look) validate(r recipe.Recipe) error {
	if l == nil {
		return nil
	}
	if l.Every < 1 {
		return fmt.Errorf("train: look: every %d steps, want at least 1", l.Every)
	}
	if l.Images < 0 || l.Images > r.TrainImages {
		return fmt.Errorf("train: look: at %d images, want 0 or at most the recipe's %d", l.Images, r.TrainImages)
	}
	if l.Build == nil || l.See == nil {
		return fmt.Errorf("train: look: Build or See is nil, want functions")
	}
	return nil
}

// looker makes the looks of a run.
type looker struct {
	*Look
	images *feed.Source
	order  []int32 // those to look at
	exec   *graph.Exec
	key    uint64
}

// newLooker returns nil if there is no look.
func newLooker(s *step, l *Look, images *feed.Source) (*looker, error) {
	if l == nil {
		return nil, nil
	}
	exec, err := graph.NewExec(s.device.Backend, func(in []*graph.Node) *graph.Node {
		params, buffers, epoch, number, key, places, set := in[0], in[1], in[2], in[3], in[4], in[5], in[6:]
		model, views := s.bind(params, buffers, key, feed.Take(set, places))
		model = model.WithClock(s.clock(epoch, number))
		step := method.NewStep(s.recipe.Method, model.Scope, s.recipe.Backbone, views)
		return graph.ConvertDType(l.Build(step), dtypes.Float32)
	})
	if err != nil {
		return nil, fmt.Errorf("train: look: %w", err)
	}
	order := make([]int32, cmp.Or(l.Images, s.recipe.Batch))
	for i := range order {
		order[i] = int32(i)
	}
	return &looker{l, images, order, exec, op.Key(s.recipe.Seed, drawLooks)}, nil
}

// look shows the network after so many steps of the run, if it is to be seen then.
func (t *trainer) look(step int) error {
	l := t.looker
	if l == nil || step%l.Every != 0 && step != t.recipe.Epochs*t.recipe.Steps() {
		return nil
	}
	values, err := l.values(t.state, step/t.recipe.Steps(), step%t.recipe.Steps())
	if err == nil {
		err = l.See(step, values)
	}
	if err != nil {
		return fmt.Errorf("train: look after step %d: %w", step, err)
	}
	return nil
}

// values computes what is to be seen after so many epochs, and steps of the next.
func (l *looker) values(st *state, epoch, number int) ([]float32, error) {
	reader, err := l.images.Read(l.order, len(l.order))
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	set, err := reader.Next()
	if err != nil {
		return nil, err
	}
	args := []any{st.params, st.buffers, int32(epoch), int32(number), l.key, l.images.Places(l.order, len(l.order))}
	for _, images := range set {
		args = append(args, images)
	}
	seen, err := l.exec.Exec1(args...)
	if err != nil {
		return nil, err
	}
	defer seen.MustFinalizeAll()
	return tensors.CopyFlatData[float32](seen)
}
