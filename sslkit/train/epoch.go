package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/recipe"
)

// What random numbers are drawn for: the counter after the seed.
const (
	drawWeights = iota
	drawOrder
	drawViews
)

// epochInput draws the order of an epoch's images, from the seed and the
// epoch's number alone.
func (t *trainer) epochInput(epoch int) (*epochInput, error) {
	r := t.recipe
	random := rand.New(rand.NewPCG(op.Key(r.Seed, drawOrder, uint64(epoch)), 0))
	order := make([]int32, 0, r.TrainImages)
	for _, i := range random.Perm(r.TrainImages)[:r.Steps()*r.Batch] {
		order = append(order, int32(i))
	}
	in := &epochInput{images: t.images}
	var err error
	if in.order, err = upload(t.device, tensors.FromFlatDataAndDimensions(order, r.Steps(), r.Batch)); err != nil {
		return nil, err
	}
	if in.lr, err = t.step.vector([]float64{learningRate(r, epoch)}); err != nil {
		return nil, err
	}
	in.key, err = upload(t.device, tensors.FromScalar(op.Key(r.Seed, drawViews, uint64(epoch))))
	return in, err
}

func learningRate(r recipe.Recipe, epoch int) float64 {
	return r.Optim.LR * optim.Cosine(epoch-1, r.Epochs)
}

func (t *trainer) trainEpoch(ctx context.Context, epoch int) (Epoch, error) {
	r := t.recipe
	in, err := t.epochInput(epoch)
	if err != nil {
		return Epoch{}, err
	}
	defer in.free()
	if err := t.resetCounters(t.state); err != nil {
		return Epoch{}, err
	}
	start := time.Now()
	for s := range r.Steps() {
		if err := ctx.Err(); err != nil {
			return Epoch{}, t.stopped(epoch, err)
		}
		if err := t.step.run(t.state, in); err != nil {
			return Epoch{}, fmt.Errorf("train: epoch %d: step %d: %w", epoch, s+1, err)
		}
		t.tell(Event{Phase: Training, Epoch: epoch, Step: s + 1, Steps: r.Steps()})
	}
	meters, err := floats(t.state.meters)
	if err != nil {
		return Epoch{}, err
	}
	if bad := meters[meterBadStep]; bad != math.MaxInt32 && bad < float64(r.Steps()) {
		return Epoch{}, t.diverged(epoch, int(bad)+1)
	}
	seconds, steps := time.Since(start).Seconds(), float64(r.Steps())
	e := Epoch{
		Epoch:           epoch,
		Loss:            meters[meterLoss] / steps,
		LearningRate:    learningRate(r, epoch),
		ImagesPerSecond: steps * float64(r.Batch) / seconds,
		TrainSeconds:    seconds,
		GradientNorm:    meters[meterGradient] / steps,
		EmbeddingSpread: meters[meterSpread] / steps,
	}
	e.CollapseMargin = r.Method.Collapsed(r.Batch) - e.Loss
	e.Warning = warning(r, e)
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
	t.tell(Event{Phase: Evaluating, Epoch: e.Epoch})
	start := time.Now()
	var err error
	if e.KNN, err = t.eval.accuracy(ctx, t.state); err != nil {
		if ctx.Err() != nil {
			return t.stopped(e.Epoch, ctx.Err())
		}
		return fmt.Errorf("train: epoch %d: %w", e.Epoch, err)
	}
	e.KNNSeconds = time.Since(start).Seconds()
	if t.result.Memory, err = t.device.Memory(); err != nil {
		return fmt.Errorf("train: epoch %d: %w", e.Epoch, err)
	}
	e.MemoryPeak = t.result.Memory.Peak
	t.result.Epochs = append(t.result.Epochs, e)
	if err := t.folder.save(t.result, t.state, t.step.vars); err != nil {
		return fmt.Errorf("train: epoch %d: %w", e.Epoch, err)
	}
	t.tell(Event{Phase: EpochDone, Epoch: e.Epoch})
	return nil
}

// stopped is the error of a run whose context ended in an epoch.
func (t *trainer) stopped(epoch int, cause error) error {
	if err := t.folder.wait(); err != nil {
		return err
	}
	if t.folder == nil {
		return fmt.Errorf("train: stopped in epoch %d: %w", epoch, cause)
	}
	return fmt.Errorf("train: stopped in epoch %d; running it again goes on after epoch %d, from %s: %w",
		epoch, t.result.Last().Epoch, t.folder.dir, cause)
}
