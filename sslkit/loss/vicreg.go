package loss

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// vicRegEpsilon keeps the gradient of a standard deviation finite: sec. 4.2.
const vicRegEpsilon = 1e-4

// VICReg returns invariance·s + variance·v + covariance·c: the views' distance
// s, plus what keeps each column's standard deviation above 1 (v) and columns
// uncorrelated (c).
//
//	z0, z1  [batch, dim] or [batch, places, dim]  projections of the two views
//	result  scalar, at least float32
//
// s is the mean squared difference of all elements; v the mean of
// max(0, 1 − √(variance + 1e-4)) over all columns of both views; c, summed over
// the views, Σ_{i≠j} cov_ij²/dim. Variances and covariances are unbiased. With
// several places each has its own, over the batch, and c is the mean over places.
//
// Bardes et al., VICReg: Variance-Invariance-Covariance Regularization for
// Self-Supervised Learning, 2021, arXiv:2105.04906, eq. 6. As in the authors'
// program and in lightly, s is also divided by dim, and v is the mean of the
// two views where the paper has their sum. It panics if z0 and z1 differ in
// shape, or if the batch has fewer than two rows.
func VICReg(z0, z1 *graph.Node, invariance, variance, covariance float64) *graph.Node {
	if rank := z0.Rank(); rank != 2 && rank != 3 || !slices.Equal(z0.Shape().Dimensions, z1.Shape().Dimensions) {
		panic(fmt.Errorf("loss: VICReg: z0 has shape %s and z1 %s, want [batch, dim] or [batch, places, dim] of both", z0.Shape(), z1.Shape()))
	}
	if z0.Shape().Dim(0) < 2 {
		panic(fmt.Errorf("loss: VICReg: z0 has shape %s, want at least 2 rows", z0.Shape()))
	}
	z0, z1 = op.Widen(z0), op.Widen(z1)
	s := graph.ReduceAllMean(graph.Square(graph.Sub(z0, z1)))
	v0, c0 := spread(z0)
	v1, c1 := spread(z1)
	v, c := graph.MulScalar(graph.Add(v0, v1), 0.5), graph.Add(c0, c1)
	return graph.Add(graph.MulScalar(s, invariance), graph.Add(graph.MulScalar(v, variance), graph.MulScalar(c, covariance)))
}

// spread returns the variance and covariance terms of one view.
func spread(z *graph.Node) (v, c *graph.Node) {
	batch, dim := z.Shape().Dim(0), z.Shape().Dim(-1)
	z = graph.Sub(z, graph.ReduceAndKeep(z, graph.ReduceMean, 0))
	deviation := graph.Sqrt(graph.AddScalar(variance(z), vicRegEpsilon)) // [(places,) dim]
	v = graph.ReduceAllMean(op.ReLU(graph.OneMinus(deviation)))

	places := 1
	columns := graph.Transpose(z, 0, 1) // [dim, batch], or the rows of each place
	if z.Rank() == 3 {
		places, z = z.Shape().Dim(1), columns    // [places, batch, dim]
		columns = graph.Transpose(columns, 1, 2) // [places, dim, batch]
	}
	cov := graph.DivScalar(op.MatMul(columns, z), float64(batch-1)) // [(places,) dim, dim]
	diagonal := graph.Diagonal(z.Graph(), dim)
	if z.Rank() == 3 {
		diagonal = graph.BroadcastToDims(graph.ExpandAxes(diagonal, 0), places, dim, dim)
	}
	off := graph.Where(diagonal, graph.ZerosLike(cov), cov)
	return v, graph.DivScalar(graph.ReduceAllSum(graph.Square(off)), float64(places*dim))
}

// variance is that of each column, unbiased, of rows whose mean is 0.
func variance(z *graph.Node) *graph.Node {
	return graph.DivScalar(graph.ReduceSum(graph.Square(z), 0), float64(z.Shape().Dim(0)-1))
}

// MeanStd returns the standard deviation over the batch of each column, averaged
// over the columns: what the variance term of [VICReg] keeps at 1 or above.
//
//	z       [batch, dim]  projections, not normalised
//	result  scalar, at least float32
//
// The standard deviation is unbiased. It panics if z is no matrix, or has fewer
// than two rows.
func MeanStd(z *graph.Node) *graph.Node {
	wantBatch("MeanStd", "z", z)
	z = op.Widen(z)
	return graph.ReduceAllMean(graph.Sqrt(variance(graph.Sub(z, graph.ReduceAndKeep(z, graph.ReduceMean, 0)))))
}
