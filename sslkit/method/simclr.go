package method

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/nn"
)

// SimCLR pulls the two views of an image together and pushes them away from the
// views of all other images of the batch.
//
// Chen et al., A Simple Framework for Contrastive Learning of Visual
// Representations, 2020, arXiv:2002.05709.
type SimCLR struct {
	Projector   head.MLP `json:"projector"`
	Temperature float64  `json:"temperature"`
}

var _ Method = SimCLR{}

// Views is 2.
func (SimCLR) Views() int { return 2 }

// Collapsed is ln(2·batch−1): every other view is as near as the right one.
func (SimCLR) Collapsed(batch int) float64 { return math.Log(float64(2*batch - 1)) }

// Validate reports the first hyperparameter that makes no sense.
func (m SimCLR) Validate() error {
	if !(m.Temperature > 0) {
		return fmt.Errorf("method: SimCLR: temperature %g, want a positive one", m.Temperature)
	}
	return part("SimCLR", "projector", m.Projector)
}

// Loss is NT-Xent of the two views' projections.
func (m SimCLR) Loss(scope *nn.Scope, backbone nn.Net, views []*graph.Node) Output {
	z := Projections(scope, backbone, m.Projector, views)
	return Output{Loss: loss.NTXent(z[0], z[1], m.Temperature), Embedding: z[0]}
}
