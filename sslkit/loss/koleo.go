package loss

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// koLeoEpsilon keeps the loss of two equal rows, and its gradient, finite.
const koLeoEpsilon = 1e-8

// KoLeo returns −log of the distance of a row to its nearest other row,
// averaged over the batch: an estimate, up to a constant, of minus the entropy
// of the rows' distribution.
//
//	z       [batch, dim]  features or projections, not yet normalised
//	result  scalar, at least float32
//
// Rows are normalised in at least float32. Both rows of a pair of neighbours
// get gradients.
//
// Sablayrolles et al., Spreading Vectors for Similarity Search, 2018,
// arXiv:1806.03198, sec. 3. As in lightly, 1e-8 is added to every coordinate of
// the difference and to the distance, so that the loss of equal rows is finite.
// It panics if z is no matrix, or has fewer than two rows.
func KoLeo(z *graph.Node) *graph.Node {
	wantBatch("KoLeo", "z", z)
	batch := z.Shape().Dim(0)
	z = op.Normalize(z)
	similarity := op.MatMulT(z, z) // [batch, batch]
	lowest := graph.Infinity(z.Graph(), z.DType(), -1)
	similarity = graph.Where(graph.Diagonal(z.Graph(), batch), lowest, similarity)
	nearest := graph.Gather(z, graph.ExpandAxes(graph.ArgMax(similarity, -1), -1)) // [batch, dim]

	difference := graph.AddScalar(graph.Sub(z, nearest), koLeoEpsilon)    // [batch, dim]
	distance := graph.Sqrt(graph.ReduceSum(graph.Square(difference), -1)) // [batch], above 0
	return graph.Neg(graph.ReduceAllMean(graph.Log(graph.AddScalar(distance, koLeoEpsilon))))
}
