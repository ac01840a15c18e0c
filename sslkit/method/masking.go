package method

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

// A Masking says how many patches of an image a method masks: others for each image and
// in each step. The class token is always kept.
type Masking struct {
	Ratio float64 `json:"ratio"` // of patches that are masked

	// CountClass counts the class token among those that the ratio is of, as
	// lightly did until 2024.
	CountClass bool `json:"count_class"`
}

func (m Masking) validate(method string) error {
	if !(m.Ratio > 0 && m.Ratio < 1) {
		return fmt.Errorf("method: %s: masking: ratio %g, want one between 0 and 1", method, m.Ratio)
	}
	return nil
}

// Kept is how many of an image's tokens are, the class token among them.
func (m Masking) Kept(tokens int) int {
	if m.CountClass {
		return max(1, int(float64(tokens)*(1-m.Ratio)))
	}
	return int(float64(tokens-1)*(1-m.Ratio)) + 1
}

// draw masks tokens of a batch of images.
func (m Masking) draw(scope *nn.Scope, batch, tokens int) backbone.Mask {
	return m.of(scope.Noise(batch, tokens))
}

// of keeps the class token and the patches of the smallest noise, [batch, tokens].
func (m Masking) of(noise *graph.Node) backbone.Mask {
	tokens := noise.Shape().Dimensions[1]
	patches := graph.Slice(noise, graph.AxisRange(), graph.AxisRangeToEnd(1))
	first := graph.MulScalar(graph.OnesLike(graph.Slice(noise, graph.AxisRange(), graph.AxisElem(0))), -1)
	return backbone.NewMask(graph.Concatenate([]*graph.Node{first, patches}, 1), m.Kept(tokens))
}

// maskedPatches are the pixels of masked patches, which methods predict.
//
//	x       [batch, height, width, 3]
//	result  [batch, masked, pixels·3], as [nn.Patches] has them
func maskedPatches(net backbone.ViT, x *graph.Node, mask backbone.Mask) *graph.Node {
	return op.StackRows(nn.Patches(x, net.Patch), graph.AddScalar(mask.Masked(), -1)) // token 1 is patch 0
}

// A Reconstructor is a method that predicts the pixels of patches that it has masked.
type Reconstructor interface {
	Method

	// Reconstruct predicts masked patches of images with a run's variables, in the scope
	// that Loss has them in.
	//
	//	x      [batch, height, width, 3], normalised
	//	noise  [batch, tokens], numbers from 0 on, such as [nn.Scope.Noise]: of each image the
	//	       patches with the largest are masked, as many as in training
	Reconstruct(scope *nn.Scope, net backbone.ViT, x, noise *graph.Node) Reconstruction
}

// A Reconstruction is what a [Reconstructor] makes of images.
type Reconstruction struct {
	Filled *graph.Node // [batch, height, width, 3], at least float32: the images with predictions in place of masked patches
	Masked *graph.Node // [batch, height, width, 1] bool: pixels of those patches
}

// reconstruction puts predictions of masked patches, [batch, masked, pixels·3], into
// images.
func reconstruction(net backbone.ViT, x, prediction *graph.Node, mask backbone.Mask) Reconstruction {
	dims := x.Shape().Dimensions
	patches := nn.Patches(op.Widen(x), net.Patch)
	patches = graph.Pad(patches, graph.ScalarZero(x.Graph(), patches.DType()), graph.PadAxis{}, graph.PadAxis{Start: 1}) // a row for the class token
	filled := mask.Merge(op.StackRows(patches, mask.Kept()), graph.ConvertDType(prediction, patches.DType()))
	hidden := graph.ExpandAxes(mask.Hidden(), -1)
	hidden = graph.BroadcastToDims(hidden, dims[0], net.Tokens(dims[1], dims[2]), net.Patch*net.Patch)
	whole := func(rows *graph.Node) *graph.Node {
		return nn.Joined(graph.Slice(rows, graph.AxisRange(), graph.AxisRangeToEnd(1)), net.Patch, dims[1], dims[2])
	}
	return Reconstruction{Filled: whole(filled), Masked: whole(hidden)}
}

// transformer is the step's backbone. It panics if it is another one.
func (s Step) transformer(method string) backbone.ViT {
	net, err := transformer(method, s.Backbone)
	if err != nil {
		panic(err)
	}
	return net
}

// transformer reports a backbone that has no tokens to be masked.
func transformer(method string, net backbone.Backbone) (backbone.ViT, error) {
	v, ok := net.(backbone.ViT)
	if !ok {
		return v, fmt.Errorf("method: %s: the backbone is %s, want a ViT, whose tokens can be masked", method, backbone.Describe(net))
	}
	return v, nil
}

// firstTokens are those of each image.
//
//	tokens  [batch, tokens, width]
//	result  [batch, width], at least float32
func firstTokens(tokens *graph.Node) *graph.Node {
	return backbone.FirstToken{}.Forward(nil, tokens)
}

// explained is which part of the variance of pixels predictions explain: 0 where all
// pixels are predicted as their mean is, 1 where they are right.
func explained(prediction, target *graph.Node) *graph.Node {
	target = op.Widen(target)
	variance := graph.ReduceAllMean(graph.Square(graph.Sub(target, graph.ReduceAllMean(target))))
	squares := graph.ReduceAllMean(graph.Square(graph.Sub(prediction, target)))
	return graph.StopGradient(graph.OneMinus(graph.Div(squares, graph.MaxScalar(variance, 1e-12))))
}
