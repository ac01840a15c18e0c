package eval

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/op"
)

// KNN classifies by the weighted vote of the K nearest neighbours in a bank of
// labelled features: nearest by cosine similarity s, with weight exp(s/T). The
// zero value is off.
//
// Wu et al., Unsupervised Feature Learning via Non-Parametric Instance
// Discrimination, 2018, arXiv:1805.01978, section 3.4.
type KNN struct {
	K           int     `json:"k"`
	Temperature float64 `json:"temperature"` // T
}

// On reports whether there is anything to do: the zero value is off.
func (k KNN) On() bool { return k != KNN{} }

// Validate reports the first field that makes no sense.
func (k KNN) Validate() error {
	if !k.On() {
		return nil
	}
	if k.K < 1 {
		return fmt.Errorf("eval: KNN: k %d, want at least 1", k.K)
	}
	if !(k.Temperature > 0) {
		return fmt.Errorf("eval: KNN: temperature %g, want a positive one", k.Temperature)
	}
	return nil
}

// A Classifier is a compiled [KNN] with a number of classes.
type Classifier struct {
	knn       KNN
	normalize *graph.Exec
	vote      *graph.Exec
	batch     int
}

// NewClassifier returns a classifier on a device.
func (k KNN) NewClassifier(d *device.Device, classes int) (*Classifier, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	if !k.On() {
		return nil, errors.New("eval: KNN: the zero value classifies nothing: want k at least 1, and a temperature")
	}
	if classes < 2 {
		return nil, fmt.Errorf("eval: KNN: %d classes, want at least 2", classes)
	}
	c := &Classifier{knn: k, batch: queryBatch(d)}
	var err error
	if c.normalize, err = graph.NewExec(d.Backend, op.Normalize); err != nil {
		return nil, fmt.Errorf("eval: KNN: %w", err)
	}
	search := sortedSearch
	if d.Kind == device.CUDA {
		search = bisectingSearch
	}
	c.vote, err = graph.NewExec(d.Backend, func(queries, bank, labels, start *graph.Node) *graph.Node {
		batch := min(c.batch, queries.Shape().Dimensions[0])
		rows := graph.Add(graph.Iota(queries.Graph(), shapes.Make(dtypes.Int32, batch, 1), 0), start) // [batch, 1]
		similarities := op.MatMulT(graph.Gather(queries, rows, true), bank)                           // [batch, bank]
		scores := search(similarities, labels, k, classes)                                            // [batch, classes]
		return graph.ArgMax(scores, 1, dtypes.Int32)
	})
	if err != nil {
		return nil, fmt.Errorf("eval: KNN: %w", err)
	}
	return c, nil
}

func queryBatch(d *device.Device) int {
	if d.Kind == device.Go {
		return 50
	}
	return 500
}

// Predict returns the class of every query.
//
//	queries  [n, dim] features, not yet normalised
//	bank     [m, dim], m at least K
//	labels   [m] int32
//	result   n classes
//
// It stops between batches when the context ends.
func (c *Classifier) Predict(ctx context.Context, queries, bank, labels *tensors.Tensor) ([]int32, error) {
	total, size := queries.Shape().Dimensions[0], bank.Shape().Dimensions[0]
	if c.knn.K > size {
		return nil, fmt.Errorf("eval: KNN: k %d is more than the %d features of the bank", c.knn.K, size)
	}
	queries, err := c.normalize.Exec1(queries)
	if err != nil {
		return nil, fmt.Errorf("eval: KNN: normalise queries: %w", err)
	}
	defer queries.MustFinalizeAll()
	if bank, err = c.normalize.Exec1(bank); err != nil {
		return nil, fmt.Errorf("eval: KNN: normalise bank: %w", err)
	}
	defer bank.MustFinalizeAll()

	predictions := make([]int32, 0, total)
	batch := min(c.batch, total)
	for start := 0; start < total; start += batch {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("eval: KNN: %w", err)
		}
		from := min(start, total-batch)
		part, err := c.vote.Exec1(queries, bank, labels, int32(from))
		if err != nil {
			return nil, fmt.Errorf("eval: KNN: queries %d to %d: %w", from, from+batch, err)
		}
		classes, err := tensors.CopyFlatData[int32](part)
		part.MustFinalizeAll()
		if err != nil {
			return nil, fmt.Errorf("eval: KNN: %w", err)
		}
		predictions = append(predictions, classes[start-from:]...)
	}
	return predictions, nil
}

// Free releases the compiled programs. The classifier is of no use then.
func (c *Classifier) Free() {
	c.normalize.Finalize()
	c.vote.Finalize()
}

// Accuracy is the fraction of predictions that equal the labels, in [0, 1]. Both
// are indices into the same classes, as those of Classify and the test set are. It
// panics if there are not as many of both, or none.
func Accuracy(predictions, labels []int32) float64 {
	if len(predictions) != len(labels) || len(labels) == 0 {
		panic(fmt.Errorf("eval: Accuracy: %d predictions for %d labels, want one for each of at least one", len(predictions), len(labels)))
	}
	correct := 0
	for i, label := range labels {
		if predictions[i] == label {
			correct++
		}
	}
	return float64(correct) / float64(len(labels))
}
