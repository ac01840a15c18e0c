package method

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/nn"
)

// MAE hides most patches of an image from a vision transformer, and lets a small
// second one, the decoder, predict their pixels from what the first one makes of the
// others. So an image costs a fraction of what it has tokens.
//
// Pixels are predicted as the view has them: not normalised patch by patch, which
// the paper finds better by half a per cent, and lightly leaves out.
//
// Its meter "explained" is which part of the variance of masked pixels the predictions
// explain: 0 where all are predicted as their mean is, 1 where they are right.
//
// He et al., Masked Autoencoders Are Scalable Vision Learners, 2021, arXiv:2111.06377.
type MAE struct {
	Decoder head.Decoder `json:"decoder"`
	Masking Masking      `json:"masking"`
}

var _ Reconstructor = MAE{}

// Views is one.
func (MAE) Views() Crops { return Crops{Full: 1} }

// Validate reports the first hyperparameter that makes no sense.
func (m MAE) Validate(net backbone.Backbone) error {
	if err := m.Masking.validate("MAE"); err != nil {
		return err
	}
	if err := m.Decoder.Validate(); err != nil {
		return err
	}
	_, err := transformer("MAE", net)
	return err
}

// Loss is the mean squared error of the predicted pixels. The embedding is the class
// token.
func (m MAE) Loss(step Step) Output {
	net, x := step.transformer("MAE"), step.Full[0]
	dims := x.Shape().Dimensions
	mask := m.Masking.draw(step.Scope, dims[0], net.Tokens(dims[1], dims[2]))
	prediction, kept := m.predict(step.Scope, net, x, mask)
	target := maskedPatches(net, x, mask)
	return Output{
		Loss:      loss.SquaredError(prediction, target),
		Embedding: firstTokens(kept),
		Meters:    map[string]*graph.Node{"explained": explained(prediction, target)},
	}
}

// Reconstruct implements [Reconstructor].
func (m MAE) Reconstruct(scope *nn.Scope, net backbone.ViT, x, noise *graph.Node) Reconstruction {
	mask := m.Masking.of(noise)
	prediction, _ := m.predict(scope, net, x, mask)
	return reconstruction(net, x, prediction, mask)
}

// predict returns the pixels of masked patches, and the encoder's tokens of the others.
func (m MAE) predict(scope *nn.Scope, net backbone.ViT, x *graph.Node, mask backbone.Mask) (prediction, kept *graph.Node) {
	online := scope.In("online")
	kept = net.EncodeKept(online.In("backbone"), x, mask.Kept())
	return m.Decoder.Forward(online.In("decoder"), net, x, kept, mask), kept
}
