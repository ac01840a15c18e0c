package method

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/nn"
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

// Views is 2.
func (SimSiam) Views() int { return 2 }

// Collapsed is −1: all directions are the same.
func (SimSiam) Collapsed(int) float64 { return -1 }

// Validate reports the first hyperparameter that makes no sense.
func (m SimSiam) Validate() error {
	if err := part("SimSiam", "projector", m.Projector); err != nil {
		return err
	}
	return predictor("SimSiam", m.Projector, m.Predictor)
}

// Loss is the mean of both directions' negative cosine (eq. 2 and 4).
func (m SimSiam) Loss(scope *nn.Scope, backbone nn.Net, views []*graph.Node) Output {
	z := Projections(scope, backbone, m.Projector, views)
	p := nn.PerView(scope, z, func(scope *nn.Scope, z *graph.Node) *graph.Node {
		return m.Predictor.Forward(scope.In("online").In("predictor"), z)
	})
	return Output{
		Loss: symmetric(
			loss.NegativeCosine(p[1], graph.StopGradient(z[0])),
			loss.NegativeCosine(p[0], graph.StopGradient(z[1]))),
		Embedding: z[0],
	}
}
