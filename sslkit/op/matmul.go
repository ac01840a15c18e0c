package op

import "github.com/gomlx/gomlx/pkg/core/graph"

// MatMul returns the matrix product a·b, or those of each pair in two stacks.
//
//	a       [n, k], or […, n, k]
//	b       [k, m], or […, k, m]
//	result  [n, m], or […, n, m], in the arguments' type
//
// Its gradient is two matrix products. (GoMLX's own gradient of a product is a
// broadcast, a multiplication and a sum, which costs as much as a whole
// ResNet-18 on a CPU.) It panics if the shapes do not fit.
func MatMul(a, b *graph.Node) *graph.Node {
	return product(a, b, false)
}

// MatMulT returns a·bᵀ, the dot product of every row of a with every row of b:
// the similarity matrix of contrastive losses, of attention and of nearest
// neighbours.
//
//	a       [n, k], or […, n, k]
//	b       [m, k], or […, m, k]
//	result  [n, m], or […, n, m], in the arguments' type
//
// Gradient and panics are those of [MatMul].
func MatMulT(a, b *graph.Node) *graph.Node {
	return product(a, b, true)
}

// product is a·b of matrices or stacks of them, with b transposed or not.
func product(a, b *graph.Node, transposed bool) *graph.Node {
	rank := max(a.Rank(), 2)
	a.AssertRank(rank)
	b.AssertRank(rank)
	rows, columns := rank-2, rank-1
	inner, outer := rows, columns // of b
	if transposed {
		inner, outer = columns, rows
	}
	return withGradient(contract(a, columns, b, inner), func(y, dy *graph.Node) []*graph.Node {
		a, b := y.Inputs()[0], y.Inputs()[1]
		da := contract(dy, columns, b, outer)
		if transposed {
			return []*graph.Node{da, contract(dy, rows, a, rows)}
		}
		return []*graph.Node{da, contract(a, rows, dy, rows)}
	})
}

// contract sums over an axis of a and one of b, in each pair of matrices.
func contract(a *graph.Node, axisOfA int, b *graph.Node, axisOfB int) *graph.Node {
	var stack []int
	for axis := range a.Rank() - 2 {
		stack = append(stack, axis)
	}
	return graph.Dot(a, b).General([]int{axisOfA}, stack, []int{axisOfB}, stack)
}
