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
type Classifier struct{ voter }

// NewClassifier returns a classifier on a device.
func (k KNN) NewClassifier(d *device.Device, classes int) (*Classifier, error) {
	if err := k.check(classes); err != nil {
		return nil, err
	}
	v, err := newVoter(d, []KNN{k}, classes)
	return &Classifier{v}, err
}

// Plan compiles the program that classifies a batch of queries for a device that is not
// there, see [device.Target].
func (k KNN) Plan(d *device.Device, queries, bank, dim, classes int) (device.Program, error) {
	if err := k.check(classes); err != nil {
		return device.Program{}, err
	}
	return d.Plan(voteName, classify([]KNN{k}, d.Kind, classes),
		shapes.Make(dtypes.Float32, queries, dim), shapes.Make(dtypes.Float32, bank, dim), shapes.Make(dtypes.Int32, bank), shapes.Make(dtypes.Int32))
}

func (k KNN) check(classes int) error {
	if err := k.Validate(); err != nil {
		return err
	}
	if !k.On() {
		return errors.New("eval: KNN: the zero value classifies nothing: want k at least 1, and a temperature")
	}
	if classes < 2 {
		return fmt.Errorf("eval: KNN: %d classes, want at least 2", classes)
	}
	return nil
}

// normalize makes similarities products.
//
//	in      features [n, dim]
//	result  features with norm 1, and the first image whose norm is not a finite number, or n
func normalize(in []*graph.Node) []*graph.Node {
	x := op.Widen(in[0])
	finite := graph.IsFinite(graph.ReduceSum(graph.Square(x), 1)) // [n]
	image := graph.Iota(x.Graph(), shapes.Make(dtypes.Int32, x.Shape().Dimensions[0]), 0)
	none := graph.Scalar(x.Graph(), dtypes.Int32, x.Shape().Dimensions[0])
	return []*graph.Node{op.Normalize(x), graph.ReduceAllMin(graph.Where(finite, none, image))}
}

// classify returns the program that classifies the batch of queries that begins at start.
//
//	in      queries [n, dim] and bank [m, dim], both normalised; labels [m] int32; start, a scalar int32
//	result  [batch] int32 for each setting
func classify(settings []KNN, kind device.Kind, classes int) func(in []*graph.Node) []*graph.Node {
	find := sorted
	if kind != device.Go {
		find = pruned
	}
	return func(in []*graph.Node) []*graph.Node {
		queries, bank, labels, start := in[0], in[1], in[2], in[3]
		batch := queryBatch(kind, queries.Shape().Dimensions[0], bank.Shape().Dimensions[0])
		rows := graph.Add(graph.Iota(queries.Graph(), shapes.Make(dtypes.Int32, batch, 1), 0), start) // [batch, 1]
		similarities := op.MatMulT(graph.Gather(queries, rows, true), bank)                           // [batch, bank]
		answers := votes(settings, find, similarities, labels, classes)                               // [batch, classes] each
		for i, scores := range answers {
			answers[i] = graph.ArgMax(scores, 1, dtypes.Int32)
		}
		return answers
	}
}

// queryBatch is how many of the queries are classified at a time: on a GPU as many as
// have 100 million similarities, which are 400 MB.
func queryBatch(kind device.Kind, queries, bank int) int {
	switch kind {
	case device.Go:
		return min(50, queries)
	case device.CUDA:
		return min(max(100_000_000/bank, 1), queries)
	}
	return min(500, queries)
}

// Predict returns the class of every query.
//
//	queries  [n, dim] features, not yet normalised
//	bank     [m, dim], m at least K
//	labels   [m] int32
//	result   n classes
//
// It stops between batches when the context ends. A feature that is not a finite number
// is an error.
func (c *Classifier) Predict(ctx context.Context, queries, bank, labels *tensors.Tensor) ([]int32, error) {
	predictions, err := c.predict(ctx, queries, bank, labels)
	if err != nil {
		return nil, err
	}
	return predictions[0], nil
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
