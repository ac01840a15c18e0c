package op

import "github.com/gomlx/gomlx/pkg/core/graph"

// MatMul returns the matrix product a·b.
//
//	a       [n, k]
//	b       [k, m]
//	result  [n, m], in the arguments' type
//
// Of arrays with an axis more, which comes first, it returns the product of each
// pair of matrices. Its gradient is two matrix products. (GoMLX's own gradient of a product is a
// broadcast, a multiplication and a sum, which costs as much as a whole
// ResNet-18 on a CPU.) It panics if the shapes do not fit.
func MatMul(a, b *graph.Node) *graph.Node {
	return product(a, b, 0)
}

// MatMulT returns a·bᵀ, the dot product of every row of a with every row of b:
// the similarity matrix of contrastive losses and of nearest neighbours.
//
//	a       [n, k]
//	b       [m, k]
//	result  [n, m], in the arguments' type
//
// Gradient and panics are those of [MatMul].
func MatMulT(a, b *graph.Node) *graph.Node {
	return product(a, b, 1)
}

// product contracts axis 1 of matrices a with the given axis of matrices b.
func product(a, b *graph.Node, axisOfB int) *graph.Node {
	if a.Rank() != 3 {
		a.AssertRank(2)
	}
	b.AssertRank(a.Rank())
	return withGradient(contract(a, 1, b, axisOfB), func(y, dy *graph.Node) []*graph.Node {
		a, b := y.Inputs()[0], y.Inputs()[1]
		da := contract(dy, 1, b, 1-axisOfB)
		if axisOfB == 0 {
			return []*graph.Node{da, contract(a, 0, dy, 0)}
		}
		return []*graph.Node{da, contract(dy, 0, a, 0)}
	})
}

// contract does so with the given axes of matrices, or of those of a stack.
func contract(a *graph.Node, axisOfA int, b *graph.Node, axisOfB int) *graph.Node {
	if a.Rank() == 3 {
		each := []int{0}
		return graph.Dot(a, b).General([]int{axisOfA + 1}, each, []int{axisOfB + 1}, each)
	}
	return graph.Dot(a, b).General([]int{axisOfA}, nil, []int{axisOfB}, nil)
}
