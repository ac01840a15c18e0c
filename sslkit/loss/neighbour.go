package loss

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
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

// NearestNeighbours returns the k rows of the bank that are most like each row of z, from
// the nearest on, as [NearestNeighbour] finds the first.
//
//	z       [batch, dim]
//	bank    [size, dim]
//	result  [batch, k, dim], rows as the bank has them; constant
//
// It panics as [NearestNeighbour] does, and if the bank has fewer than k rows.
func NearestNeighbours(z, bank *graph.Node, k int) *graph.Node {
	wantColumns("NearestNeighbours", "z", z, bank)
	wantColumns("NearestNeighbours", "bank", bank, z)
	if size := bank.Shape().Dim(0); k < 1 || k > size {
		panic(fmt.Errorf("loss: NearestNeighbours: %d neighbours, want from 1 to the bank's %d rows", k, size))
	}
	similarity := similarities(z, bank) // [batch, size]
	row := graph.Iota(z.Graph(), shapes.Make(dtypes.Int32, similarity.Shape().Dimensions...), 1)
	lowest := graph.BroadcastToDims(graph.Infinity(z.Graph(), similarity.DType(), -1), similarity.Shape().Dimensions...)
	places := make([]*graph.Node, k)
	for i := range places { // k passes cost less than to sort the similarities
		places[i] = graph.ArgMax(similarity, -1, dtypes.Int32) // [batch]
		found := graph.BroadcastToDims(graph.ExpandAxes(places[i], -1), similarity.Shape().Dimensions...)
		similarity = graph.Where(graph.Equal(row, found), lowest, similarity)
	}
	return graph.StopGradient(graph.Gather(bank, graph.ExpandAxes(graph.Stack(places, 1), -1)))
}

// nearest returns the place in the bank of each row's nearest neighbour.
//
//	result  [batch] int32
func nearest(z, bank *graph.Node) *graph.Node {
	return graph.ArgMax(similarities(z, bank), -1)
}

// similarities are the cosines of rows of z and of the bank, times the length of z's, which
// does not change which row of the bank is nearest.
//
//	result  [batch, size], constant
func similarities(z, bank *graph.Node) *graph.Node {
	z = graph.StopGradient(op.Widen(z))
	return op.MatMulT(z, graph.ConvertDType(op.Normalize(bank), z.DType()))
}
