package loss

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// NormalizedStd returns how far a network is from collapse: the standard
// deviation over the batch of each column of the normalised rows, averaged over
// the columns.
//
//	z       [batch, dim]  projections, not yet normalised
//	result  scalar, at least float32
//
// It is 0 where every image has the same projection and about 1/√dim where
// projections point in all directions. The standard deviation is unbiased.
//
// Chen, He, Exploring Simple Siamese Representation Learning, 2020,
// arXiv:2011.10566, sec. 4.1. It panics if z is no matrix, or has fewer than
// two rows.
func NormalizedStd(z *graph.Node) *graph.Node {
	wantBatch("NormalizedStd", "z", z)
	batch := z.Shape().Dim(0)
	z = op.Normalize(z)
	z = graph.Sub(z, graph.ReduceAndKeep(z, graph.ReduceMean, 0))
	variance := graph.DivScalar(graph.ReduceSum(graph.Square(z), 0), float64(batch-1)) // [dim]
	return graph.ReduceAllMean(graph.Sqrt(variance))
}
