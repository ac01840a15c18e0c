package method

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/schedule"
)

// BYOL predicts what a target network, a moving average of the trained one,
// projects the other view to.
//
// Grill et al., Bootstrap Your Own Latent, 2020, arXiv:2006.07733. Its loss is
// 2−2cos for each direction, summed; here it is the mean of −cos.
type BYOL struct {
	Projector head.MLP          `json:"projector"`
	Predictor head.MLP          `json:"predictor"`
	Momentum  schedule.Schedule `json:"momentum"` // weight that the target keeps in a move
	Moves     int               `json:"moves"`    // of the target in a step: 1, or 2, one before each half
}

var _ Method = BYOL{}

// Views is two full ones.
func (BYOL) Views() Crops { return Crops{Full: 2} }

// Collapsed is −1: all directions are the same.
func (BYOL) Collapsed(int) Collapse { return Collapse{Loss: -1} }

// Validate reports the first hyperparameter that makes no sense.
func (m BYOL) Validate(backbone.Backbone) error {
	if err := target("BYOL", m.Momentum, m.Moves); err != nil {
		return err
	}
	if err := part("BYOL", "projector", m.Projector); err != nil {
		return err
	}
	return predictor("BYOL", m.Projector, m.Predictor)
}

// Loss is the mean of both directions' negative cosine.
func (m BYOL) Loss(step Step) Output {
	p := nn.PerView(step.Scope, step.Seen(), func(scope *nn.Scope, view *graph.Node) *graph.Node {
		online := scope.In("online")
		return m.Predictor.Forward(online.In("predictor"), project(online, step.Backbone, m.Projector, view))
	})
	var z []*graph.Node // the target's
	momentum := m.Momentum.In(step.Scope)
	if m.Moves == 1 {
		z = step.TargetProjections(momentum, m.Projector, step.Full)
	} else { // the first half predicts view 1
		second := step.TargetProjections(momentum, m.Projector, step.Full[1:])
		z = append(step.TargetProjections(momentum, m.Projector, step.Full[:1]), second...)
	}
	both := func(p0, p1 *graph.Node) *graph.Node {
		return symmetric(loss.NegativeCosine(p0, z[1]), loss.NegativeCosine(p1, z[0]))
	}
	value := step.Mix(both(p[0], p[1]), p[2:], func(mixed []*graph.Node) *graph.Node { return both(mixed[0], mixed[0]) })
	return Output{Loss: value, Embedding: p[0]}
}

// Mixes says that [UnMix] can be used with it. The target network sees no mixtures: each
// prediction from one is compared with both views.
func (BYOL) Mixes() {}
