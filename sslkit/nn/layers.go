package nn

import (
	"slices"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// Conv returns a 2-d convolution without bias, padded by kernel/2 on each side.
// Its weights start as [UniformFanIn], PyTorch's default.
//
//	x       [batch, height, width, channels]
//	weight  [kernel, kernel, channels, out]
//	result  [batch, ⌈height/stride⌉, ⌈width/stride⌉, out], in the mode's precision
func Conv(scope *Scope, x *graph.Node, out, kernel, stride int) *graph.Node {
	return ConvInit(scope, x, out, kernel, stride, UniformFanIn(x.Shape().Dimensions[3]*kernel*kernel))
}

// ConvInit is [Conv] with weights that start otherwise.
func ConvInit(scope *Scope, x *graph.Node, out, kernel, stride int, init Init) *graph.Node {
	return convolve(scope, x, convWeight(scope, x, out, kernel, init), stride)
}

func convWeight(scope *Scope, x *graph.Node, out, kernel int, init Init) *graph.Node {
	x.AssertRank(4)
	return scope.Param("weight", init, kernel, kernel, x.Shape().Dimensions[3], out)
}

// convolve pads x by half the kernel on each side.
func convolve(scope *Scope, x, weight *graph.Node, stride int) *graph.Node {
	half := weight.Shape().Dimensions[0] / 2
	if mode := scope.Mode(); half == 0 && stride > 1 && mode.Training && mode.JointViews {
		// A GPU would write the gradient of all pixels, zeros of those that the stride
		// skips, and read it again to add it to others. On a CPU this gains nothing, and
		// rounds otherwise where sizes are odd.
		every := graph.AxisRange().Stride(stride)
		x, stride = graph.Slice(x, graph.AxisRange(), every, every), 1
	}
	pad := [2]int{half, half}
	return graph.Convolve(compute(scope, x), compute(scope, weight)).
		Strides(stride).PaddingPerDim([][2]int{pad, pad}).Done()
}

// Dense returns x·weight, plus a bias if asked for. Both start as [UniformFanIn],
// PyTorch's default.
//
//	x       […, in]
//	weight  [in, out] (PyTorch's transposed)
//	result  […, out], in the mode's precision
func Dense(scope *Scope, x *graph.Node, out int, bias bool) *graph.Node {
	init := UniformFanIn(x.Shape().Dimensions[x.Rank()-1])
	if bias {
		return DenseInit(scope, x, out, init, init)
	}
	return DenseInit(scope, x, out, init, nil)
}

// DenseInit is [Dense] whose weights start otherwise. Without an init for the bias
// there is none.
func DenseInit(scope *Scope, x *graph.Node, out int, weight, bias Init) *graph.Node {
	dims := slices.Clone(x.Shape().Dimensions)
	last := len(dims) - 1
	w := scope.Param("weight", weight, dims[last], out)
	y := op.MatMul(compute(scope, graph.Reshape(x, -1, dims[last])), compute(scope, w)) // [all rows, out]
	if bias != nil {
		b := compute(scope, scope.Param("bias", bias, out))
		y = graph.Add(y, graph.ExpandLeftToRank(b, 2))
	}
	dims[last] = out
	return graph.Reshape(y, dims...)
}

// MaxPool returns the largest value of every window of kernel×kernel pixels,
// padded by kernel/2 on each side with −∞. The gradient goes to the first
// largest value of a window, row by row.
//
//	x       [batch, height, width, channels]
//	result  [batch, ⌈height/stride⌉, ⌈width/stride⌉, channels], as x
func MaxPool(x *graph.Node, kernel, stride int) *graph.Node {
	x.AssertRank(4)
	pad := [2]int{kernel / 2, kernel / 2}
	wide := op.Widen(x) // GoMLX's gradient has no half-precision form; the largest value is the same
	y := graph.MaxPool(wide).Window(kernel).Strides(stride).PaddingPerDim([][2]int{pad, pad}).Done()
	return graph.ConvertDType(y, x.DType())
}

// GlobalAveragePool returns the mean over the image, computed in at least float32.
//
//	x       [batch, height, width, channels]
//	result  [batch, channels], at least float32
func GlobalAveragePool(x *graph.Node) *graph.Node {
	return graph.ReduceMean(op.Widen(x), 1, 2)
}

// Dropout returns x with every element made 0 with a probability, and the others divided
// by that of staying: in training, by the scope's [Scope.Noise], which an element stays
// with that is not below the probability. Elsewhere, and with probability 0, it is x.
//
//	x, result  […, n]
//
// Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting,
// JMLR 15, 2014.
func Dropout(scope *Scope, x *graph.Node, probability float64) *graph.Node {
	if probability == 0 || !scope.Mode().Training {
		return x
	}
	n := x.Shape().Dimensions[x.Rank()-1]
	noise := graph.Reshape(scope.Noise(x.Shape().Size()/n, n), x.Shape().Dimensions...)
	stays := graph.GreaterOrEqual(noise, graph.Scalar(x.Graph(), noise.DType(), probability))
	return graph.Where(stays, graph.DivScalar(x, 1-probability), graph.ZerosLike(x))
}

// compute converts to the type of the layers' arithmetic.
func compute(scope *Scope, x *graph.Node) *graph.Node {
	return graph.ConvertDType(x, scope.Mode().Precision.DType())
}
