// Package train runs recipes: it turns one into a compiled step, drives the
// epochs, measures kNN accuracy after each, and keeps a run folder from which a
// run goes on to the same numbers.
//
// [Run] is all one needs: a recipe and a folder go in, a [Result] with a line
// for each [Epoch] comes out. It tells how it gets on by an [Event], and stops
// between two steps. [Open] reads a folder, also of a run that goes on;
// [Measure] says how long a run would take.
package train

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/recipe"
)

// Options are what does not change the numbers of a run.
type Options struct {
	Dir    string      // run folder; "" keeps nothing. A run that is there already goes on.
	Device device.Kind // "" is device.Auto
	// Devices is how many devices of the machine train together, GPUs or, to try it, virtual
	// ones of a CPU; 0 is 1. The batch is cut into as many parts, images are on each device,
	// divided among them or streamed, and results are the same to rounding: the loss, its gradient and
	// batch norm's statistics are those of the whole batch, unless the recipe has statistics
	// of its parts (recipe.Recipe.NormParts). A run can be taken up on another number of
	// devices. On a CPU convolutions are XLA's own then, not oneDNN's.
	Devices int
	Feed    feed.Mode    // where the images are kept; "" is feed.Auto
	Data    *dataset.Set // images of your own, see [recipe.Recipe.For]; nil: what the recipe names is loaded
	Report  func(Event)  // told how the run gets on; may be nil
	Look    *Look        // computes something of the network as it trains; may be nil
}

// oneSignal is how long signals count as one: a cluster's manager sends its signal to
// each process of a job, and those hand it on to others.
const oneSignal = time.Second

// Run trains a recipe and measures kNN accuracy before the first and after
// every epoch, unless the recipe's Eval is zero.
//
// A run folder that holds the same recipe is taken up where it was left, to the
// same numbers on the same device as a run without a break; one that holds
// another recipe or a run on other images, or that another run writes, is an
// error. Images are told by their pixels, and those that accuracy is measured with
// by the names of their labels, too; folders of older versions do not know theirs.
// Classes of training and test images are matched by name. When the context ends
// Run finishes the step in work, saves a checkpoint and returns an error that
// wraps the context's; so does an interrupt (Ctrl-C, a notebook's stop button)
// or SIGTERM. A second signal, a second later or more, ends the process at once. A
// process that is killed loses the epoch in work. A loss that is not a finite number
// is an error, and the folder keeps what was before it.
func Run(ctx context.Context, r recipe.Recipe, opts Options) (*Result, error) {
	if err := Check(r, opts); err != nil {
		return nil, err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, func() {
		time.Sleep(oneSignal)
		stop() // a second signal finds no handler
	})()

	t := &trainer{recipe: r, report: opts.Report, result: &Result{Recipe: r}}
	defer t.free()
	if err := t.prepare(ctx, opts); err != nil {
		return nil, err
	}
	if err := t.compile(); err != nil {
		return nil, err
	}
	if len(t.result.Epochs) == 0 {
		if err := t.finishEpoch(ctx, Epoch{}); err != nil {
			return nil, err
		}
		if r.Epochs == 0 { // the first look is the last
			if err := t.look(0); err != nil {
				return nil, err
			}
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
	if err := t.probe(ctx); err != nil {
		return nil, err
	}
	if err := t.measure(ctx); err != nil {
		return nil, err
	}
	if err := t.folder.wait(); err != nil {
		return nil, err
	}
	t.tell(Event{Phase: Finished, Epoch: r.Epochs})
	return t.result, nil
}

// Check returns the error with which [Run] refuses a recipe and options before it
// opens a device or loads images: fields that make no sense, and a run folder that
// holds another recipe. It writes nothing.
func Check(r recipe.Recipe, opts Options) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if err := opts.Look.validate(r); err != nil {
		return err
	}
	if err := opts.Feed.Validate(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if n := opts.Devices; n < 0 || r.Batch%max(n, 1) != 0 {
		return fmt.Errorf("train: devices: %d for batches of %d images, want a number that divides them evenly", n, r.Batch)
	}
	if opts.Dir == "" {
		return nil
	}
	if err := r.Kept(); err != nil {
		return fmt.Errorf("train: run folder: it could not be opened again: %w", err)
	}
	switch about, err := os.Stat(opts.Dir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("train: run folder: %w", err)
	case !about.IsDir():
		return fmt.Errorf("train: run folder: %s is a file", opts.Dir)
	}
	err := (&folder{dir: opts.Dir}).compare(r)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("train: %w", err)
	}
	return nil
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
	done   place   // what a stopped run had done of the epoch in work
	paused float64 // seconds of the epoch in work, see [method.Pauser]
	peak   int64   // of memory before the run, bytes: not more is an earlier run's
	train  *feed.Source
	test   *feed.Source // nil if the recipe compares no classes
	eval   *evaluator   // nil if it measures nothing
	looker *looker      // nil: there are no looks
}

func (t *trainer) tell(e Event) {
	if t.report != nil {
		e.Epochs, e.Result = t.recipe.Epochs, t.result
		t.report(e)
	}
}

func (t *trainer) prepare(ctx context.Context, opts Options) (err error) {
	if t.folder, err = openFolder(opts.Dir, t.recipe); err != nil {
		return err
	}
	t.tell(Event{Phase: Preparing, Note: "opening the device"})
	if t.device, err = device.OpenSeveral(opts.Device, max(opts.Devices, 1)); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	t.result.Device = t.device.String()
	t.device.ResetPeak()
	before, err := t.device.Memory()
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	t.peak = before.Peak
	data := opts.Data
	if data == nil {
		if data, err = Load(ctx, t.recipe, t.tell); err != nil {
			return err
		}
	}
	if train, test := data.Train.Len(), data.Test.Len(); train != t.recipe.TrainImages || test != t.recipe.TestImages {
		return fmt.Errorf("train: the data have %d training and %d test images, the recipe wants %d and %d",
			train, test, t.recipe.TrainImages, t.recipe.TestImages)
	}
	if err := t.checkData(data); err != nil {
		return err
	}
	if t.step, err = newStep(t.device, t.recipe); err != nil {
		return err
	}
	if t.state, err = t.initialState(); err != nil {
		return err
	}
	if t.train, err = feed.OpenFor(t.device, data.Train, opts.Feed, inputSize(t.recipe)); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if err := t.step.feed(t.train); err != nil {
		return err
	}
	if t.looker, err = newLooker(t.step, opts.Look, t.train); err != nil {
		return err
	}
	if !t.recipe.Labelled() && !t.recipe.Measures.On() {
		return nil
	}
	if t.recipe.Labelled() {
		if t.test, err = feed.OpenFor(t.device, data.Test, opts.Feed, inputSize(t.recipe)); err != nil {
			return fmt.Errorf("train: %w", err)
		}
	}
	if t.eval, err = newEvaluator(t.device, t.recipe, t.step.layout.vars, t.train, t.test, data); err != nil {
		return err
	}
	if note := aboutNeighbours(t.recipe, t.eval.classes); note != "" {
		t.tell(Event{Phase: Notice, Note: note})
	}
	return nil
}

// inputSize is how many pixels the largest views of a recipe have on a side.
func inputSize(r recipe.Recipe) int {
	size := 0
	for _, view := range r.Views {
		size = max(size, view.Size)
	}
	return size
}

// Load returns the images that a recipe names. It tells report how it gets on,
// unless that is nil. Runs of one recipe's data can share them.
func Load(ctx context.Context, r recipe.Recipe, report func(Event)) (*dataset.Set, error) {
	tell := func(note string) {
		if report != nil {
			report(Event{Phase: Preparing, Note: note, Epochs: r.Epochs})
		}
	}
	tell("loading " + string(r.Data))
	data, err := dataset.Load(ctx, r.Data, r.TrainImages, r.TestImages, func(what string, done, total int64) {
		tell(fmt.Sprintf("%s: %d of %d", what, done, total))
	})
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return data, nil
}

// checkData reports images that make no sense, or that are not those of the folder's run.
func (t *trainer) checkData(data *dataset.Set) error {
	if err := data.Train.Validate(); err != nil {
		return fmt.Errorf("train: training images: %w", err)
	}
	if data.Test.Len() > 0 { // none, if the recipe wants none
		if err := data.Test.Validate(); err != nil {
			return fmt.Errorf("train: test images: %w", err)
		}
	}
	note, err := t.folder.claimData(t.recipe, data)
	if note != "" {
		t.tell(Event{Phase: Notice, Note: note})
	}
	return err
}

// initialState is the folder's checkpoint, or else a new model.
func (t *trainer) initialState() (*state, error) {
	saved, note, err := t.folder.load(t.result, t.step.layout)
	if err != nil {
		return nil, err
	}
	if note != "" {
		t.tell(Event{Phase: Notice, Note: note})
	}
	if saved == nil {
		saved = t.step.layout.empty()
		saved.params, saved.buffers = initial(t.step.layout.vars, t.recipe)
	}
	t.done = saved.place
	st := t.step.layout.noState()
	for i, v := range st.vectors() {
		from := *saved.vectors()[i]
		if *v, err = t.step.vector(from); err != nil {
			return nil, err
		}
	}
	st.number, err = upload(t.device, []int32{int32(saved.Step)})
	return st, err
}

func (t *trainer) compile() error {
	t.tell(Event{Phase: Preparing, Note: "compiling the training step"})
	in, err := t.epochInput(1, 0)
	if err != nil {
		return err
	}
	defer in.free()
	took, err := t.step.compile(t.state, in)
	t.result.CompileSeconds += took.Seconds()
	return err
}

// free releases what a run holds: its folder, its compiled programs, and its
// memory on the device, so that the next run of the same process finds it free.
func (t *trainer) free() {
	t.folder.close()
	t.freePrograms()
	if t.state != nil {
		for _, field := range t.state.fields() {
			field.free()
		}
	}
	if t.eval != nil {
		t.eval.labels.free()
	}
	for _, images := range []*feed.Source{t.train, t.test} {
		if images != nil {
			images.Free()
		}
	}
}

// freePrograms releases what was compiled for the run.
func (t *trainer) freePrograms() {
	var programs []*graph.Exec
	if t.step != nil {
		programs = append(programs, t.step.exec)
	}
	if t.looker != nil {
		programs = append(programs, t.looker.exec)
	}
	for _, program := range programs {
		if program != nil {
			program.Finalize()
		}
	}
	if t.eval == nil {
		return
	}
	if t.eval.embedder != nil {
		t.eval.embedder.Free()
	}
	if t.eval.classifier != nil {
		t.eval.classifier.Free()
	}
}
