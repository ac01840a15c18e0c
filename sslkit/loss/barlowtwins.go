package loss

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// barlowTwinsEpsilon is that of a batch norm, which today's lightly uses here.
const barlowTwinsEpsilon = 1e-5

// BarlowTwins returns how far the views' cross-correlation C is from the unit
// matrix: Σ (C_ii − 1)² + lambda·Σ_{i≠j} C_ij².
//
//	z0, z1  [batch, dim]  projections of the two views, not yet standardised
//	result  scalar, at least float32
//
// C is [CrossCorrelation], which says what unbiased is; with it a column without
// spread makes the loss NaN.
//
// Zbontar et al., Barlow Twins: Self-Supervised Learning via Redundancy
// Reduction, 2021, arXiv:2103.03230, eq. 1 and 2. It panics if z0 and z1 differ
// in shape, or if the batch has fewer than two rows.
func BarlowTwins(z0, z1 *graph.Node, lambda float64, unbiased bool) *graph.Node {
	wantAlike("BarlowTwins", "z0", z0, "z1", z1)
	wantBatch("BarlowTwins", "z0", z0)
	c := CrossCorrelation(z0, z1, unbiased)                 // [dim, dim]
	diagonal := graph.Diagonal(c.Graph(), c.Shape().Dim(0)) // [dim, dim]
	off := graph.Square(graph.Sub(c, graph.ConvertDType(diagonal, c.DType())))
	return graph.ReduceAllSum(graph.Where(diagonal, off, graph.MulScalar(off, lambda)))
}

// CrossCorrelation returns how the dimensions of one view's projections go
// together with those of the other's over a batch: 1 where they rise and fall
// alike, 0 where one says nothing of the other.
//
//	z0, z1  [batch, dim]  projections of the two views, not yet standardised
//	result  [dim, dim] in [−1, 1], at least float32
//
// It is Z0ᵀ·Z1/batch, of columns that have mean 0 and standard deviation 1 over
// the batch, each view by itself. The standard deviation is √(biased variance +
// 1e-5), as in today's lightly; with unbiased it is that of PyTorch's std, over
// batch−1 and without an epsilon, as in the lightly of the published tables
// (2021 and 2023). Then no entry is above (batch−1)/batch, and a column without
// spread makes its entries NaN.
//
// Zbontar et al., 2021, arXiv:2103.03230, eq. 2. It panics as [BarlowTwins].
func CrossCorrelation(z0, z1 *graph.Node, unbiased bool) *graph.Node {
	wantAlike("CrossCorrelation", "z0", z0, "z1", z1)
	wantBatch("CrossCorrelation", "z0", z0)
	batch := z0.Shape().Dim(0)
	z0, z1 = standardize(z0, unbiased), standardize(z1, unbiased)
	return graph.DivScalar(op.MatMul(graph.Transpose(z0, 0, 1), z1), float64(batch)) // [dim, dim]
}

// Correlations returns the means of a cross-correlation's entries: of those on the diagonal,
// and of the sizes of the others.
//
//	c             [dim, dim]  see [CrossCorrelation]
//	same, others  scalars
//
// Where the views agree and the dimensions tell different things they are 1 and 0. Of one
// dimension others is 0.
func Correlations(c *graph.Node) (same, others *graph.Node) {
	wantColumns("Correlations", "c", c, graph.Transpose(c, 0, 1))
	dim := c.Shape().Dim(0)
	diagonal, zero := graph.Diagonal(c.Graph(), dim), graph.ZerosLike(c)
	same = graph.DivScalar(graph.ReduceAllSum(graph.Where(diagonal, c, zero)), float64(dim))
	others = graph.DivScalar(graph.ReduceAllSum(graph.Where(diagonal, zero, graph.Abs(c))), float64(max(dim*(dim-1), 1)))
	return same, others
}

// standardize gives every column mean 0 and standard deviation 1.
//
//	z       [batch, dim]
//	result  [batch, dim], at least float32
func standardize(z *graph.Node, unbiased bool) *graph.Node {
	z = op.Widen(z)
	z = graph.Sub(z, graph.ReduceAndKeep(z, graph.ReduceMean, 0))
	variance := graph.ReduceAndKeep(graph.Square(z), graph.ReduceMean, 0) // [1, dim]
	if !unbiased {
		return graph.Mul(z, graph.Rsqrt(graph.AddScalar(variance, barlowTwinsEpsilon)))
	}
	batch := float64(z.Shape().Dim(0))
	return graph.Mul(z, graph.Rsqrt(graph.MulScalar(variance, batch/(batch-1))))
}
