package method

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
)

// BarlowTwins makes the cross-correlation of the two views' projections the
// unit matrix: the views agree, and the dimensions tell different things.
//
// Its meters: "correlation" is that of a dimension with itself in the other view, which
// the loss makes 1, and "redundancy" that with the other dimensions, which it makes 0.
//
// Zbontar et al., Barlow Twins: Self-Supervised Learning via Redundancy
// Reduction, 2021, arXiv:2103.03230.
type BarlowTwins struct {
	Projector head.MLP `json:"projector"`
	Lambda    float64  `json:"lambda"`   // weight of the dimensions' redundancy
	Unbiased  bool     `json:"unbiased"` // standard deviation as in the published tables, see [loss.BarlowTwins]
}

var _ Method = BarlowTwins{}

// Views is two full ones.
func (BarlowTwins) Views() Crops { return Crops{Full: 2} }

// Collapsed is the number of dimensions: none of them correlates with itself.
func (m BarlowTwins) Collapsed(int) Collapse {
	return Collapse{Loss: float64(m.Projector.Out), Start: true}
}

// Validate reports the first hyperparameter that makes no sense.
func (m BarlowTwins) Validate(backbone.Backbone) error {
	if !(m.Lambda > 0) {
		return fmt.Errorf("method: BarlowTwins: lambda %g, want a positive one", m.Lambda)
	}
	return part("BarlowTwins", "projector", m.Projector)
}

// Loss compares the cross-correlation with the unit matrix.
func (m BarlowTwins) Loss(step Step) Output {
	z := step.Projections(m.Projector, step.Full)
	return Output{Loss: loss.BarlowTwins(z[0], z[1], m.Lambda, m.Unbiased), Embedding: z[0], Meters: m.correlations(z)}
}

// correlations are the meters: of a dimension with itself in the other view, which the
// loss makes 1, and with the other dimensions, which it makes 0.
func (m BarlowTwins) correlations(z []*graph.Node) map[string]*graph.Node {
	same, others := loss.Correlations(loss.CrossCorrelation(z[0], z[1], m.Unbiased))
	return map[string]*graph.Node{"correlation": same, "redundancy": others}
}
