package train

import (
	"math"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/method"
)

// The meters of an epoch, sums over its steps: read once, at its end.
const (
	meterLoss     = iota
	meterGradient // norms
	meterSpread   // of the embeddings
	meterBadStep  // first step, counted from 0, whose loss or gradient was not finite
	meterCount
)

// noMeters are the meters before the first step.
var noMeters = []float64{meterBadStep: math.MaxInt32}

// record adds a step to the meters.
func record(meters, number *graph.Node, out method.Output, gradient *graph.Node) *graph.Node {
	g, dtype := meters.Graph(), meters.DType()
	stepLoss := graph.ConvertDType(out.Loss, dtype)
	norm := graph.Sqrt(graph.ReduceAllSum(graph.Square(gradient)))
	spread := graph.ConvertDType(spread(out.Embedding), dtype)

	finite := graph.LogicalAnd(graph.IsFinite(stepLoss), graph.IsFinite(norm))
	bad := graph.Where(finite, graph.Scalar(g, dtype, math.MaxInt32), graph.ConvertDType(number, dtype))
	at := func(i int) *graph.Node { return graph.Reshape(graph.Slice(meters, graph.AxisElem(i))) }
	values := []*graph.Node{
		meterLoss:     graph.Add(at(meterLoss), stepLoss),
		meterGradient: graph.Add(at(meterGradient), norm),
		meterSpread:   graph.Add(at(meterSpread), spread),
		meterBadStep:  graph.Min(at(meterBadStep), bad),
	}
	for i, v := range values {
		values[i] = graph.Reshape(v, 1)
	}
	return graph.Concatenate(values, 0) // [meterCount]
}

// spread is the standard deviation of the normalised embeddings times √dim: 1
// if they lie in all directions alike, 0 if all are the same.
//
//	embedding  [batch, dim]
//	result     scalar
func spread(embedding *graph.Node) *graph.Node {
	dim := float64(embedding.Shape().Dimensions[1])
	return graph.MulScalar(loss.NormalizedStd(graph.StopGradient(embedding)), math.Sqrt(dim))
}
