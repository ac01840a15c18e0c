package train

import (
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
	"github.com/gossl/gossl/sslkit/recipe"
)

// evaluator measures the kNN accuracy of a model, and fits linear probes: all
// test images against a bank of all training images.
type evaluator struct {
	device     *device.Device
	classes    int
	embedder   *eval.Embedder
	classifier *eval.Classifier // nil: the recipe wants no kNN accuracy
	train      *feed.Source     // shared with training
	test       *feed.Source
	labels     *tensors.Tensor // of the training images
	truth      []int32         // of the test images, as the training images' classes count
}

func newEvaluator(d *device.Device, r recipe.Recipe, vars *nn.Variables, train, test *feed.Source, data *dataset.Set) (*evaluator, error) {
	e := &evaluator{device: d, classes: len(data.Train.Classes), train: train, test: test}
	var err error
	if e.classes < 2 {
		return e, fmt.Errorf("train: the recipe's eval and linear tell classes apart, and the data have %d: "+
			"want at least 2, or neither eval nor linear, as recipe.For has it", e.classes)
	}
	if e.truth, err = truth(data); err != nil {
		return nil, err
	}
	if e.embedder, err = NewEmbedder(d, vars, r.Backbone, r.Views[0], r.Precision); err != nil {
		return e, err
	}
	if r.Eval.On() {
		if e.classifier, err = r.Eval.NewClassifier(d, e.classes); err != nil {
			return e, fmt.Errorf("train: %w", err)
		}
	}
	e.labels, err = upload(d, tensors.FromFlatDataAndDimensions(data.Train.Labels, data.Train.Len()))
	return e, err
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

// NewEmbedder returns an embedder of images as runs are evaluated: the features of a
// backbone, whose variables are among vars as [method.Features] has them, of images
// that the view's Size, Mean and Std prepare (see [augment.Policy.Plain]).
func NewEmbedder(d *device.Device, vars *nn.Variables, net nn.Net, view augment.Policy, precision device.Precision) (*eval.Embedder, error) {
	e, err := eval.NewEmbedder(d, vars, precision, func(scope *nn.Scope, images augment.Batch) *graph.Node {
		return method.Features(scope, net, view.Plain(images))
	})
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return e, nil
}

// accuracy is the kNN accuracy.
func (e *evaluator) accuracy(ctx context.Context, st *state) (float64, error) {
	return e.withFeatures(ctx, st, func(bank, queries *tensors.Tensor) ([]int32, error) {
		return e.classifier.Predict(ctx, queries, bank, e.labels)
	})
}

// linear is the accuracy of a linear probe.
func (e *evaluator) linear(ctx context.Context, l eval.Linear, st *state) (float64, error) {
	probe, err := l.NewProbe(e.device, e.classes)
	if err != nil {
		return 0, err
	}
	defer probe.Free()
	return e.withFeatures(ctx, st, func(bank, queries *tensors.Tensor) ([]int32, error) {
		if err := probe.Fit(ctx, bank, e.labels); err != nil {
			return nil, err
		}
		return probe.Predict(ctx, queries)
	})
}

// withFeatures embeds both splits and returns the accuracy of predictions from
// them for the test images.
func (e *evaluator) withFeatures(ctx context.Context, st *state, predict func(bank, queries *tensors.Tensor) ([]int32, error)) (float64, error) {
	bank, err := e.embedder.Embed(ctx, st.params, st.buffers, e.train)
	if err != nil {
		return 0, err
	}
	defer bank.MustFinalizeAll()
	queries, err := e.embedder.Embed(ctx, st.params, st.buffers, e.test)
	if err != nil {
		return 0, err
	}
	defer queries.MustFinalizeAll()
	predictions, err := predict(bank, queries)
	if err != nil {
		return 0, err
	}
	return eval.Accuracy(predictions, e.truth), nil
}

// free releases what a run holds: its folder, its compiled programs, and its
// memory on the device, so that the next run of the same process finds it free.
func (t *trainer) free() {
	t.folder.close()
	t.freePrograms()
	var held []*tensors.Tensor
	if t.state != nil {
		for _, field := range t.state.fields() {
			held = append(held, *field)
		}
	}
	if t.eval != nil {
		held = append(held, t.eval.labels)
	}
	for _, x := range held {
		if x != nil && x.Ok() {
			x.MustFinalizeAll()
		}
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

// floats copies a tensor of the parameters' type to the host.
func floats(t *tensors.Tensor) ([]float64, error) {
	if t.DType() == dtypes.Float64 {
		return tensors.CopyFlatData[float64](t)
	}
	narrow, err := tensors.CopyFlatData[float32](t)
	if err != nil {
		return nil, err
	}
	wide := make([]float64, len(narrow))
	for i, v := range narrow {
		wide[i] = float64(v)
	}
	return wide, nil
}
