package loss

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// SquaredError is the mean of (prediction − target)² over all numbers: what MAE
// compares masked patches by.
//
//	prediction, target  of one shape
//	result              scalar, at least float32
//
// He et al., Masked Autoencoders Are Scalable Vision Learners, 2021, arXiv:2111.06377,
// section 3. No gradient flows into the target.
func SquaredError(prediction, target *graph.Node) *graph.Node {
	return graph.ReduceAllMean(graph.Square(difference(prediction, target)))
}

// AbsoluteError is the mean of |prediction − target| over all numbers: what SimMIM
// compares masked patches by. Its gradient is 0 where they are equal.
//
//	prediction, target  of one shape
//	result              scalar, at least float32
//
// Xie et al., SimMIM, 2021, arXiv:2111.09886, eq. 1. No gradient flows into the target.
func AbsoluteError(prediction, target *graph.Node) *graph.Node {
	return graph.ReduceAllMean(graph.Abs(difference(prediction, target)))
}

// difference panics if the shapes differ.
func difference(prediction, target *graph.Node) *graph.Node {
	prediction, target = op.Widen(prediction), op.Widen(target)
	prediction.AssertDims(target.Shape().Dimensions...)
	return graph.Sub(prediction, graph.StopGradient(target))
}
