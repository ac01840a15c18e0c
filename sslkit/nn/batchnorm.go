package nn

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// BatchNormEpsilon is added to variances. Like the momentum it is PyTorch's
// default, which every published recipe uses.
const BatchNormEpsilon = 1e-5

const batchNormMomentum = 0.1 // weight of the batch in the running statistics

// originRows is how many rows tell a batch norm where its values lie, roughly.
const originRows = 64

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
	return splitBatchNorm(scope, x, 1, affine)
}

// SplitBatchNorm is an affine [BatchNorm] with statistics of its own for each
// of the splits of a batch, as if each was on a GPU of its own. Split s has the
// images s, s+splits, s+2·splits, …
//
// Running statistics are kept per split; evaluation uses their mean over the
// splits. It panics if the images of a view do not divide into the splits.
//
// He et al., Momentum Contrast, 2020, arXiv:1911.05722, section 3.3, as its
// authors' CIFAR-10 demonstration does it on one device.
func SplitBatchNorm(scope *Scope, x *graph.Node, splits int) *graph.Node {
	return splitBatchNorm(scope, x, splits, true)
}

func splitBatchNorm(scope *Scope, x *graph.Node, splits int, affine bool) *graph.Node {
	dims := x.Shape().Dimensions
	channels := dims[len(dims)-1]
	var n norm
	if affine {
		n.scale = scope.Param("weight", Constant(1), channels)
		n.shift = scope.Param("bias", Constant(0), channels)
	}
	perSplit := []int{channels}
	if splits > 1 {
		perSplit = []int{splits, channels}
	}
	n.runningMean = graph.Reshape(scope.Buffer("running_mean", Constant(0), perSplit...), splits, channels)
	n.runningVar = graph.Reshape(scope.Buffer("running_var", Constant(1), perSplit...), splits, channels)

	if !scope.Mode().Training {
		y := n.evaluation(graph.Reshape(op.Widen(x), 1, x.Shape().Size()/channels, 1, 1, channels))
		return compute(scope, graph.Reshape(y, dims...))
	}
	groups := scope.build.groups
	if dims[0]%(groups*splits) != 0 {
		panic(fmt.Errorf("nn: BatchNorm: %d rows do not divide into %d views of %d splits", dims[0], groups, splits))
	}
	rows, pixels := dims[0]/groups/splits, x.Shape().Size()/dims[0]/channels
	if splits == 1 { // one long axis, which compiles to faster sums
		rows, pixels = rows*pixels, 1
	}
	y := n.training(graph.Reshape(op.Widen(x), groups, rows, splits, pixels, channels))
	scope.SetBuffer("running_mean", graph.Reshape(n.runningMean, perSplit...))
	scope.SetBuffer("running_var", graph.Reshape(n.runningVar, perSplit...))
	return compute(scope, graph.Reshape(y, dims...))
}

type norm struct {
	scale, shift            *graph.Node // [channels], or nil
	runningMean, runningVar *graph.Node // [splits, channels]
}

// training normalises x [groups, rows, splits, pixels, channels] over rows and
// pixels, and updates the running statistics.
func (n *norm) training(x *graph.Node) *graph.Node {
	dims := x.Shape().Dimensions
	count := float64(dims[1] * dims[3])
	// Measured from the mean of some values, so that rounding is relative to the
	// spread of the values and not to their distance from 0.
	some := graph.Slice(x, graph.AxisRange(), graph.AxisRange(0, min(dims[1], originRows)))
	origin := graph.StopGradient(graph.ReduceAndKeep(some, graph.ReduceMean, 1, 3)) // [groups, 1, splits, 1, channels]
	shifted := graph.Sub(x, origin)
	shift := graph.ReduceMean(shifted, 1, 3)                                                  // [groups, splits, channels]
	mean := graph.Add(graph.Squeeze(origin, 1, 3), shift)                                     // [groups, splits, channels]
	variance := graph.Sub(graph.ReduceMean(graph.Square(shifted), 1, 3), graph.Square(shift)) // [groups, splits, channels]
	variance = graph.MaxScalar(variance, 0.0)                                                 // rounding can make it negative
	unbiased := graph.MulScalar(variance, count/max(count-1, 1))                              // [groups, splits, channels]
	for group := range dims[0] {
		n.runningMean = blend(n.runningMean, part(mean, group))
		n.runningVar = blend(n.runningVar, part(unbiased, group))
	}
	return n.apply(x, mean, variance)
}

func (n *norm) evaluation(x *graph.Node) *graph.Node {
	mean, variance := n.runningMean, n.runningVar // [splits, channels]
	if mean.Shape().Dimensions[0] > 1 {
		mean, variance = graph.ReduceMean(mean, 0), graph.ReduceMean(variance, 0) // [channels]
	}
	channels := x.Shape().Dimensions[4]
	return n.apply(x, graph.Reshape(mean, 1, 1, channels), graph.Reshape(variance, 1, 1, channels))
}

// apply returns (x − mean) / √(variance + ε) · scale + shift.
//
//	x               [groups, rows, splits, pixels, channels]
//	mean, variance  [groups, splits, channels]
func (n *norm) apply(x, mean, variance *graph.Node) *graph.Node {
	factor := graph.Rsqrt(graph.AddScalar(variance, BatchNormEpsilon)) // [groups, splits, channels]
	if n.scale != nil {
		factor = graph.Mul(factor, graph.ExpandLeftToRank(n.scale, 3))
	}
	offset := graph.Neg(graph.Mul(mean, factor)) // [groups, splits, channels]
	if n.shift != nil {
		offset = graph.Add(offset, graph.ExpandLeftToRank(n.shift, 3))
	}
	return graph.Add(graph.Mul(x, graph.ExpandAxes(factor, 1, 3)), graph.ExpandAxes(offset, 1, 3))
}

func blend(running, batch *graph.Node) *graph.Node {
	return graph.Add(graph.MulScalar(running, 1-batchNormMomentum), graph.MulScalar(batch, batchNormMomentum))
}

// part returns element i of the first axis.
func part(x *graph.Node, i int) *graph.Node {
	return graph.Squeeze(graph.Slice(x, graph.AxisElem(i)), 0)
}
