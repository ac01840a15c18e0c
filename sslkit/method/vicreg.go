package method

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
)

// VICReg pulls the projections of the two views together, and keeps each of their
// dimensions varying over the batch and telling something of its own: it needs no
// other images to compare with, no target, and no normalisation.
//
// Its meter "deviation" is the mean standard deviation of the dimensions of view 0,
// which the variance term raises to 1.
//
// Bardes et al., VICReg: Variance-Invariance-Covariance Regularization for
// Self-Supervised Learning, 2021, arXiv:2105.04906.
type VICReg struct {
	Projector  head.MLP `json:"projector"`
	Invariance float64  `json:"invariance"` // weights of the terms, see [loss.VICReg]
	Variance   float64  `json:"variance"`
	Covariance float64  `json:"covariance"`
}

var _ Method = VICReg{}

// Views is two full ones.
func (VICReg) Views() Crops { return Crops{Full: 2} }

// Collapsed is what the variance term is where nothing varies.
func (m VICReg) Collapsed(int) Collapse { return Collapse{Loss: constant(m.Variance), Start: true} }

// constant is a weighted variance term where nothing varies, 1 − √0.0001.
func constant(variance float64) float64 { return 0.99 * variance }

// Validate reports the first hyperparameter that makes no sense.
func (m VICReg) Validate(backbone.Backbone) error {
	if err := weights("VICReg", m.Invariance, m.Variance, m.Covariance); err != nil {
		return err
	}
	return part("VICReg", "projector", m.Projector)
}

// weights reports terms of VICReg's loss with a weight that is not positive.
func weights(method string, invariance, variance, covariance float64) error {
	for _, w := range []struct {
		name  string
		value float64
	}{{"invariance", invariance}, {"variance", variance}, {"covariance", covariance}} {
		if !(w.value > 0) {
			return fmt.Errorf("method: %s: %s %g, want a positive one", method, w.name, w.value)
		}
	}
	return nil
}

// Loss compares the projections of the two views.
func (m VICReg) Loss(step Step) Output {
	z := step.Projections(m.Projector, step.Full)
	return Output{
		Loss:      loss.VICReg(z[0], z[1], m.Invariance, m.Variance, m.Covariance),
		Embedding: z[0],
		Meters:    map[string]*graph.Node{"deviation": loss.MeanStd(z[0])},
	}
}
