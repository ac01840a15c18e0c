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

// Perplexity returns how many of n clusters, prototypes or classes are in use: the
// exponential of the entropy of the rows' mean.
//
//	p       [batch, n]  how much of each row belongs to each; rows sum to 1
//	result  scalar, at least float32
//
// It is n where all are used alike, and 1 where all rows belong to one. With rows of
// one 1 it cannot be more than the batch. It panics if p is no matrix.
func Perplexity(p *graph.Node) *graph.Node {
	wantColumns("Perplexity", "p", p, p)
	mean := graph.ReduceMean(op.Widen(p), 0) // [n]
	return graph.Exp(graph.Neg(graph.ReduceAllSum(graph.Mul(mean, graph.Log(graph.MaxScalar(mean, 1e-30))))))
}
