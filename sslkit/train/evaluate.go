package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/recipe"
)

// evaluator measures the kNN accuracy of a model, fits linear probes, and measures what
// else a recipe asks for: all test images against a bank of all training images.
type evaluator struct {
	device     *device.Device
	classes    int
	embedder   *eval.Embedder
	drawer     func(view augment.Policy) (*eval.Drawer, error)
	classifier *eval.Classifier // nil: the recipe wants no kNN accuracy
	train      *feed.Source     // shared with training
	test       *feed.Source     // nil if there are no test images
	labels     copies           // of the training images; nil like truth if the recipe compares no classes
	truth      []int32          // of the test images, as the training images' classes count
}

func newEvaluator(d *device.Device, r recipe.Recipe, vars *nn.Variables, train, test *feed.Source, data *dataset.Set) (*evaluator, error) {
	e := &evaluator{device: d, classes: len(data.Train.Classes), train: train, test: test}
	e.drawer = func(view augment.Policy) (*eval.Drawer, error) {
		return NewDrawer(d, vars, r.Method, r.Backbone, view, r.Precision)
	}
	if r.Labelled() {
		if err := e.label(data); err != nil {
			return e, err
		}
	}
	var err error
	if e.embedder, err = NewEmbedder(d, vars, r.Method, r.Backbone, r.EvalView(), r.Precision); err != nil {
		return e, err
	}
	if r.Eval.On() {
		if e.classifier, err = r.Eval.NewClassifier(d, e.classes); err != nil {
			return e, fmt.Errorf("train: %w", err)
		}
	}
	return e, nil
}

// label brings the classes of both splits together.
func (e *evaluator) label(data *dataset.Set) (err error) {
	if e.classes < 2 {
		return fmt.Errorf("train: the recipe's eval and linear tell classes apart, and the data have %d: "+
			"want at least 2, or neither eval nor linear, as recipe.For has it", e.classes)
	}
	if e.truth, err = truth(data); err != nil {
		return err
	}
	e.labels, err = upload(e.device, data.Train.Labels, data.Train.Len())
	return err
}

// truth returns the labels of the test images as indices into the classes of the
// training images: those with the same names.
func truth(data *dataset.Set) ([]int32, error) {
	train, test := data.Train, data.Test
	if test.Classes == nil && !slices.ContainsFunc(test.Labels, func(label int32) bool { return label != 0 }) {
		return nil, errors.New("train: the recipe's eval and linear compare classes, and the test images have none: " +
			"want classes, or neither eval nor linear")
	}
	labels, err := embedding.MatchLabels(test.Labels, test.Classes, train.Classes)
	if err != nil {
		return nil, fmt.Errorf("train: test and training images: %w", err)
	}
	return labels, nil
}

// aboutNeighbours says what the kNN accuracy of a run is, where nobody knows it: on
// data of one's own; and where it tells little; or "".
func aboutNeighbours(r recipe.Recipe, classes int) string {
	if !r.Eval.On() {
		return ""
	}
	_, known := dataset.About(r.Data)
	sensible := recipe.Neighbours(r.Eval.K, r.TrainImages, classes)
	switch {
	case r.Eval.K > sensible:
		return fmt.Sprintf("kNN accuracy tells little: it asks the %d nearest of %d training images, and a class has about %d; "+
			"want an Eval.K of at most that", r.Eval.K, r.TrainImages, sensible)
	case !known:
		return fmt.Sprintf("kNN accuracy asks the %d nearest of %d training images of %d classes", r.Eval.K, r.TrainImages, classes)
	}
	return ""
}

// NewEmbedder returns an embedder of images as runs of a method are evaluated: the
// features of a backbone, whose variables are among vars as [method.Evaluated] has
// them, with or without a method, of images that the view's Size, Mean and Std prepare
// (see [augment.Policy.Plain]).
func NewEmbedder(d *device.Device, vars *nn.Variables, m method.Method, net nn.Net, view augment.Policy, precision device.Precision) (*eval.Embedder, error) {
	e, err := eval.NewEmbedder(d, vars, precision, func(scope *nn.Scope, images augment.Batch) *graph.Node {
		return method.Evaluated(scope, m, net, view.Plain(images))
	})
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return e, nil
}

// NewDrawer returns a drawer of views of images as a policy has them, for a network and
// variables as [NewEmbedder] has them.
func NewDrawer(d *device.Device, vars *nn.Variables, m method.Method, net nn.Net, view augment.Policy, precision device.Precision) (*eval.Drawer, error) {
	w, err := eval.NewDrawer(d, vars, precision, func(scope *nn.Scope, keys *graph.Node, images augment.Batch) *graph.Node {
		return method.Evaluated(scope, m, net, view.View(keys, images))
	})
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return w, nil
}

// accuracy is the kNN accuracy.
func (e *evaluator) accuracy(ctx context.Context, st *state) (float64, error) {
	bank, err := e.embedder.Embed(ctx, st.params[0], st.buffers[0], e.train)
	if err != nil {
		return 0, err
	}
	defer bank.MustFinalizeAll()
	queries, err := e.embedder.Embed(ctx, st.params[0], st.buffers[0], e.test)
	if err != nil {
		return 0, err
	}
	defer queries.MustFinalizeAll()
	predictions, err := e.classifier.Predict(ctx, queries, bank, e.labels[0])
	if err != nil {
		return 0, err
	}
	return eval.Accuracy(predictions, e.truth), nil
}

// subject is the model as it is now, to be measured.
func (e *evaluator) subject(st *state) *eval.Subject {
	s := &eval.Subject{
		Device: e.device, Embedder: e.embedder, NewDrawer: e.drawer, Params: st.params[0], Buffers: st.buffers[0],
		Train: e.train, Test: e.test, Classes: e.classes, Truth: e.truth,
	}
	if e.labels != nil {
		s.Labels = e.labels[0]
	}
	return s
}

// probe fits the recipe's linear probe to the features of the last epoch.
func (t *trainer) probe(ctx context.Context) error {
	if !t.recipe.Linear.On() || t.result.Linear > 0 {
		return nil
	}
	t.tell(Event{Phase: Evaluating, Epoch: t.recipe.Epochs, Note: "linear probe"})
	accuracy, err := t.eval.subject(t.state).Linear(ctx, t.recipe.Linear)
	if ctx.Err() != nil {
		return t.stopped(place{Epoch: t.recipe.Epochs}, ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("train: linear probe: %w", err)
	}
	t.result.Linear = accuracy
	return t.folder.save(t.result, place{Epoch: t.recipe.Epochs}, t.state, t.step.layout)
}

// measure measures what else the recipe asks for of the network after the last epoch. Each
// part is kept when it is done.
func (t *trainer) measure(ctx context.Context) error {
	var before eval.Measured
	if t.result.Measured != nil {
		before = *t.result.Measured
	}
	tell := func(before eval.Measured) (more bool) {
		if more = t.recipe.Measures.Missing(before).On(); more {
			t.tell(Event{Phase: Evaluating, Epoch: t.recipe.Epochs, Note: "further measures"})
		}
		return more
	}
	if !tell(before) {
		return nil
	}
	_, err := t.eval.subject(t.state).Measure(ctx, t.recipe.Measures, before, func(m eval.Measured) error {
		t.result.Measured = &m
		if err := t.folder.save(t.result, place{Epoch: t.recipe.Epochs}, t.state, t.step.layout); err != nil {
			return err
		}
		tell(m)
		return nil
	})
	if ctx.Err() != nil {
		return t.stopped(place{Epoch: t.recipe.Epochs}, ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("train: measures: %w", err)
	}
	return nil
}

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
		_, step := s.bind(params, buffers, key, feed.Take(set, places), s.clock(epoch, number))
		return graph.ConvertDType(l.Build(step), dtypes.Float32)
	})
	if err != nil {
		return nil, fmt.Errorf("train: look: %w", err)
	}
	exec.WithName("look")
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
	args := []any{st.params[0], st.buffers[0], int32(epoch), int32(number), l.key, l.images.Places(l.order, len(l.order))}
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
