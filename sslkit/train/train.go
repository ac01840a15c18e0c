package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/recipe"
)

// Options are what does not change the numbers of a run.
type Options struct {
	Dir    string       // run folder; "" keeps nothing. A run that is there already goes on.
	Device device.Kind  // device.Auto, …
	Data   *dataset.Set // nil: what the recipe names is loaded
	Report func(Event)  // told how the run gets on; may be nil
}

// Run trains a recipe and measures kNN accuracy before the first and after
// every epoch.
//
// A run folder that holds the same recipe is taken up after its last complete
// epoch, to the same numbers on the same device as a run without a break; one
// that holds another recipe is an error. When the context ends Run stops after
// the step in work and returns the context's error; the folder then holds the
// last complete epoch. A loss that is not a finite number is an error.
func Run(ctx context.Context, r recipe.Recipe, opts Options) (*Result, error) {
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	t := &trainer{recipe: r, report: opts.Report, result: &Result{Recipe: r}}
	if err := t.prepare(opts); err != nil {
		return nil, err
	}
	defer t.free()
	if err := t.compile(); err != nil {
		return nil, err
	}
	if len(t.result.Epochs) == 0 {
		if err := t.finishEpoch(ctx, Epoch{}); err != nil {
			return nil, err
		}
	}
	for e := t.result.Last().Epoch + 1; e <= r.Epochs; e++ {
		epoch, err := t.trainEpoch(ctx, e)
		if err != nil {
			return nil, err
		}
		if err := t.finishEpoch(ctx, epoch); err != nil {
			return nil, err
		}
	}
	if err := t.folder.wait(); err != nil {
		return nil, err
	}
	t.tell(Event{Phase: Finished, Epoch: r.Epochs})
	return t.result, nil
}

// trainer is a run in work.
type trainer struct {
	recipe recipe.Recipe
	report func(Event)
	result *Result
	device *device.Device
	folder *folder // nil: nothing is kept
	step   *step
	state  *state
	images *tensors.Tensor // of the training split, on the device
	eval   *evaluator
}

func (t *trainer) tell(e Event) {
	if t.report != nil {
		e.Epochs, e.Result = t.recipe.Epochs, t.result
		t.report(e)
	}
}

func (t *trainer) prepare(opts Options) (err error) {
	if t.folder, err = openFolder(opts.Dir, t.recipe); err != nil {
		return err
	}
	t.tell(Event{Phase: Preparing, Note: "opening the device"})
	if t.device, err = device.Open(opts.Device); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	t.result.Device = t.device.String()
	data := opts.Data
	if data == nil {
		t.tell(Event{Phase: Preparing, Note: "loading " + string(t.recipe.Data)})
		if data, err = dataset.Load(t.recipe.Data, t.recipe.TrainImages, t.recipe.TestImages); err != nil {
			return fmt.Errorf("train: %w", err)
		}
	}
	if train, test := data.Train.Len(), data.Test.Len(); train != t.recipe.TrainImages || test != t.recipe.TestImages {
		return fmt.Errorf("train: the data have %d training and %d test images, the recipe wants %d and %d",
			train, test, t.recipe.TrainImages, t.recipe.TestImages)
	}
	if t.step, err = newStep(t.device, t.recipe); err != nil {
		return err
	}
	if t.state, err = t.initialState(); err != nil {
		return err
	}
	if t.images, err = uploadImages(t.device, data.Train); err != nil {
		return err
	}
	t.eval, err = newEvaluator(t.device, t.recipe, t.step.vars, t.images, data)
	return err
}

// initialState is the folder's checkpoint, or else a new model.
func (t *trainer) initialState() (*state, error) {
	saved, err := t.folder.load(t.result, t.step.vars)
	if err != nil {
		return nil, err
	}
	if saved == nil {
		params, buffers := t.step.vars.Initial(op.Key(t.recipe.Seed, drawWeights))
		saved = &checkpoint{params: params, velocity: make([]float64, len(params)), buffers: buffers}
	}
	st := &state{}
	for _, v := range []struct {
		to   **tensors.Tensor
		from []float64
	}{{&st.params, saved.params}, {&st.velocity, saved.velocity}, {&st.buffers, saved.buffers}} {
		if *v.to, err = t.step.vector(v.from, len(v.from)); err != nil {
			return nil, err
		}
	}
	return st, t.resetCounters(st)
}

func (t *trainer) resetCounters(st *state) (err error) {
	for _, old := range []*tensors.Tensor{st.meters, st.number} {
		if old != nil {
			old.MustFinalizeAll()
		}
	}
	if st.meters, err = t.step.vector([]float64{meterLoss: 0, meterBadStep: math.MaxInt32}, meterCount); err != nil {
		return err
	}
	st.number, err = upload(t.device, tensors.FromScalar(int32(0)))
	return err
}

func (t *trainer) compile() error {
	t.tell(Event{Phase: Preparing, Note: "compiling the training step"})
	in, err := t.epochInput(1)
	if err != nil {
		return err
	}
	defer in.free()
	took, err := t.step.compile(t.state, in)
	t.result.CompileSeconds += took.Seconds()
	return err
}

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
		return Epoch{}, fmt.Errorf("train: epoch %d: the loss of step %.0f is not a finite number", epoch, bad+1)
	}
	seconds := time.Since(start).Seconds()
	return Epoch{
		Epoch:           epoch,
		Loss:            meters[meterLoss] / float64(r.Steps()),
		LearningRate:    learningRate(r, epoch),
		ImagesPerSecond: float64(r.Steps()*r.Batch) / seconds,
		TrainSeconds:    seconds,
	}, nil
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
