package loss

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// NTXent returns the normalized temperature-scaled cross entropy, averaged over
// the 2·batch anchors.
//
//	z0, z1  [batch, dim]  projections of the two views, not yet normalised
//	result  scalar, at least float32
//
// Row i of z0 and row i of z1 are a positive pair; the other 2·batch−2 rows are
// negatives. Rows are normalised, and logits and softmax computed, in at least
// float32. A network that maps every image to one point has loss ln(2·batch−1).
//
// Chen et al., A Simple Framework for Contrastive Learning of Visual
// Representations, 2020, arXiv:2002.05709, eq. 1. It panics if z0 and z1 differ
// in shape or if the temperature is not positive.
func NTXent(z0, z1 *graph.Node, temperature float64) *graph.Node {
	wantAlike("NTXent", "z0", z0, "z1", z1)
	wantPositive("NTXent", "temperature", temperature)
	z0, z1 = op.Normalize(z0), op.Normalize(z1)
	z := graph.Concatenate([]*graph.Node{z0, z1}, 0)         // [2·batch, dim]
	logits := graph.DivScalar(op.MatMulT(z, z), temperature) // [2·batch, 2·batch]

	anchors := z.Shape().Dimensions[0]
	self := graph.Diagonal(z.Graph(), anchors)
	logits = graph.Where(self, graph.Infinity(z.Graph(), z.DType(), -1), logits)

	positive := graph.DivScalar(graph.ReduceSum(graph.Mul(z0, z1), -1), temperature) // [batch]
	// The positive of row i is also that of row batch+i, so their mean is that of all anchors.
	return graph.Sub(graph.ReduceAllMean(op.LogSumExp(logits)), graph.ReduceAllMean(positive))
}
