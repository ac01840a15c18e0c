package train

import (
	"context"
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/recipe"
)

// evaluator measures the kNN accuracy of a model: all test images against a
// bank of all training images.
type evaluator struct {
	embedder   *eval.Embedder
	classifier *eval.Classifier
	train      *tensors.Tensor // [n, height, width, 3] uint8, shared with training
	test       *tensors.Tensor
	labels     *tensors.Tensor // of the training images
	truth      []int32         // of the test images
}

func newEvaluator(d *device.Device, r recipe.Recipe, vars *nn.Variables, train *tensors.Tensor, data *dataset.Set) (*evaluator, error) {
	e := &evaluator{train: train, truth: data.Test.Labels}
	var err error
	e.embedder, err = eval.NewEmbedder(d, vars, r.Precision, func(scope *nn.Scope, images *graph.Node) *graph.Node {
		return method.Features(scope, r.Backbone, r.Views[0].Plain(images))
	})
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if e.classifier, err = r.Eval.NewClassifier(d, len(data.Train.Classes)); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if e.test, err = uploadImages(d, data.Test); err != nil {
		return nil, err
	}
	e.labels, err = upload(d, tensors.FromFlatDataAndDimensions(data.Train.Labels, data.Train.Len()))
	return e, err
}

func (e *evaluator) accuracy(ctx context.Context, st *state) (float64, error) {
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
	predictions, err := e.classifier.Predict(ctx, queries, bank, e.labels)
	if err != nil {
		return 0, err
	}
	return eval.Accuracy(predictions, e.truth), nil
}

func uploadImages(d *device.Device, images *dataset.Images) (*tensors.Tensor, error) {
	return upload(d, tensors.FromFlatDataAndDimensions(images.Pixels, images.Len(), images.Height, images.Width, 3))
}

// free releases what a run holds on the device, so that the next run of the
// same process finds its memory free.
func (t *trainer) free() {
	for _, x := range []*tensors.Tensor{
		t.state.params, t.state.velocity, t.state.buffers, t.state.meters, t.state.number,
		t.images, t.eval.test, t.eval.labels,
	} {
		if x != nil && x.Ok() {
			x.MustFinalizeAll()
		}
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
