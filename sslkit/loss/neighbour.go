package loss

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// NearestNeighbour returns for every row of z the row of the bank that has the
// highest cosine similarity with it, the first one of equals.
//
//	z       [batch, dim]
//	bank    [size, dim]
//	result  [batch, dim], rows as the bank has them; constant
//
// NNCLR's loss is [NTXent] of the neighbours of one view's projections and the
// other view's predictions.
//
// Dwibedi et al., With a Little Help from My Friends: Nearest-Neighbor
// Contrastive Learning of Visual Representations, 2021, arXiv:2104.14548,
// sec. 3.2. It panics if z and the bank have rows of different length.
func NearestNeighbour(z, bank *graph.Node) *graph.Node {
	wantColumns("NearestNeighbour", "z", z, bank)
	wantColumns("NearestNeighbour", "bank", bank, z)
	return graph.StopGradient(graph.Gather(bank, graph.ExpandAxes(nearest(z, bank), -1))) // [batch, dim]
}

// nearest returns the place in the bank of each row's nearest neighbour.
//
//	result  [batch] int32
func nearest(z, bank *graph.Node) *graph.Node {
	// The length of a row of z does not change which row of the bank is nearest.
	z = graph.StopGradient(op.Widen(z))
	similarity := op.MatMulT(z, graph.ConvertDType(op.Normalize(bank), z.DType())) // [batch, size]
	return graph.ArgMax(similarity, -1)
}
