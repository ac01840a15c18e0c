package head

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

// A Decoder predicts the pixels of masked patches: a small transformer on the tokens
// of the others and a token of its own in the place of each that is masked.
//
// He et al., Masked Autoencoders Are Scalable Vision Learners, 2021, arXiv:2111.06377,
// section 3.
type Decoder struct {
	Width int `json:"width"` // as in [backbone.ViT]
	Depth int `json:"depth"`
	Heads int `json:"heads"`
	MLP   int `json:"mlp"`

	Positions backbone.Positions `json:"positions"`
	Init      backbone.ViTInit   `json:"init"`
}

// Validate reports the first field that makes no sense.
func (d Decoder) Validate() error {
	if d.Positions != backbone.SineCosine && d.Positions != backbone.Learned {
		return fmt.Errorf("head: Decoder: positions %q, want %q or %q", d.Positions, backbone.SineCosine, backbone.Learned)
	}
	if d.Positions == backbone.SineCosine && d.Width%4 != 0 {
		return fmt.Errorf("head: Decoder: width %d, want a multiple of 4 for positions %q", d.Width, d.Positions)
	}
	if err := d.trunk().Validate(); err != nil {
		return fmt.Errorf("head: Decoder: %w", err)
	}
	return nil
}

func (d Decoder) trunk() backbone.Trunk {
	return backbone.Trunk{Width: d.Width, Depth: d.Depth, Heads: d.Heads, MLP: d.MLP, Init: d.Init}
}

// Forward predicts masked patches.
//
//	net     the encoder
//	x       images, of which only the size counts
//	kept    [batch, kept, net.Width]: the encoder's tokens, in the order of mask.Kept()
//	result  [batch, masked, pixels·3], in the order of mask.Masked(), at least float32
func (d Decoder) Forward(scope *nn.Scope, net backbone.ViT, x, kept *graph.Node, mask backbone.Mask) *graph.Node {
	kept = d.dense(scope.In("embed"), kept, d.Width) // [batch, kept, Width]
	token := scope.Param("mask_token", nn.Normal(backbone.TokenDeviation), d.Width)
	positions := backbone.PositionTable{Patch: net.Patch, Width: d.Width, Grid: net.Grid, Positions: d.Positions, Resize: net.Resize}
	tokens := graph.Add(mask.Restore(kept, token), positions.Forward(scope.In("pos_embed"), x)) // [batch, tokens, Width]
	tokens = d.trunk().Forward(scope, tokens)
	return op.Widen(d.dense(scope.In("prediction"), op.StackRows(tokens, mask.Masked()), pixels(net)))
}

// dense is a layer before or behind the blocks.
func (d Decoder) dense(scope *nn.Scope, x *graph.Node, out int) *graph.Node {
	if d.Init == backbone.TorchvisionInit { // there they are PyTorch's by default
		return nn.Dense(scope, x, out, true)
	}
	return nn.DenseInit(scope, x, out, nn.Xavier(x.Shape().Dimensions[2], out), nn.Constant(0))
}

// pixels are the numbers of a patch.
func pixels(net backbone.ViT) int { return net.Patch * net.Patch * 3 }

// Pixels predicts the pixels of patches by a dense layer on their tokens, which is the
// decoder of SimMIM.
//
//	tokens  [batch, n, net.Width]
//	result  [batch, n, pixels·3], as [nn.Patches] has them, at least float32
//
// Xie et al., SimMIM, 2021, arXiv:2111.09886, section 3.3.
func Pixels(scope *nn.Scope, net backbone.ViT, tokens *graph.Node) *graph.Node {
	return op.Widen(nn.Dense(scope, tokens, pixels(net), true))
}
