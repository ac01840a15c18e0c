package train

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/op"
)

// What random numbers are drawn for: the counter after the seed.
const (
	drawWeights = iota
	drawOrder
	drawViews
	drawLooks
)

// epochInput draws the order of an epoch's images, from the seed and the
// epoch's number alone. The first step that is made is step, counted from 0.
func (t *trainer) epochInput(epoch, step int) (*epochInput, error) {
	r := t.recipe
	random := rand.New(rand.NewPCG(op.Key(r.Seed, drawOrder, uint64(epoch)), 0))
	order := make([]int32, 0, r.TrainImages)
	for _, i := range random.Perm(r.TrainImages)[:r.Steps()*r.Batch] {
		order = append(order, int32(i))
	}
	in := &epochInput{}
	var err error
	places := tensors.FromFlatDataAndDimensions(t.train.Places(order, r.Batch), r.Steps(), r.Batch)
	if in.places, err = upload(t.device, places); err != nil {
		return nil, err
	}
	if in.epoch, err = upload(t.device, tensors.FromScalar(int32(epoch-1))); err != nil {
		return nil, err
	}
	rates := make([]float64, r.Steps())
	for s := range rates {
		rates[s] = r.LearningRate(epoch, s)
	}
	if in.rates, err = t.step.vector(rates, len(rates)); err != nil {
		return nil, err
	}
	if in.key, err = upload(t.device, tensors.FromScalar(op.Key(r.Seed, drawViews, uint64(epoch)))); err != nil {
		return nil, err
	}
	in.images, err = t.train.Read(order[step*r.Batch:], r.Batch)
	return in, err
}

func (t *trainer) trainEpoch(ctx context.Context, epoch int) (Epoch, error) {
	r := t.recipe
	in, err := t.epochInput(epoch, t.done.Step)
	if err != nil {
		return Epoch{}, err
	}
	defer in.free()
	start := time.Now().Add(-time.Duration(t.done.Seconds * float64(time.Second)))
	for s := t.done.Step; s < r.Steps(); s++ {
		if err := ctx.Err(); err != nil {
			return Epoch{}, t.stopped(place{epoch - 1, s, time.Since(start).Seconds()}, err)
		}
		if err := t.look((epoch-1)*r.Steps() + s); err != nil {
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
	meters, err := floats(t.state.meters)
	if err != nil {
		return Epoch{}, err
	}
	if bad := meters[meterBadStep]; bad < float64(r.Steps()) {
		return Epoch{}, t.diverged(epoch, int(bad)+1)
	}
	seconds, steps := time.Since(start).Seconds(), float64(r.Steps())
	e := Epoch{
		Epoch:           epoch,
		Loss:            meters[meterLoss] / steps,
		LearningRate:    r.LearningRate(epoch, 0),
		ImagesPerSecond: steps * float64(r.Batch) / seconds,
		TrainSeconds:    seconds,
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

// diverged is the error of a loss or gradient that is not a number.
func (t *trainer) diverged(epoch, step int) error {
	if err := t.folder.wait(); err != nil {
		return err
	}
	text := fmt.Sprintf("train: epoch %d: step %d: the loss or its gradient is not a finite number", epoch, step)
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
			return t.stopped(place{e.Epoch - 1, t.recipe.Steps(), e.TrainSeconds}, ctx.Err())
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

// probe fits the recipe's linear probe to the features of the last epoch.
func (t *trainer) probe(ctx context.Context) error {
	if !t.recipe.Linear.On() || t.result.Linear > 0 {
		return nil
	}
	t.tell(Event{Phase: Evaluating, Epoch: t.recipe.Epochs, Note: "linear probe"})
	accuracy, err := t.eval.linear(ctx, t.recipe.Linear, t.state)
	if ctx.Err() != nil {
		return t.stopped(place{Epoch: t.recipe.Epochs}, ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("train: linear probe: %w", err)
	}
	t.result.Linear = accuracy
	return t.folder.save(t.result, place{Epoch: t.recipe.Epochs}, t.state, t.step.layout)
}

// stopped saves a run whose context ended, and returns the error that says how
// to go on.
func (t *trainer) stopped(at place, cause error) error {
	if t.folder == nil {
		return fmt.Errorf("train: stopped in epoch %d: %w", at.Epoch+1, cause)
	}
	if at.Epoch < 0 || at.Step == 0 { // the folder has it, or there is nothing to keep
		if err := t.folder.wait(); err != nil {
			return err
		}
		return fmt.Errorf("train: stopped after epoch %d; running it again goes on from %s: %w", max(at.Epoch, 0), t.folder.dir, cause)
	}
	meters, err := floats(t.state.meters)
	if err != nil {
		return err
	}
	if bad := meters[meterBadStep]; bad < float64(at.Step) {
		return t.diverged(at.Epoch+1, int(bad)+1)
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
