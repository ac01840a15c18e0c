package train

import (
	"context"
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/op"
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
	if st.meters, err = t.step.vector(noMeters, meterCount); err != nil {
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
