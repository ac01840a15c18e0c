package method

import (
	"slices"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
)

// SimSiam predicts the projection of one view from the other's. Nothing pushes
// images apart; that they do not all become the same is due to the predictor
// and to the gradient that stops at what is predicted.
//
// Chen, He, Exploring Simple Siamese Representation Learning, 2020,
// arXiv:2011.10566.
type SimSiam struct {
	Projector head.MLP `json:"projector"`
	Predictor head.MLP `json:"predictor"`
}

var _ Method = SimSiam{}

// Views is two full ones.
func (SimSiam) Views() Crops { return Crops{Full: 2} }

// Collapsed is −1: all directions are the same.
func (SimSiam) Collapsed(int) Collapse { return Collapse{Loss: -1} }

// Validate reports the first hyperparameter that makes no sense.
func (m SimSiam) Validate(backbone.Backbone) error {
	if err := part("SimSiam", "projector", m.Projector); err != nil {
		return err
	}
	return predictor("SimSiam", m.Projector, m.Predictor)
}

// Loss is the mean of both directions' negative cosine (eq. 2 and 4).
func (m SimSiam) Loss(step Step) Output {
	z := step.Projections(m.Projector, step.Seen())
	p := step.Predictions(m.Predictor, z)
	both := func(z0, p0 *graph.Node) *graph.Node {
		return symmetric(
			loss.NegativeCosine(p[1], graph.StopGradient(z0)),
			loss.NegativeCosine(p0, graph.StopGradient(z[1])))
	}
	value := step.Mix(both(z[0], p[0]), slices.Concat(z[2:], p[2:]), func(mixed []*graph.Node) *graph.Node {
		return both(mixed[0], mixed[1])
	})
	return Output{Loss: value, Embedding: z[0]}
}

// Mixes says that [UnMix] can be used with it.
func (SimSiam) Mixes() {}
