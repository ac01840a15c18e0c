package train

import (
	"context"
	"errors"
	"fmt"
	"time"
)

func (t *trainer) trainEpoch(ctx context.Context, epoch int) (Epoch, error) {
	r := t.recipe
	in, err := t.epochInput(epoch, t.done.Step)
	if err != nil {
		return Epoch{}, err
	}
	defer in.free()
	start := time.Now().Add(-time.Duration(t.done.Seconds * float64(time.Second)))
	t.paused = t.done.Paused
	for s := t.done.Step; s < r.Steps(); s++ {
		if err := t.before(ctx, epoch, s, start); err != nil {
			return Epoch{}, err
		}
		if err := t.step.run(t.state, in); err != nil {
			return Epoch{}, fmt.Errorf("train: epoch %d: step %d: %w", epoch, s+1, err)
		}
		t.tell(Event{Phase: Training, Epoch: epoch, Step: s + 1, Steps: r.Steps()})
	}
	if epoch == r.Epochs {
		if err := t.look(epoch * r.Steps()); err != nil {
			return Epoch{}, err
		}
	}
	meters, err := t.finiteMeters(epoch, r.Steps())
	if err != nil {
		return Epoch{}, err
	}
	seconds, steps := time.Since(start).Seconds(), float64(r.Steps())
	e := Epoch{
		Epoch:           epoch,
		Loss:            meters[meterLoss] / steps,
		LearningRate:    r.LearningRate(epoch, 0),
		ImagesPerSecond: steps * float64(r.Batch) / seconds,
		TrainSeconds:    seconds,
		PauseSeconds:    t.paused,
		GradientNorm:    meters[meterGradient] / steps,
		EmbeddingSpread: meters[meterSpread] / steps,
	}
	if c := collapse(r); c != nil {
		margin := c.Loss - e.Loss
		e.CollapseMargin = &margin
	}
	var bad []string
	e.Meters, bad = t.step.layout.means(meters, steps)
	e.Warning = warning(r, e, bad)
	return e, nil
}

// before does what comes between two steps: it stops the run, lets the method pause, and
// looks. The epoch has made so many steps since it started.
func (t *trainer) before(ctx context.Context, epoch, steps int, start time.Time) error {
	here := func() place { return place{epoch - 1, steps, time.Since(start).Seconds(), t.paused} }
	if err := ctx.Err(); err != nil {
		return t.stopped(here(), err)
	}
	step := (epoch-1)*t.recipe.Steps() + steps
	if err := t.pause(ctx, step); err != nil {
		if ctx.Err() != nil {
			return t.stopped(here(), ctx.Err())
		}
		if _, diverged := t.finiteMeters(epoch, steps); diverged != nil {
			return diverged
		}
		return fmt.Errorf("train: epoch %d: before step %d: %w", epoch, steps+1, err)
	}
	return t.look(step)
}

// finiteMeters returns the meters of an epoch in work after so many steps, or the error of
// one that has diverged.
func (t *trainer) finiteMeters(epoch, steps int) ([]float64, error) {
	meters, err := floats(t.state.meters)
	if err != nil {
		return nil, err
	}
	if bad := meters[meterBadStep]; bad < float64(steps) {
		return nil, t.diverged(epoch, int(bad)+1)
	}
	return meters, nil
}

// diverged is the error of a loss or gradient that is not a number.
func (t *trainer) diverged(epoch, step int) error {
	if err := t.folder.wait(); err != nil {
		return err
	}
	text := fmt.Sprintf("train: epoch %d: step %d: the loss or its gradient is not a finite number: likely the learning rate, %.3g there, is too high",
		epoch, step, t.recipe.LearningRate(epoch, step-1))
	if t.folder != nil && len(t.result.Epochs) > 0 {
		text += fmt.Sprintf("; %s keeps the run as it was after epoch %d", t.folder.dir, t.result.Last().Epoch)
	}
	return errors.New(text)
}

// finishEpoch measures the network, and keeps the epoch.
func (t *trainer) finishEpoch(ctx context.Context, e Epoch) error {
	start := time.Now()
	var err error
	if t.recipe.Eval.On() {
		t.tell(Event{Phase: Evaluating, Epoch: e.Epoch})
		e.KNN, err = t.eval.accuracy(ctx, t.state)
	}
	if err != nil {
		if ctx.Err() != nil {
			return t.stopped(place{e.Epoch - 1, t.recipe.Steps(), e.TrainSeconds, e.PauseSeconds}, ctx.Err())
		}
		return fmt.Errorf("train: epoch %d: %w", e.Epoch, err)
	}
	e.KNNSeconds = time.Since(start).Seconds()
	memory, err := t.device.Memory()
	if err != nil {
		return fmt.Errorf("train: epoch %d: %w", e.Epoch, err)
	}
	e.MemoryPeak = memory.Peak
	if memory.Peak == t.peak {
		memory.Source += ", of an earlier run of the process"
	}
	memory.Peak = max(memory.Peak, t.result.Memory.Peak) // of the processes before, where the run was stopped
	t.result.Memory = memory
	t.result.Epochs = append(t.result.Epochs, e)
	if err := t.resetCounters(); err != nil {
		return err
	}
	if err := t.folder.save(t.result, place{Epoch: e.Epoch}, t.state, t.step.layout); err != nil {
		return fmt.Errorf("train: epoch %d: %w", e.Epoch, err)
	}
	t.tell(Event{Phase: EpochDone, Epoch: e.Epoch})
	return nil
}

// resetCounters makes the state ready for the first step of an epoch.
func (t *trainer) resetCounters() (err error) {
	t.done = place{}
	t.state.meters.free()
	t.state.number.free()
	if t.state.meters, err = t.step.vector(t.step.layout.noMeters()); err != nil {
		return err
	}
	t.state.number, err = upload(t.device, []int32{0})
	return err
}

// stopped saves a run whose context ended, and returns the error that says how
// to go on.
func (t *trainer) stopped(at place, cause error) error {
	after := at.Epoch < 0 || at.Step == 0 // the folder has it, or there is nothing to keep
	switch {
	case t.folder == nil && after:
		return fmt.Errorf("train: stopped after epoch %d: %w", max(at.Epoch, 0), cause)
	case t.folder == nil:
		return fmt.Errorf("train: stopped in epoch %d: %w", at.Epoch+1, cause)
	case after:
		if err := t.folder.wait(); err != nil {
			return err
		}
		return fmt.Errorf("train: stopped after epoch %d; running it again goes on from %s: %w", max(at.Epoch, 0), t.folder.dir, cause)
	}
	if _, err := t.finiteMeters(at.Epoch+1, at.Step); err != nil {
		return err
	}
	if err := t.folder.save(t.result, at, t.state, t.step.layout); err != nil {
		return err
	}
	if err := t.folder.wait(); err != nil {
		return err
	}
	return fmt.Errorf("train: stopped in epoch %d after step %d of %d; running it again goes on from there, from %s: %w",
		at.Epoch+1, at.Step, t.recipe.Steps(), t.folder.dir, cause)
}
