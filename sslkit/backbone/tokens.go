package backbone

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

// LayerNormEpsilon is that of vision transformers.
const LayerNormEpsilon = 1e-6

// A Token is a learnt vector.
type Token struct {
	Width int
	Init  ViTInit
}

// Forward implements [Kind].
//
//	result  [1, 1, Width]
func (t Token) Forward(scope *nn.Scope, _ ...*graph.Node) *graph.Node {
	return graph.Reshape(scope.Param("weight", t.Init.token(), t.Width), 1, 1, t.Width)
}

// Weights implements [Kind].
func (t Token) Weights() []Weight { return []Weight{{Dims: []int{1, 1, t.Width}}} }

// A PatchEmbedding makes a token of each patch: a convolution with bias whose windows
// lie side by side.
type PatchEmbedding struct {
	Patch, Width int // as in [ViT]
	Init         ViTInit
}

// Forward implements [Kind].
//
//	in      x, [batch, height, width, 3]
//	result  [batch, patches, Width], row by row
func (p PatchEmbedding) Forward(scope *nn.Scope, in ...*graph.Node) *graph.Node {
	in[0].AssertDims(-1, -1, -1, 3)
	x := nn.Patches(in[0], p.Patch)
	weight, bias := p.Init.patch(x.Shape().Dimensions[2], p.Width)
	return nn.DenseInit(scope, x, p.Width, weight, bias)
}

// Weights implements [Kind].
func (p PatchEmbedding) Weights() []Weight {
	return []Weight{{Name: "weight", Dims: []int{p.Width, 3, p.Patch, p.Patch}, Kernel: true}, {Name: "bias", Dims: []int{p.Width}}}
}

// Prepend puts tokens that all images share before those of each image.
type Prepend struct{}

// Forward implements [Kind].
//
//	in      first [1, n, width], and x [batch, m, width]
//	result  [batch, n+m, width]
func (Prepend) Forward(_ *nn.Scope, in ...*graph.Node) *graph.Node {
	first, x := in[0], in[1]
	dims := first.Shape().Dimensions
	first = graph.ConvertDType(first, x.DType())
	return graph.Concatenate([]*graph.Node{graph.BroadcastToDims(first, x.Shape().Dimensions[0], dims[1], dims[2]), x}, 1)
}

// Weights implements [Kind]: there are none.
func (Prepend) Weights() []Weight { return nil }

// FirstToken is the first token of each image.
type FirstToken struct{}

// Forward implements [Kind].
//
//	in      x, [batch, tokens, width]
//	result  [batch, width], at least float32
func (FirstToken) Forward(_ *nn.Scope, in ...*graph.Node) *graph.Node {
	first := graph.Slice(in[0], graph.AxisRange(), graph.AxisElem(0))
	return op.Widen(graph.Squeeze(first, 1))
}

// Weights implements [Kind]: there are none.
func (FirstToken) Weights() []Weight { return nil }

// A LayerNorm is [nn.LayerNorm] with [LayerNormEpsilon].
type LayerNorm struct{ Width int }

// Forward implements [Kind]. The result has the shape of the one input.
func (LayerNorm) Forward(scope *nn.Scope, in ...*graph.Node) *graph.Node {
	return nn.LayerNorm(scope, in[0], LayerNormEpsilon)
}

// Weights implements [Kind].
func (n LayerNorm) Weights() []Weight {
	return []Weight{{Name: "weight", Dims: []int{n.Width}}, {Name: "bias", Dims: []int{n.Width}}}
}

// An Attention is [nn.Attention].
type Attention struct {
	Width, Heads int
	Init         ViTInit
}

// Forward implements [Kind]. The result has the shape of the one input.
func (a Attention) Forward(scope *nn.Scope, in ...*graph.Node) *graph.Node {
	in[0].AssertDims(-1, -1, a.Width)
	return nn.Attention(scope, in[0], a.Heads, a.Init.attention(a.Width))
}

// Weigh is [nn.AttentionWeights] of the layer.
//
//	x       [batch, tokens, Width]
//	result  [batch, Heads, tokens, tokens]
func (a Attention) Weigh(scope *nn.Scope, x *graph.Node) *graph.Node {
	return nn.AttentionWeights(scope, x, a.Heads, a.Init.attention(a.Width))
}

// Weights implements [Kind].
func (a Attention) Weights() []Weight {
	return []Weight{
		{Name: "qkv.weight", Dims: []int{3 * a.Width, a.Width}, Kernel: true}, {Name: "qkv.bias", Dims: []int{3 * a.Width}},
		{Name: "proj.weight", Dims: []int{a.Width, a.Width}, Kernel: true}, {Name: "proj.bias", Dims: []int{a.Width}},
	}
}

// A Linear is a dense layer with bias on each token.
type Linear struct {
	In, Out int
	Init    ViTInit
}

// Forward implements [Kind].
//
//	in      x, [batch, tokens, In]
//	result  [batch, tokens, Out]
func (l Linear) Forward(scope *nn.Scope, in ...*graph.Node) *graph.Node {
	in[0].AssertDims(-1, -1, l.In)
	weight, bias := l.Init.linear(l.In, l.Out)
	return nn.DenseInit(scope, in[0], l.Out, weight, bias)
}

// Weights implements [Kind].
func (l Linear) Weights() []Weight {
	return []Weight{{Name: "weight", Dims: []int{l.Out, l.In}, Kernel: true}, {Name: "bias", Dims: []int{l.Out}}}
}

// GELU is [op.GELU].
type GELU struct{}

// Forward implements [Kind].
func (GELU) Forward(_ *nn.Scope, in ...*graph.Node) *graph.Node { return op.GELU(in[0]) }

// Weights implements [Kind]: there are none.
func (GELU) Weights() []Weight { return nil }
