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
// A mode with NormParts cuts the batch of each view into so many parts, one after another,
// with statistics of their own, as if each was on a device that does not share them; the
// running ones take the mean of a view's.
//
// Ioffe, Szegedy, Batch Normalization, 2015, arXiv:1502.03167, as PyTorch
// defines its BatchNorm layers.
func BatchNorm(scope *Scope, x *graph.Node, affine bool) *graph.Node {
	return splitBatchNorm(scope, x, 1, affine, nothing)
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
	return splitBatchNorm(scope, x, splits, true, nothing)
}

// SplitBatchNormReLU is [op.ReLU] of [SplitBatchNorm], with the same numbers. On a GPU its
// gradient reads and writes less: the comparison comes before the result is rounded to half
// precision, so that XLA makes it anew where it is needed rather than to store what it lets
// through.
func SplitBatchNormReLU(scope *Scope, x *graph.Node, splits int) *graph.Node {
	return splitBatchNorm(scope, x, splits, true, op.ReLU)
}

func nothing(x *graph.Node) *graph.Node { return x }

// splitBatchNorm does then with what is normalised, in the precision of the statistics.
func splitBatchNorm(scope *Scope, x *graph.Node, splits int, affine bool, then func(*graph.Node) *graph.Node) *graph.Node {
	dims := x.Shape().Dimensions
	channels := dims[len(dims)-1]
	n := newNorm(scope, channels, splits, affine)
	if !scope.Mode().Training {
		mean, variance := n.running()
		y := n.apply(graph.Reshape(op.Widen(x), 1, x.Shape().Size()/channels, 1, 1, channels), mean, variance)
		return graph.Reshape(compute(scope, then(y)), dims...)
	}
	n.lay = layout{outer: scope.build.groups, inner: 1, parts: max(scope.Mode().NormParts, 1), splits: splits, channels: channels}
	if scope.Mode().woven() {
		n.lay.outer, n.lay.inner = 1, scope.build.groups
	}
	groups, columns := n.lay.outer*n.lay.parts, splits*n.lay.inner
	if dims[0]%(groups*columns) != 0 {
		panic(fmt.Errorf("nn: BatchNorm: %d rows do not divide into %d views of %d parts of %d splits", dims[0], scope.build.groups, n.lay.parts, splits))
	}
	rows, pixels := dims[0]/groups/columns, x.Shape().Size()/dims[0]/channels
	if columns == 1 { // one long axis, which compiles to faster sums
		rows, pixels = rows*pixels, 1
	}
	y := n.training(graph.Reshape(op.Widen(x), groups, rows, columns, pixels, channels), scope.Mode())
	scope.SetBuffer("running_mean", graph.Reshape(n.runningMean, perSplit(splits, channels)...))
	scope.SetBuffer("running_var", graph.Reshape(n.runningVar, perSplit(splits, channels)...))
	return graph.Reshape(compute(scope, then(y)), dims...)
}

// ConvBatchNorm is [SplitBatchNorm] of [ConvInit] in evaluation, with the variables of both:
// the batch norm's factors are in the weights, so that only its offset remains to be added.
//
//	x       [batch, height, width, channels]
//	result  [batch, ⌈height/stride⌉, ⌈width/stride⌉, out], in the mode's precision
func ConvBatchNorm(conv, norm *Scope, x *graph.Node, out, kernel, stride, splits int, init Init) *graph.Node {
	weight := convWeight(conv, x, out, kernel, init)
	n := newNorm(norm, out, splits, true)
	factor, offset := n.factors(n.running()) // [1, 1, out]
	y := convolve(conv, x, graph.Mul(weight, graph.ExpandLeftToRank(factor, 4)), stride)
	return graph.Add(y, compute(norm, graph.ExpandLeftToRank(offset, 4)))
}

type norm struct {
	lay                     layout
	scale, shift            *graph.Node // [channels], or nil
	runningMean, runningVar *graph.Node // [splits, channels]
}

// layout says which statistics [groups, columns, channels] are those of what: the groups are
// parts of views, and the columns, of which each has the next row, splits, and in each the
// views whose images take turns.
type layout struct {
	outer, parts  int // groups
	splits, inner int // columns
	channels      int
}

// views lists statistics [groups, columns, channels] by view, the mean of the parts', each
// [splits, channels].
func (l layout) views(x *graph.Node) []*graph.Node {
	if l.parts > 1 {
		x = graph.ReduceMean(graph.Reshape(x, l.outer, l.parts, -1), 1)
	}
	x = graph.Reshape(x, l.outer, l.splits, l.inner, l.channels)
	list := make([]*graph.Node, 0, l.outer*l.inner)
	for outer := range l.outer {
		for inner := range l.inner {
			one := graph.Slice(x, graph.AxisElem(outer), graph.AxisRange(), graph.AxisElem(inner))
			list = append(list, graph.Reshape(one, l.splits, l.channels))
		}
	}
	return list
}

func newNorm(scope *Scope, channels, splits int, affine bool) *norm {
	n := &norm{}
	if affine {
		n.scale = scope.Param("weight", Constant(1), channels)
		n.shift = scope.Param("bias", Constant(0), channels)
	}
	n.runningMean = graph.Reshape(scope.Buffer("running_mean", Constant(0), perSplit(splits, channels)...), splits, channels)
	n.runningVar = graph.Reshape(scope.Buffer("running_var", Constant(1), perSplit(splits, channels)...), splits, channels)
	return n
}

// perSplit is the shape of a running statistic.
func perSplit(splits, channels int) []int {
	if splits > 1 {
		return []int{splits, channels}
	}
	return []int{channels}
}

// training normalises x [groups, rows, columns, pixels, channels] over rows and
// pixels, and updates the running statistics by those of each view.
func (n *norm) training(x *graph.Node, mode Mode) *graph.Node {
	dims := x.Shape().Dimensions
	count := float64(dims[1] * dims[3])
	// Measured from about the middle, so that rounding is relative to the spread of
	// the values and not to their distance from 0.
	origin := graph.StopGradient(n.middle(x, mode)) // [groups or 1, 1, columns, 1, channels]
	shifted := graph.Sub(x, origin)
	shift := graph.ReduceMean(shifted, 1, 3)                                                  // [groups, columns, channels]
	mean := graph.Add(graph.Squeeze(origin, 1, 3), shift)                                     // [groups, columns, channels]
	variance := graph.Sub(graph.ReduceMean(graph.Square(shifted), 1, 3), graph.Square(shift)) // [groups, columns, channels]
	variance = graph.MaxScalar(variance, 0.0)                                                 // rounding can make it negative
	unbiased := n.lay.views(graph.MulScalar(variance, count/max(count-1, 1)))
	for view, mean := range n.lay.views(mean) {
		n.runningMean = blend(n.runningMean, mean)
		n.runningVar = blend(n.runningVar, unbiased[view])
	}
	return n.apply(x, mean, variance)
}

// running returns the mean and the variance of evaluation, [1, 1, channels].
func (n *norm) running() (mean, variance *graph.Node) {
	mean, variance = n.runningMean, n.runningVar // [splits, channels]
	if mean.Shape().Dimensions[0] > 1 {
		mean, variance = graph.ReduceMean(mean, 0), graph.ReduceMean(variance, 0) // [channels]
	}
	return graph.Reshape(mean, 1, 1, -1), graph.Reshape(variance, 1, 1, -1)
}

// apply returns (x − mean) / √(variance + ε) · scale + shift.
//
//	x               [groups, rows, columns, pixels, channels]
//	mean, variance  [groups, columns, channels]
func (n *norm) apply(x, mean, variance *graph.Node) *graph.Node {
	factor, offset := n.factors(mean, variance)
	return graph.Add(graph.Mul(x, graph.ExpandAxes(factor, 1, 3)), graph.ExpandAxes(offset, 1, 3))
}

// factors returns what to multiply by and what to add then, each as mean and variance.
func (n *norm) factors(mean, variance *graph.Node) (factor, offset *graph.Node) {
	factor = graph.Rsqrt(graph.AddScalar(variance, BatchNormEpsilon)) // [groups, columns, channels]
	if n.scale != nil {
		factor = graph.Mul(factor, graph.ExpandLeftToRank(n.scale, 3))
	}
	offset = graph.Neg(graph.Mul(mean, factor)) // [groups, columns, channels]
	if n.shift != nil {
		offset = graph.Add(offset, n.shifts(offset.Shape().Dimensions))
	}
	return factor, offset
}

// middle is where the values of x [groups, rows, columns, pixels, channels] lie, roughly: the
// mean of some. On a GPU, where that would be a kernel of its own, and another reading of
// all of x where these are all rows of a split, it is the median of three: one of them may
// be an outlier. On several devices, which would have to send each other those, it is the
// running mean, which all of them have.
//
//	result  [groups or 1, 1, columns, 1, channels]
func (n *norm) middle(x *graph.Node, mode Mode) *graph.Node {
	dims := x.Shape().Dimensions
	if mode.Devices > 1 {
		each := graph.BroadcastToDims(graph.ExpandAxes(n.runningMean, 1), n.lay.splits, n.lay.inner, n.lay.channels)
		return graph.Reshape(each, 1, 1, dims[2], 1, n.lay.channels)
	}
	if !mode.JointViews {
		some := graph.Slice(x, graph.AxisRange(), graph.AxisRange(0, min(dims[1], originRows)))
		return graph.ReduceAndKeep(some, graph.ReduceMean, 1, 3)
	}
	value := func(row int) *graph.Node {
		return graph.Slice(x, graph.AxisRange(), graph.AxisElem(row), graph.AxisRange(), graph.AxisElem(0))
	}
	a, b, c := value(0), value(dims[1]/3), value(2*dims[1]/3)
	return graph.Max(graph.Min(a, b), graph.Min(graph.Max(a, b), c))
}

// shifts returns the shift of each statistic, [groups, columns, channels] as dims say: copies
// put together, whose gradient is a sum of as many parts. That of a broadcast would be a sum
// of sums, which XLA makes one sum over all rows and takes another pass over them for.
func (n *norm) shifts(dims []int) *graph.Node {
	parts := max(n.lay.parts, 1)
	copies := make([]*graph.Node, dims[0]/parts*dims[1])
	for i := range copies {
		copies[i] = n.shift
	}
	x := graph.Reshape(graph.Concatenate(copies, 0), dims[0]/parts, 1, dims[1], dims[2])
	return graph.Reshape(graph.BroadcastToDims(x, dims[0]/parts, parts, dims[1], dims[2]), dims...)
}

func blend(running, batch *graph.Node) *graph.Node {
	return graph.Add(graph.MulScalar(running, 1-batchNormMomentum), graph.MulScalar(batch, batchNormMomentum))
}
