package backbone

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

// A Conv is a square convolution without bias, [nn.Conv], padded by Size/2 on each side.
type Conv struct {
	In, Out      int  // channels
	Size, Stride int  // pixels
	NormalInit   bool // weights start as [nn.NormalFanOut], and not as PyTorch's layers by default
}

// Forward implements [Kind].
//
//	in      x, [batch, height, width, In]
//	result  [batch, ⌈height/Stride⌉, ⌈width/Stride⌉, Out]
func (c Conv) Forward(scope *nn.Scope, in ...*graph.Node) *graph.Node {
	x := in[0]
	x.AssertDims(-1, -1, -1, c.In)
	return nn.ConvInit(scope, x, c.Out, c.Size, c.Stride, c.init())
}

// normed builds the layer and the batch norm behind it, in evaluation.
func (c Conv) normed(scope, norm *nn.Scope, x *graph.Node, b BatchNorm) *graph.Node {
	x.AssertDims(-1, -1, -1, c.In)
	return nn.ConvBatchNorm(scope, norm, x, c.Out, c.Size, c.Stride, b.Splits, c.init())
}

func (c Conv) init() nn.Init {
	if c.NormalInit {
		return nn.NormalFanOut(c.Out * c.Size * c.Size)
	}
	return nn.UniformFanIn(c.In * c.Size * c.Size)
}

// Weights implements [Kind].
func (c Conv) Weights() []Weight {
	return []Weight{{Name: "weight", Dims: []int{c.Out, c.In, c.Size, c.Size}, Kernel: true}}
}

// A BatchNorm is an affine batch norm, [nn.SplitBatchNorm].
type BatchNorm struct{ Channels, Splits int }

// Forward implements [Kind]. The result has the shape of the one input.
func (b BatchNorm) Forward(scope *nn.Scope, in ...*graph.Node) *graph.Node {
	return nn.SplitBatchNorm(scope, in[0], b.Splits)
}

// Weights implements [Kind]; they are those of plain batch norm.
func (b BatchNorm) Weights() []Weight {
	dims := []int{b.Channels}
	return []Weight{
		{Name: "weight", Dims: dims}, {Name: "bias", Dims: dims},
		{Name: "running_mean", Dims: dims, Statistic: true}, {Name: "running_var", Dims: dims, Statistic: true},
	}
}

// A ReLU sets what is negative to zero.
type ReLU struct{}

// Forward implements [Kind].
func (ReLU) Forward(_ *nn.Scope, in ...*graph.Node) *graph.Node { return op.ReLU(in[0]) }

// Weights implements [Kind]: there are none.
func (ReLU) Weights() []Weight { return nil }

// A MaxPool is the maximum of square windows, [nn.MaxPool].
type MaxPool struct {
	Size, Stride int // pixels
}

// Forward implements [Kind].
func (m MaxPool) Forward(_ *nn.Scope, in ...*graph.Node) *graph.Node {
	return nn.MaxPool(in[0], m.Size, m.Stride)
}

// Weights implements [Kind]: there are none.
func (MaxPool) Weights() []Weight { return nil }

// An Add is the sum of two results of one shape.
type Add struct{}

// Forward implements [Kind].
func (Add) Forward(_ *nn.Scope, in ...*graph.Node) *graph.Node { return graph.Add(in[0], in[1]) }

// Weights implements [Kind]: there are none.
func (Add) Weights() []Weight { return nil }

// An AveragePool is the mean over the image, [nn.GlobalAveragePool].
type AveragePool struct{}

// Forward implements [Kind].
//
//	in      x, [batch, height, width, channels]
//	result  [batch, channels], at least float32
func (AveragePool) Forward(_ *nn.Scope, in ...*graph.Node) *graph.Node {
	return nn.GlobalAveragePool(in[0])
}

// Weights implements [Kind]: there are none.
func (AveragePool) Weights() []Weight { return nil }

// A PointConv is a 1×1 convolution with bias behind an [AveragePool]. For us it is
// a dense layer, as there is one point only.
type PointConv struct{ In, Out int }

// Forward implements [Kind].
//
//	in      h, [batch, In]
//	result  [batch, Out], at least float32
func (p PointConv) Forward(scope *nn.Scope, in ...*graph.Node) *graph.Node {
	h := in[0]
	h.AssertDims(-1, p.In)
	return op.Widen(nn.Dense(scope, h, p.Out, true))
}

// Weights implements [Kind].
func (p PointConv) Weights() []Weight {
	return []Weight{{Name: "weight", Dims: []int{p.Out, p.In, 1, 1}, Kernel: true}, {Name: "bias", Dims: []int{p.Out}}}
}
