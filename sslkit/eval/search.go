package eval

import (
	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/op"
)

// The two searches below give the same scores: for each class, the sum of the
// weights of those of the k nearest neighbours that are of the class. Of neighbours
// with equal similarity the first ones in the bank count. Weights are exp((s−s₁)/T)
// with s₁ the highest similarity of the query, so that none overflows.
//
//	similarities  [queries, bank]
//	labels        [bank] int32
//	result        [queries, classes]

// sortedSearch sorts every row, which is faster on a CPU.
func sortedSearch(similarities, labels *graph.Node, k KNN, classes int) *graph.Node {
	nearest, at := graph.TopK(similarities, k.K, 1)             // [queries, k] each
	classOf := graph.Gather(labels, graph.ExpandAxes(at, -1))   // [queries, k]
	highest := graph.ReduceAndKeep(nearest, graph.ReduceMax, 1) // [queries, 1]; a slice would make XLA sort whole rows
	weights := vote(nearest, highest, k)
	votes := graph.Mul(graph.OneHot(classOf, classes, weights.DType()), graph.ExpandAxes(weights, -1)) // [queries, k, classes]
	return graph.ReduceSum(votes, 1)
}

// bisectingSearch finds the k-th similarity bit by bit, in passes over the
// matrix, which is faster on a GPU. Similarities are float32 here.
func bisectingSearch(similarities, labels *graph.Node, k KNN, classes int) *graph.Node {
	g, want := similarities.Graph(), graph.Scalar(similarities.Graph(), dtypes.Int32, k.K)
	order := sortable(similarities) // [queries, bank]
	atLeast := func(mask *graph.Node) *graph.Node {
		count := graph.ReduceAndKeep(graph.ConvertDType(mask, dtypes.Int32), graph.ReduceSum, 1) // [queries, 1]
		return graph.GreaterOrEqual(count, want)
	}
	rows := similarities.Shape().Dimensions[0]
	threshold := graph.Zeros(g, shapes.Make(dtypes.Uint32, rows, 1)) // becomes the k-th largest
	for bit := 31; bit >= 0; bit-- {
		higher := graph.BitwiseOr(threshold, graph.Const(g, uint32(1)<<bit))
		threshold = graph.Where(atLeast(graph.GreaterOrEqual(order, higher)), higher, threshold)
	}
	above, equal := graph.GreaterThan(order, threshold), graph.Equal(order, threshold) // [queries, bank]

	// Of the equal ones only the first count: find the last column that does.
	column := graph.Iota(g, shapes.Make(dtypes.Int32, similarities.Shape().Dimensions...), 1)
	last := graph.Zeros(g, shapes.Make(dtypes.Int32, rows, 1))
	for bit := 30; bit >= 0; bit-- {
		if 1<<bit >= similarities.Shape().Dimensions[1] {
			continue
		}
		later := graph.BitwiseOr(last, graph.Const(g, int32(1)<<bit))
		before := graph.LogicalOr(above, graph.LogicalAnd(equal, graph.LessThan(column, later)))
		last = graph.Where(atLeast(before), last, later)
	}
	chosen := graph.LogicalOr(above, graph.LogicalAnd(equal, graph.LessOrEqual(column, last)))
	highest := graph.ReduceAndKeep(similarities, graph.ReduceMax, 1) // [queries, 1]
	weights := vote(similarities, highest, k)
	weights = graph.Where(chosen, weights, graph.ZerosLike(weights)) // [queries, bank]
	return op.MatMul(weights, graph.OneHot(labels, classes, weights.DType()))
}

func vote(similarities, highest *graph.Node, k KNN) *graph.Node {
	return graph.Exp(graph.DivScalar(graph.Sub(similarities, highest), k.Temperature))
}

// sortable maps float32 numbers to uint32 ones in the same order.
func sortable(x *graph.Node) *graph.Node {
	g := x.Graph()
	bits := graph.Bitcast(graph.Add(x, graph.ZerosLike(x)), dtypes.Uint32) // −0 becomes 0
	sign := graph.Const(g, uint32(1)<<31)
	negative := graph.NotEqual(graph.BitwiseAnd(bits, sign), graph.ZerosLike(bits))
	return graph.Where(negative, graph.BitwiseNot(bits), graph.BitwiseOr(bits, sign))
}
