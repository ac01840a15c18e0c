package method

import (
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
)

// FroSSL pulls all views of an image to their mean, and spreads the batch over all
// directions of the projections: the Frobenius norm of each view's covariance, which
// is least where the eigenvalues are all the same, is made small.
//
// Skean et al., FroSSL: Frobenius Norm Minimization for Efficient Multiview
// Self-Supervised Learning, 2023, arXiv:2310.02903.
type FroSSL struct {
	Projector head.MLP `json:"projector"`
	Full      int      `json:"full"` // views: 2, 4 or 8 in the paper
}

var _ Method = FroSSL{}

// Views is as many full ones as Full says, and never fewer than two.
func (m FroSSL) Views() Crops { return Crops{Full: max(2, m.Full)} }

// Collapsed is 0 where all projections are the same: the views agree, and each
// covariance has one eigenvalue. A network before training is above it, one that
// learns below.
func (FroSSL) Collapsed(int) Collapse { return Collapse{} }

// Validate reports the first hyperparameter that makes no sense.
func (m FroSSL) Validate(backbone.Backbone) error {
	if err := full("FroSSL", m.Full); err != nil {
		return err
	}
	return part("FroSSL", "projector", m.Projector)
}

// Loss is [loss.FroSSL] of the views' projections.
func (m FroSSL) Loss(step Step) Output {
	z := step.Projections(m.Projector, step.Full)
	return Output{Loss: loss.FroSSL(z), Embedding: z[0]}
}
