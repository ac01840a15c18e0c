package train

import (
	"context"
	"fmt"
	"time"

	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/recipe"
)

// pause lets the method compute on the host what it wants to before a step of the run,
// counted from 0. After an error the state is as it was.
func (t *trainer) pause(ctx context.Context, step int) error {
	if !pausesBefore(t.recipe, step) {
		return nil
	}
	if _, err := floats(t.state.meters); err != nil { // waits for the steps before, whose time it is
		return err
	}
	start := time.Now()
	params, err := floats(t.state.params)
	if err != nil {
		return err
	}
	buffers, err := floats(t.state.buffers)
	if err != nil {
		return err
	}
	values, err := t.step.layout.vars.Values(params, buffers)
	if err != nil {
		return err
	}
	if err := callPause(ctx, t.recipe, step, values); err != nil {
		return err
	}
	if values.Changed() {
		t.state.params.free()
		t.state.buffers.free()
		if t.state.params, err = t.step.vector(params); err != nil {
			return err
		}
		if t.state.buffers, err = t.step.vector(buffers); err != nil {
			return err
		}
	}
	t.paused += time.Since(start).Seconds()
	return nil
}

// callPause lets the method do what it wants to with the values. If it panics, that is an error.
func callPause(ctx context.Context, r recipe.Recipe, step int, values *nn.Values) (err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("%s: %w", method.Name(r.Method), located(failure, r.Method, r.Backbone))
		}
	}()
	key := op.Key(r.Seed, drawPauses, uint64(step))
	return r.Method.(method.Pauser).Pause(ctx, method.Pause{Step: step, Key: key, Values: values})
}

// pausesBefore says whether a recipe's method pauses before a step of its run.
func pausesBefore(r recipe.Recipe, step int) bool {
	m, ok := r.Method.(method.Pauser)
	return ok && m.Pauses(step)
}

// nextPause is the first step from one on that a recipe's method pauses before, or as
// many as the run has.
func nextPause(r recipe.Recipe, step int) int {
	for step < r.Epochs*r.Steps() && !pausesBefore(r, step) {
		step++
	}
	return step
}

// pauses is how many a run has.
func pauses(r recipe.Recipe) (n int) {
	for step := nextPause(r, 0); step < r.Epochs*r.Steps(); step = nextPause(r, step+1) {
		n++
	}
	return n
}
