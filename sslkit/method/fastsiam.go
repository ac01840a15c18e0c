package method

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
)

// FastSiam is [SimSiam] with more views: each prediction is compared with the mean
// of all other views' projections, a target that varies less than one view does, so
// that small batches and few epochs are enough.
//
// Pototzky et al., FastSiam: Resource-Efficient Self-supervised Learning on a Single
// GPU, GCPR 2022, doi:10.1007/978-3-031-16788-1_4.
type FastSiam struct {
	Projector head.MLP `json:"projector"`
	Predictor head.MLP `json:"predictor"`
	Full      int      `json:"full"` // views: 4 in the paper
}

var _ Method = FastSiam{}

// Views is as many full ones as Full says, and never fewer than two.
func (m FastSiam) Views() Crops { return Crops{Full: max(2, m.Full)} }

// Collapsed is −1: all directions are the same.
func (FastSiam) Collapsed(int) Collapse { return Collapse{Loss: -1} }

// Validate reports the first hyperparameter that makes no sense.
func (m FastSiam) Validate(backbone.Backbone) error {
	if err := full("FastSiam", m.Full); err != nil {
		return err
	}
	if err := part("FastSiam", "projector", m.Projector); err != nil {
		return err
	}
	return predictor("FastSiam", m.Projector, m.Predictor)
}

// Loss is the mean over the views of the negative cosine of a view's prediction and
// the mean of the other views' projections. They are averaged as they are, so that
// long ones count for more.
func (m FastSiam) Loss(step Step) Output {
	z := step.Projections(m.Projector, step.Full)
	p := step.Predictions(m.Predictor, z)

	sum := graph.StopGradient(graph.ReduceSum(graph.Stack(z, 0), 0)) // [batch, dim]
	terms := make([]*graph.Node, len(z))
	for i := range z {
		others := graph.DivScalar(graph.Sub(sum, graph.StopGradient(z[i])), float64(len(z)-1))
		terms[i] = loss.NegativeCosine(p[i], others)
	}
	return Output{Loss: graph.ReduceAllMean(graph.Stack(terms, 0)), Embedding: z[0]}
}
