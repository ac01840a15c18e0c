package method

import (
	"math"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
)

// SimCLR pulls the two views of an image together and pushes them away from the
// views of all other images of the batch.
//
// Its meter "contrastive accuracy" is [loss.ContrastiveAccuracy] of the two views.
//
// Chen et al., A Simple Framework for Contrastive Learning of Visual
// Representations, 2020, arXiv:2002.05709.
type SimCLR struct {
	Projector   head.MLP `json:"projector"`
	Temperature float64  `json:"temperature"`
}

var _ Method = SimCLR{}

// Views is two full ones.
func (SimCLR) Views() Crops { return Crops{Full: 2} }

// Collapsed is ln(2·batch−1): every other view is as near as the right one.
func (SimCLR) Collapsed(batch int) Collapse {
	return Collapse{Loss: math.Log(float64(2*batch - 1)), Start: true}
}

// Validate reports the first hyperparameter that makes no sense.
func (m SimCLR) Validate(backbone.Backbone) error {
	if err := temperature("SimCLR", m.Temperature); err != nil {
		return err
	}
	return part("SimCLR", "projector", m.Projector)
}

// Loss is NT-Xent of the two views' projections.
func (m SimCLR) Loss(step Step) Output {
	z := step.Projections(m.Projector, step.Seen())
	value := step.Mix(loss.NTXent(z[0], z[1], m.Temperature), z[2:], func(z0 []*graph.Node) *graph.Node {
		return loss.NTXent(z0[0], z[1], m.Temperature)
	})
	return Output{Loss: value, Embedding: z[0], Meters: found(z[0], z[1], nil)}
}

// Mixes says that [UnMix] can be used with it.
func (SimCLR) Mixes() {}
