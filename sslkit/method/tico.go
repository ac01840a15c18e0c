package method

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/schedule"
)

// TiCo pulls the projection of view 0 to what a target network, a moving average
// of the trained one, projects view 1 to, and away from the directions that
// projections had of late: their covariance is kept from step to step.
//
// Its meter "covariance norm" is the Frobenius norm of that covariance. It is 1
// where all projections have one direction, and 1/√dim where they have all alike;
// it begins at 0, as the covariance does.
//
// The loss has one direction, as in lightly's benchmarks. With Symmetric it is the mean of
// both, the second one with view 0 for the target network and with the covariance that the
// first one leaves.
//
// Zhu et al., TiCo: Transformation Invariance and Covariance Contrast for
// Self-Supervised Visual Representation Learning, 2022, arXiv:2206.10698.
type TiCo struct {
	Projector head.MLP          `json:"projector"`
	Momentum  schedule.Schedule `json:"momentum"` // weight that the target keeps in a step
	Beta      float64           `json:"beta"`     // weight that the covariance keeps in a step
	Rho       float64           `json:"rho"`      // weight of the covariance in the loss
	Symmetric bool              `json:"symmetric"`
	Through   bool              `json:"through"` // the gradient also flows through the covariance, see [loss.TiCo]
}

var _ Method = TiCo{}

// Views is two full ones.
func (TiCo) Views() Crops { return Crops{Full: 2} }

// Collapsed is rho: views agree, and all of the covariance is in their direction.
// A run that has failed stands still there, and a good one begins far below.
func (m TiCo) Collapsed(int) Collapse { return Collapse{Loss: m.Rho, Start: true} }

// Validate reports the first hyperparameter that makes no sense.
func (m TiCo) Validate(backbone.Backbone) error {
	if err := target("TiCo", m.Momentum, 1); err != nil {
		return err
	}
	if !(m.Beta >= 0 && m.Beta < 1) {
		return fmt.Errorf("method: TiCo: beta %g, want a number from 0 to below 1", m.Beta)
	}
	if !(m.Rho > 0) {
		return fmt.Errorf("method: TiCo: rho %g, want a positive one", m.Rho)
	}
	return part("TiCo", "projector", m.Projector)
}

// Loss compares view 0 of the online network with view 1 of the target, and the other way
// round if it is symmetric.
func (m TiCo) Loss(step Step) Output {
	seen, aims := step.Full[:1], step.Full[1:]
	if m.Symmetric {
		seen, aims = step.Full, []*graph.Node{step.Full[1], step.Full[0]}
	}
	z := step.Projections(m.Projector, seen)
	near := step.TargetProjections(m.Momentum.In(step.Scope), m.Projector, aims)

	covariance := step.Scope.Buffer("covariance", nn.Constant(0), m.Projector.Out, m.Projector.Out)
	value, after := loss.TiCo(z[0], near[0], covariance, m.Beta, m.Rho, m.Through)
	if m.Symmetric {
		var second *graph.Node
		second, after = loss.TiCo(z[1], near[1], after, m.Beta, m.Rho, m.Through)
		value = symmetric(value, second)
	}
	step.Scope.SetBuffer("covariance", after)
	return Output{
		Loss:      value,
		Embedding: z[0],
		Meters:    map[string]*graph.Node{"covariance norm": op.Norm(after)},
	}
}
