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

// Entropy returns that of distributions over the last axis, in nats.
//
//	p       […, n]  rows sum to 1
//	result  […], at least float32: ln n where all n are alike, 0 of a single one
func Entropy(p *graph.Node) *graph.Node {
	p = op.Widen(p)
	return graph.Neg(graph.ReduceSum(graph.Mul(p, graph.Log(graph.MaxScalar(p, 1e-30))), -1))
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
	return graph.Exp(Entropy(graph.ReduceMean(op.Widen(p), 0)))
}

// ContrastiveAccuracy returns the share of queries that find their own key: to no other
// candidate they are as similar.
//
//	q, k    [batch, dim]  queries and their keys, not yet normalised
//	bank    [size, dim]   the other candidates, rows of norm 1; nil: the batch's other keys
//	result  scalar, at least float32
//
// Guessing has 1/(candidates), a network that has collapsed 0: nothing is found where all
// is alike. It panics if q and k differ in shape, or if the bank has rows of another length.
func ContrastiveAccuracy(q, k, bank *graph.Node) *graph.Node {
	wantAlike("ContrastiveAccuracy", "q", q, "k", k)
	q, k = op.Normalize(q), op.Normalize(k)
	own := graph.ReduceSum(graph.Mul(q, k), -1) // [batch]
	var others *graph.Node                      // [batch, candidates]
	if bank == nil {
		others = op.MatMulT(q, k)
		self := graph.Diagonal(q.Graph(), q.Shape().Dim(0))
		others = graph.Where(self, graph.Infinity(q.Graph(), q.DType(), -1), others)
	} else {
		wantColumns("ContrastiveAccuracy", "bank", bank, q)
		others = op.MatMulT(q, graph.ConvertDType(bank, q.DType()))
	}
	// Rounding must not tell apart what is equal.
	found := graph.GreaterThan(graph.AddScalar(own, -1e-6), graph.ReduceMax(others, -1))
	return graph.ReduceAllMean(graph.ConvertDType(found, q.DType()))
}
