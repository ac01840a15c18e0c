package nn

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// LayerNorm normalises every vector along the last axis, and scales and shifts it by
// two learnt vectors.
//
//	x        […, dim]
//	epsilon  is added to variances: 1e-5 by PyTorch's default, 1e-6 in vision transformers
//	result   as x, in the mode's precision; statistics in at least float32
//
// Ba et al., Layer Normalization, 2016, arXiv:1607.06450.
func LayerNorm(scope *Scope, x *graph.Node, epsilon float64) *graph.Node {
	rank := x.Rank()
	dim := x.Shape().Dimensions[rank-1]
	x = op.Widen(x)
	centred := graph.Sub(x, graph.ReduceAndKeep(x, graph.ReduceMean, -1))
	variance := graph.ReduceAndKeep(graph.Square(centred), graph.ReduceMean, -1) // […, 1]
	y := graph.Mul(centred, graph.Rsqrt(graph.AddScalar(variance, epsilon)))
	scale := graph.ExpandLeftToRank(scope.Param("weight", Constant(1), dim), rank)
	shift := graph.ExpandLeftToRank(scope.Param("bias", Constant(0), dim), rank)
	return compute(scope, graph.Add(graph.Mul(y, scale), shift))
}

// AttentionInit is how the layers of [Attention] start.
type AttentionInit struct{ QKV, QKVBias, Proj, ProjBias Init }

// Attention lets every token of an image see all of them: each takes a mean of what
// the others tell (their values), weighted by how well its query fits their keys.
//
//	x       [batch, tokens, width]
//	heads   parts of the width, with weights of their own each
//	result  as x, in the mode's precision; softmax in at least float32
//
// The weights are two dense layers, qkv of [width, 3·width], queries, keys and values
// side by side, and proj of [width, width]. It panics if the heads do not divide the width.
//
// Vaswani et al., Attention Is All You Need, 2017, arXiv:1706.03762, section 3.2.
func Attention(scope *Scope, x *graph.Node, heads int, init AttentionInit) *graph.Node {
	return AttentionDropout(scope, x, heads, init, 0)
}

// AttentionDropout is [Attention] with [Dropout] of the weights.
func AttentionDropout(scope *Scope, x *graph.Node, heads int, init AttentionInit, dropout float64) *graph.Node {
	weights, v := attend(scope, x, heads, init)
	weights = Dropout(scope, weights, dropout)
	batch, tokens, width := x.Shape().Dimensions[0], x.Shape().Dimensions[1], x.Shape().Dimensions[2]
	y := graph.TransposeAllAxes(op.MatMul(weights, v), 0, 2, 1, 3) // [batch, tokens, heads, width/heads]
	y = graph.Reshape(y, batch, tokens, width)                     // [batch, tokens, width]
	return DenseInit(scope.In("proj"), y, width, init.Proj, init.ProjBias)
}

// AttentionWeights is how much every token heeds each of them in [Attention], with the
// same arguments.
//
//	result  [batch, heads, tokens, tokens], in the mode's precision; the sum over the last
//	        axis is 1
func AttentionWeights(scope *Scope, x *graph.Node, heads int, init AttentionInit) *graph.Node {
	weights, _ := attend(scope, x, heads, init)
	return weights
}

// attend returns attention's weights, [batch, heads, tokens, tokens], and what they are
// of, [batch, heads, tokens, width/heads].
func attend(scope *Scope, x *graph.Node, heads int, init AttentionInit) (weights, v *graph.Node) {
	x.AssertRank(3)
	width := x.Shape().Dimensions[2]
	if heads < 1 || width%heads != 0 {
		panic(fmt.Errorf("nn: Attention: %d heads do not divide a width of %d", heads, width))
	}
	q, k, v := splitHeads(DenseInit(scope.In("qkv"), x, 3*width, init.QKV, init.QKVBias), heads)
	q = graph.MulScalar(q, 1/math.Sqrt(float64(width/heads)))
	return compute(scope, op.Softmax(op.MatMulT(q, k))), v
}

// splitHeads cuts queries, keys and values out of x [batch, tokens, 3·width]; each is
// [batch, heads, tokens, width/heads].
func splitHeads(x *graph.Node, heads int) (q, k, v *graph.Node) {
	batch, tokens, width := x.Shape().Dimensions[0], x.Shape().Dimensions[1], x.Shape().Dimensions[2]/3
	x = graph.Reshape(x, batch, tokens, 3, heads, width/heads)
	x = graph.TransposeAllAxes(x, 2, 0, 3, 1, 4) // [3, batch, heads, tokens, width/heads]
	return part(x, 0), part(x, 1), part(x, 2)
}

// Patches cuts images into squares, row by row.
//
//	x       [batch, height, width, channels]
//	result  [batch, height/size · width/size, size·size·channels]: of each square its
//	        pixels row by row, of each pixel its channels
//
// It panics if the squares do not fill the image.
func Patches(x *graph.Node, size int) *graph.Node {
	x.AssertRank(4)
	batch, height, width, channels := x.Shape().Dimensions[0], x.Shape().Dimensions[1], x.Shape().Dimensions[2], x.Shape().Dimensions[3]
	if size < 1 || height%size != 0 || width%size != 0 {
		panic(fmt.Errorf("nn: Patches: an image of %d×%d pixels does not divide into patches of %d", height, width, size))
	}
	x = graph.Reshape(x, batch, height/size, size, width/size, size, channels)
	x = graph.TransposeAllAxes(x, 0, 1, 3, 2, 4, 5) // [batch, rows, columns, size, size, channels]
	return graph.Reshape(x, batch, height/size*(width/size), size*size*channels)
}

// Joined puts patches together to images: the inverse of [Patches].
//
//	patches  [batch, height/size · width/size, size·size·channels]
//	result   [batch, height, width, channels]
//
// It panics if the patches are not those of such images.
func Joined(patches *graph.Node, size, height, width int) *graph.Node {
	patches.AssertRank(3)
	dims := patches.Shape().Dimensions
	if size < 1 || height%size != 0 || width%size != 0 || dims[1] != height/size*(width/size) || dims[2]%(size*size) != 0 {
		panic(fmt.Errorf("nn: Joined: %s are no patches of %d in images of %d×%d pixels", patches.Shape(), size, height, width))
	}
	channels := dims[2] / (size * size)
	x := graph.Reshape(patches, dims[0], height/size, width/size, size, size, channels)
	x = graph.TransposeAllAxes(x, 0, 1, 3, 2, 4, 5) // [batch, rows, size, columns, size, channels]
	return graph.Reshape(x, dims[0], height, width, channels)
}

// part returns element i of the first axis.
func part(x *graph.Node, i int) *graph.Node {
	return graph.Squeeze(graph.Slice(x, graph.AxisElem(i)), 0)
}
