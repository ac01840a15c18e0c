package eval

import (
	"math"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
)

// A search finds the k highest similarities of every query, from the highest on, and
// their places in the bank. Of equal ones those that come first in the bank count, and
// come first. All searches give the same.
//
//	similarities     [queries, bank]
//	highest, places  [queries, k]
type search func(similarities *graph.Node, k int) (highest, places *graph.Node)

// sorted is the search for short rows, and for the Go backend.
func sorted(similarities *graph.Node, k int) (highest, places *graph.Node) {
	return graph.TopK(similarities, k, 1)
}

// pruned is the search for long rows: to sort them whole takes a GPU a dozen passes over
// the similarities, and a CPU as long as the similarities themselves. It cuts each row
// into blocks, and sorts only the k blocks with the highest maxima: what is in another
// block comes after those k maxima. Of the blocks' length depends how long the two rows
// are that are sorted, maxima and what is left; with √(bank/k) they are equally long.
func pruned(similarities *graph.Node, k int) (highest, places *graph.Node) {
	g, queries, bank := similarities.Graph(), similarities.Shape().Dimensions[0], similarities.Shape().Dimensions[1]
	length := int(math.Round(math.Sqrt(float64(bank) / float64(k))))
	if length < 2 {
		return sorted(similarities, k)
	}
	row := graph.Iota(g, shapes.Make(dtypes.Int32, queries, k), 0)
	pick := func(x, at *graph.Node) *graph.Node { // in each row, at [queries, k]
		return graph.Gather(x, graph.Stack([]*graph.Node{row, at}, -1))
	}
	count := (bank + length - 1) / length
	lowest := graph.Infinity(g, similarities.DType(), -1)
	blocks := graph.Pad(similarities, lowest, graph.PadAxis{}, graph.PadAxis{End: count*length - bank})
	blocks = graph.Reshape(blocks, queries, count, length)

	_, chosen := graph.TopK(graph.ReduceMax(blocks, 2), k, 1)
	chosen = graph.Sort(chosen, 1, true)                                        // [queries, k], in the bank's order
	left := graph.Reshape(pick(blocks, chosen), queries, k*length)              // [queries, k·length]
	highest, at := graph.TopK(left, k, 1)                                       // [queries, k] each
	first := graph.MulScalar(pick(chosen, graph.DivScalar(at, length)), length) // [queries, k], of the block
	return highest, graph.Add(first, graph.ModScalar(at, length))
}

// votes returns for each setting and class the sum of the weights of those of the
// setting's k nearest neighbours that are of the class. Weights are exp((s−s₁)/T) with s₁
// the highest similarity of the query, so that none overflows. One search is for all.
//
//	similarities  [queries, bank]
//	labels        [bank] int32
//	result        [queries, classes] for each setting
func votes(settings []KNN, find search, similarities, labels *graph.Node, classes int) []*graph.Node {
	most := 0
	for _, knn := range settings {
		most = max(most, knn.K)
	}
	nearest, places := find(similarities, most)                   // [queries, most] each
	classOf := graph.Gather(labels, graph.ExpandAxes(places, -1)) // [queries, most]
	highest := graph.ReduceAndKeep(nearest, graph.ReduceMax, 1)   // [queries, 1]; a slice would make XLA sort whole rows
	scores := make([]*graph.Node, len(settings))
	for i, knn := range settings {
		weights := graph.Exp(graph.DivScalar(graph.Sub(nearest, highest), knn.Temperature))
		if knn.K < most { // nor are the first k sliced off
			place := graph.Iota(weights.Graph(), shapes.Make(dtypes.Int32, weights.Shape().Dimensions...), 1)
			among := graph.LessThan(place, graph.Const(weights.Graph(), int32(knn.K)))
			weights = graph.Where(among, weights, graph.ZerosLike(weights))
		}
		all := graph.Mul(graph.OneHot(classOf, classes, weights.DType()), graph.ExpandAxes(weights, -1)) // [queries, most, classes]
		scores[i] = graph.ReduceSum(all, 1)
	}
	return scores
}
