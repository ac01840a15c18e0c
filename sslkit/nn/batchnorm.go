package nn

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// PyTorch's defaults, which every published recipe uses.
const (
	batchNormEpsilon  = 1e-5
	batchNormMomentum = 0.1 // weight of the batch in the running statistics
)

// BatchNorm normalises every channel (the last axis) over all other axes and,
// if affine, scales and shifts it by two learnt vectors.
//
//	x       [batch, channels] or [batch, height, width, channels]
//	result  as x, in the mode's precision; statistics in at least float32
//
// In training the statistics are those of the batch, or of each view's part of
// it (see [PerView]); the running mean and the running variance (unbiased) take
// a tenth of each part's, part by part. In evaluation the running ones are used.
//
// Ioffe, Szegedy, Batch Normalization, 2015, arXiv:1502.03167, as PyTorch
// defines its BatchNorm layers.
func BatchNorm(scope *Scope, x *graph.Node, affine bool) *graph.Node {
	dims := x.Shape().Dimensions
	channels := dims[len(dims)-1]
	rows := x.Shape().Size() / channels
	n := norm{rows: rows, channels: channels}
	if affine {
		n.scale = scope.Param("weight", Constant(1), channels)
		n.shift = scope.Param("bias", Constant(0), channels)
	}
	n.runningMean = scope.Buffer("running_mean", Constant(0), channels)
	n.runningVar = scope.Buffer("running_var", Constant(1), channels)

	var y *graph.Node
	if scope.Mode().Training {
		groups := scope.build.groups
		if dims[0]%groups != 0 {
			panic(fmt.Errorf("nn: BatchNorm: %d rows do not divide into %d views", dims[0], groups))
		}
		y = n.training(scope, graph.Reshape(op.Widen(x), groups, rows/groups, channels))
	} else {
		y = n.evaluation(graph.Reshape(op.Widen(x), 1, rows, channels))
	}
	return compute(scope, graph.Reshape(y, dims...))
}

type norm struct {
	rows, channels          int
	scale, shift            *graph.Node // [channels], or nil
	runningMean, runningVar *graph.Node // [channels]
}

func (n norm) training(scope *Scope, x *graph.Node) *graph.Node {
	groups, rows := x.Shape().Dimensions[0], x.Shape().Dimensions[1]
	// Measured from the first row, so that rounding is relative to the spread of
	// the values and not to their distance from 0.
	origin := graph.StopGradient(graph.Slice(x, graph.AxisRange(), graph.AxisElem(0))) // [groups, 1, channels]
	shifted := graph.Sub(x, origin)
	shift := graph.ReduceMean(shifted, 1)                                                  // [groups, channels]
	mean := graph.Add(graph.Squeeze(origin, 1), shift)                                     // [groups, channels]
	variance := graph.Sub(graph.ReduceMean(graph.Square(shifted), 1), graph.Square(shift)) // [groups, channels]
	variance = graph.MaxScalar(variance, 0.0)                                              // rounding can make it negative
	unbiased := graph.MulScalar(variance, float64(rows)/float64(max(rows-1, 1)))           // [groups, channels]
	for group := range groups {
		n.runningMean = blend(n.runningMean, row(mean, group))
		n.runningVar = blend(n.runningVar, row(unbiased, group))
	}
	scope.SetBuffer("running_mean", n.runningMean)
	scope.SetBuffer("running_var", n.runningVar)
	return n.apply(x, mean, variance)
}

func (n norm) evaluation(x *graph.Node) *graph.Node {
	return n.apply(x, graph.ExpandLeftToRank(n.runningMean, 2), graph.ExpandLeftToRank(n.runningVar, 2))
}

// apply returns (x − mean) / √(variance + ε) · scale + shift.
//
//	x               [groups, rows, channels]
//	mean, variance  [groups, channels]
func (n norm) apply(x, mean, variance *graph.Node) *graph.Node {
	factor := graph.Rsqrt(graph.AddScalar(variance, batchNormEpsilon)) // [groups, channels]
	if n.scale != nil {
		factor = graph.Mul(factor, graph.ExpandLeftToRank(n.scale, 2))
	}
	offset := graph.Neg(graph.Mul(mean, factor)) // [groups, channels]
	if n.shift != nil {
		offset = graph.Add(offset, graph.ExpandLeftToRank(n.shift, 2))
	}
	return graph.Add(graph.Mul(x, graph.ExpandAxes(factor, 1)), graph.ExpandAxes(offset, 1))
}

func blend(running, batch *graph.Node) *graph.Node {
	return graph.Add(graph.MulScalar(running, 1-batchNormMomentum), graph.MulScalar(batch, batchNormMomentum))
}

// row returns row i of a matrix as a vector.
func row(x *graph.Node, i int) *graph.Node {
	return graph.Squeeze(graph.Slice(x, graph.AxisElem(i), graph.AxisRange()), 0)
}
