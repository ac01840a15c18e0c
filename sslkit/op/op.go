// Package op holds the graph operations that GoMLX lacks, or whose gradient it
// computes in a way that is wrong or slow for self-supervised learning.
//
// Products of matrices ([MatMul], [MatMulT]) are what dense layers and
// similarities are made of. Random numbers ([Uniform], [Permutation]) depend on
// a key and on nothing else: [Key] makes one of a seed and counters, [KeyNode]
// does so inside a graph. [Normalize] is PyTorch's, in float32 at least, and
// [LogSumExp] does not overflow.
package op

import (
	"math"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
)

// Widen converts half-precision values to float32, the least precision in which
// losses, softmax, similarities and statistics are computed. Wider types stay.
func Widen(x *graph.Node) *graph.Node {
	if x.DType().IsFloat16() {
		return graph.ConvertDType(x, dtypes.Float32)
	}
	return x
}

// ReLU returns max(x, 0), with gradient 0 at 0 as in PyTorch.
//
// The gradient is multiplied by the result's sign. A comparison would be stored by XLA on
// a GPU, or made from what x was made from, where the result itself is at hand.
func ReLU(x *graph.Node) *graph.Node {
	return withGradient(graph.Max(x, graph.ZerosLike(x)), func(y, dy *graph.Node) []*graph.Node {
		return []*graph.Node{graph.Mul(dy, graph.Sign(y)), nil}
	})
}

// GELU returns x·Φ(x), where Φ is the normal distribution's cumulative function: the
// exact form, with erf.
//
// Hendrycks, Gimpel, Gaussian Error Linear Units, 2016, arXiv:1606.08415, sec. 2.
func GELU(x *graph.Node) *graph.Node {
	share := graph.MulScalar(graph.OnePlus(graph.Erf(graph.MulScalar(x, math.Sqrt2/2))), 0.5)
	return graph.Mul(x, share)
}

// Normalize divides every row by its Euclidean norm, or by 1e-12 where the norm
// is smaller, as PyTorch's functional.normalize.
//
//	x       [n, dim]
//	result  [n, dim], at least float32
func Normalize(x *graph.Node) *graph.Node {
	x = Widen(x)
	squares := graph.ReduceAndKeep(graph.Square(x), graph.ReduceSum, -1) // [n, 1]
	return graph.Mul(x, graph.Rsqrt(graph.MaxScalar(squares, 1e-24)))
}

// Norm returns the Euclidean norm of all elements, in x's type. Its gradient at 0 is
// not a number.
//
//	x       any shape
//	result  scalar
func Norm(x *graph.Node) *graph.Node {
	return graph.Sqrt(graph.ReduceAllSum(graph.Square(x)))
}

// LogSumExp returns log Σ exp(x) over the last axis, without overflow.
//
//	x       [n, m]
//	result  [n]
func LogSumExp(x *graph.Node) *graph.Node {
	highest := graph.StopGradient(graph.ReduceAndKeep(x, graph.ReduceMax, -1)) // [n, 1]
	sum := graph.ReduceSum(graph.Exp(graph.Sub(x, highest)), -1)               // [n]
	return graph.Add(graph.Log(sum), graph.Squeeze(highest, -1))
}

// Rows returns the elements of x's first axis at the given places.
//
//	x       [n, …]
//	places  [m] int32
//	result  [m, …]
func Rows(x, places *graph.Node) *graph.Node {
	return graph.Gather(x, graph.ExpandAxes(places, -1))
}

// Reverse returns x with its first axis in reverse order. GoMLX's has no gradient.
//
//	x, result  [n, …]
func Reverse(x *graph.Node) *graph.Node {
	return withGradient(graph.Reverse(x, 0), func(_, dy *graph.Node) []*graph.Node {
		return []*graph.Node{Reverse(dy)}
	})
}

// StackRows is [Rows] of each matrix in a stack.
//
//	x       [batch, n, dim]
//	places  [batch, m] int32
//	result  [batch, m, dim]
func StackRows(x, places *graph.Node) *graph.Node {
	x.AssertRank(3)
	places.AssertDims(x.Shape().Dimensions[0], -1)
	batch, n, dim, m := x.Shape().Dimensions[0], x.Shape().Dimensions[1], x.Shape().Dimensions[2], places.Shape().Dimensions[1]
	first := graph.MulScalar(graph.Iota(x.Graph(), places.Shape(), 0), n)
	flat := graph.Reshape(graph.Add(places, first), batch*m)
	return graph.Reshape(Rows(graph.Reshape(x, batch*n, dim), flat), batch, m, dim)
}

// Softmax is exp(x) / Σ exp(x) over the last axis, without overflow.
//
//	x       any shape
//	result  as x, in at least float32
func Softmax(x *graph.Node) *graph.Node {
	x = Widen(x)
	highest := graph.StopGradient(graph.ReduceAndKeep(x, graph.ReduceMax, -1))
	e := graph.Exp(graph.Sub(x, highest))
	return graph.Div(e, graph.ReduceAndKeep(e, graph.ReduceSum, -1))
}
