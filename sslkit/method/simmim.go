package method

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

// SimMIM puts a learnt token in the place of most patches of an image, and predicts
// their pixels by a dense layer on what a vision transformer makes of all tokens.
//
// Its meter "explained" is that of [MAE].
//
// Xie et al., SimMIM: A Simple Framework for Masked Image Modeling, 2021,
// arXiv:2111.09886; with lightly's masks, of single patches anywhere.
type SimMIM struct {
	Masking Masking `json:"masking"`
}

var _ Reconstructor = SimMIM{}

// Views is one.
func (SimMIM) Views() Crops { return Crops{Full: 1} }

// Validate reports the first hyperparameter that makes no sense.
func (m SimMIM) Validate(net backbone.Backbone) error {
	if err := m.Masking.validate("SimMIM"); err != nil {
		return err
	}
	_, err := transformer("SimMIM", net)
	return err
}

// Loss is the mean absolute error of the predicted pixels. The embedding is the class
// token.
func (m SimMIM) Loss(step Step) Output {
	net, x := step.transformer("SimMIM"), step.Full[0]
	dims := x.Shape().Dimensions
	mask := m.Masking.draw(step.Scope, dims[0], net.Tokens(dims[1], dims[2]))
	prediction, tokens := m.predict(step.Scope, net, x, mask)
	target := maskedPatches(net, x, mask)
	return Output{
		Loss:      loss.AbsoluteError(prediction, target),
		Embedding: firstTokens(tokens),
		Meters:    map[string]*graph.Node{"explained": explained(prediction, target)},
	}
}

// Reconstruct implements [Reconstructor].
func (m SimMIM) Reconstruct(scope *nn.Scope, net backbone.ViT, x, noise *graph.Node) Reconstruction {
	mask := m.Masking.of(noise)
	prediction, _ := m.predict(scope, net, x, mask)
	return reconstruction(net, x, prediction, mask)
}

// predict returns the pixels of masked patches, and all tokens of the encoder.
func (SimMIM) predict(scope *nn.Scope, net backbone.ViT, x *graph.Node, mask backbone.Mask) (prediction, tokens *graph.Node) {
	online := scope.In("online")
	token := online.Param("mask_token", nn.Constant(0), net.Width)
	tokens = net.EncodeHidden(online.In("backbone"), x, mask.Hidden(), token)
	return head.Pixels(online.In("decoder"), net, op.StackRows(tokens, mask.Masked())), tokens
}
