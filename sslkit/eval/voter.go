package eval

import (
	"context"
	"fmt"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
)

// A voter searches once for the neighbours of each query, and classifies it by the votes
// of all settings.
type voter struct {
	settings  []KNN
	device    *device.Device
	normalize *graph.Exec
	vote      *graph.Exec
}

func newVoter(d *device.Device, settings []KNN, classes int) (voter, error) {
	v := voter{settings: settings, device: d}
	var err error
	if v.normalize, err = graph.NewExec(d.Backend, normalize); err != nil {
		return v, fmt.Errorf("eval: KNN: %w", err)
	}
	if v.vote, err = graph.NewExec(d.Backend, classify(settings, d.Kind, classes)); err != nil {
		return v, fmt.Errorf("eval: KNN: %w", err)
	}
	v.vote.WithName(voteName)
	return v, nil
}

// predict is [Classifier.Predict] for every setting.
func (v *voter) predict(ctx context.Context, queries, bank, labels *tensors.Tensor) ([][]int32, error) {
	total, size := queries.Shape().Dimensions[0], bank.Shape().Dimensions[0]
	for _, knn := range v.settings {
		if knn.K > size {
			return nil, fmt.Errorf("eval: KNN: k %d is more than the %d features of the bank", knn.K, size)
		}
	}
	queries, err := v.normalized(queries, "the queries")
	if err != nil {
		return nil, err
	}
	defer queries.MustFinalizeAll()
	if bank, err = v.normalized(bank, "the bank"); err != nil {
		return nil, err
	}
	defer bank.MustFinalizeAll()

	var inputs [3]spread
	for i, x := range []*tensors.Tensor{queries, bank, labels} {
		if inputs[i], err = newSpread(v.device, x); err != nil {
			return nil, fmt.Errorf("eval: KNN: %w", err)
		}
		defer inputs[i].free()
	}
	predictions := make([][]int32, len(v.settings))
	for i := range predictions {
		predictions[i] = make([]int32, total)
	}
	batch := queryBatch(v.device.Kind, total, size)
	workers := crew{device: v.device}
	for start := 0; start < total; start += batch {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("eval: KNN: %w", err)
		}
		from := min(start, total-batch)
		err := workers.take(func(k int) error {
			return v.batch(k, from, start, predictions, inputs[0][k], inputs[1][k], inputs[2][k])
		})
		if err != nil {
			return nil, fmt.Errorf("eval: KNN: up to query %d: %w", from+batch, err)
		}
	}
	if err := workers.finish(); err != nil {
		return nil, fmt.Errorf("eval: KNN: the last queries: %w", err)
	}
	return predictions, nil
}

// batch has an accelerator classify the batch of queries that begins at from, for every
// setting, and keeps the predictions from start on.
func (v *voter) batch(accelerator, from, start int, predictions [][]int32, queries, bank, labels *tensors.Tensor) error {
	parts, _, err := v.vote.ExecWithGraphOnDevice(backends.DeviceNum(accelerator), queries, bank, labels, int32(from))
	if err != nil {
		return err
	}
	for i, part := range parts {
		classes, err := tensors.CopyFlatData[int32](part)
		part.MustFinalizeAll()
		if err != nil {
			return err
		}
		copy(predictions[i][start:], classes[start-from:])
	}
	return nil
}

// normalized returns features with norm 1.
func (v *voter) normalized(features *tensors.Tensor, name string) (*tensors.Tensor, error) {
	total := int32(features.Shape().Dimensions[0])
	x, bad, err := v.normalize.Exec2(features)
	if err != nil {
		return nil, fmt.Errorf("eval: KNN: normalise %s: %w", name, err)
	}
	defer bad.MustFinalizeAll()
	if image := tensors.ToScalar[int32](bad); image < total {
		x.MustFinalizeAll()
		return nil, fmt.Errorf("eval: KNN: a feature of image %d of %s is not a finite number, or too large", image, name)
	}
	return x, nil
}

// Free releases the compiled programs. The classifier is of no use then.
func (v *voter) Free() {
	v.normalize.Finalize()
	v.vote.Finalize()
}
