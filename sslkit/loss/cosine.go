package loss

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// NegativeCosine returns minus the cosine similarity of a prediction and its
// projection, averaged over the batch.
//
//	p, z    [batch, dim]  predictions of one view, projections of the other
//	result  scalar in [−1, 1], at least float32
//
// Rows are normalised in at least float32. It is −1 where every row of p points
// as its row of z does. No gradient is stopped: a method that wants constant
// projections passes them through graph.StopGradient.
//
// Chen, He, Exploring Simple Siamese Representation Learning, 2020,
// arXiv:2011.10566, eq. 1. The loss of BYOL (arXiv:2006.07733, eq. 2) is
// 2 + 2·NegativeCosine; lightly leaves out both constants, as here. It panics
// if p and z differ in shape.
func NegativeCosine(p, z *graph.Node) *graph.Node {
	wantAlike("NegativeCosine", "p", p, "z", z)
	cosine := graph.ReduceSum(graph.Mul(op.Normalize(p), op.Normalize(z)), -1) // [batch]
	return graph.Neg(graph.ReduceAllMean(cosine))
}
