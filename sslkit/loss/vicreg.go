package loss

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// vicRegEpsilon keeps the gradient of a standard deviation finite: sec. 4.2.
const vicRegEpsilon = 1e-4

// VICReg returns invariance·s + variance·v + covariance·c: the views' distance
// s, plus what keeps each column's standard deviation above 1 (v) and columns
// uncorrelated (c).
//
//	z0, z1  [batch, dim]  projections of the two views
//	result  scalar, at least float32
//
// s is the mean squared difference of all elements; v the mean of
// max(0, 1 − √(variance + 1e-4)) over all columns of both views; c, summed over
// the views, Σ_{i≠j} cov_ij²/dim. Variances and covariances are unbiased.
//
// Bardes et al., VICReg: Variance-Invariance-Covariance Regularization for
// Self-Supervised Learning, 2021, arXiv:2105.04906, eq. 6. As in the authors'
// program and in lightly, s is also divided by dim, and v is the mean of the
// two views where the paper has their sum. It panics if z0 and z1 differ in
// shape, or if the batch has fewer than two rows.
func VICReg(z0, z1 *graph.Node, invariance, variance, covariance float64) *graph.Node {
	wantAlike("VICReg", "z0", z0, "z1", z1)
	wantBatch("VICReg", "z0", z0)
	z0, z1 = op.Widen(z0), op.Widen(z1)
	s := graph.ReduceAllMean(graph.Square(graph.Sub(z0, z1)))
	v0, c0 := spread(z0)
	v1, c1 := spread(z1)
	v, c := graph.MulScalar(graph.Add(v0, v1), 0.5), graph.Add(c0, c1)
	return graph.Add(graph.MulScalar(s, invariance), graph.Add(graph.MulScalar(v, variance), graph.MulScalar(c, covariance)))
}

// spread returns the variance and covariance terms of one view.
func spread(z *graph.Node) (v, c *graph.Node) {
	batch, dim := z.Shape().Dim(0), z.Shape().Dim(1)
	z = graph.Sub(z, graph.ReduceAndKeep(z, graph.ReduceMean, 0))
	variance := graph.DivScalar(graph.ReduceSum(graph.Square(z), 0), float64(batch-1)) // [dim]
	deviation := graph.Sqrt(graph.AddScalar(variance, vicRegEpsilon))
	v = graph.ReduceAllMean(op.ReLU(graph.OneMinus(deviation)))

	cov := graph.DivScalar(op.MatMul(graph.Transpose(z, 0, 1), z), float64(batch-1)) // [dim, dim]
	off := graph.Where(graph.Diagonal(z.Graph(), dim), graph.ZerosLike(cov), cov)
	return v, graph.DivScalar(graph.ReduceAllSum(graph.Square(off)), float64(dim))
}
