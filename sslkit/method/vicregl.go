package method

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/nn"
)

// VICRegL is [VICReg] of whole views and, beside it, of the cells of the backbone's
// map: those of the two views that look alike, and those that show the same part
// of the image. It wants a backbone that is [backbone.Mapped].
//
// Its meters are the mean standard deviations of the dimensions, which the variance
// terms raise to 1: "deviation" of whole views, and "local deviation" of cells.
//
// Bardes et al., VICRegL: Self-Supervised Learning of Local Visual Features, 2022,
// arXiv:2210.01571. As in lightly the covariance term of whole views is the mean of
// both views', where the paper has the sum.
type VICRegL struct {
	Projector  head.MLP `json:"projector"`
	Local      head.MLP `json:"local"` // the projector of cells
	Invariance float64  `json:"invariance"`
	Variance   float64  `json:"variance"`
	Covariance float64  `json:"covariance"`

	LocalCovariance float64 `json:"local_covariance"`
	Global          float64 `json:"global"`  // weight of whole views; the rest is that of cells
	Matches         [2]int  `json:"matches"` // pairs of cells that are compared, see [loss.VICRegLocal]
	Centred         bool    `json:"centred"` // where cells lie, see [augment.Place.Grid]: the paper's, and not lightly's
}

var _ Method = VICRegL{}

// Views is two full ones.
func (VICRegL) Views() Crops { return Crops{Full: 2} }

// Collapsed is what the variance terms are where nothing varies: cells have one for
// what is alike, and one for what is in the same place.
func (m VICRegL) Collapsed(int) Collapse {
	return Collapse{Loss: constant(m.Variance) * (m.Global + 2*(1-m.Global)), Start: true}
}

// Validate reports the first hyperparameter that makes no sense.
func (m VICRegL) Validate(net backbone.Backbone) error {
	if err := weights("VICRegL", m.Invariance, m.Variance, m.Covariance); err != nil {
		return err
	}
	switch {
	case !(m.LocalCovariance > 0):
		return fmt.Errorf("method: VICRegL: local_covariance %g, want a positive one", m.LocalCovariance)
	case !(m.Global >= 0 && m.Global < 1):
		return fmt.Errorf("method: VICRegL: global %g, want a number from 0 to below 1: 1 is VICReg", m.Global)
	case min(m.Matches[0], m.Matches[1]) < 1:
		return fmt.Errorf("method: VICRegL: matches %d, want at least 1 of both", m.Matches)
	}
	if _, ok := net.(backbone.Mapped); !ok {
		return fmt.Errorf("method: VICRegL: backbone %s shows no map of the image: want one with Map and Pool", backbone.Name(net))
	}
	if err := part("VICRegL", "local", m.Local); err != nil {
		return err
	}
	return part("VICRegL", "projector", m.Projector)
}

// Loss compares whole views, and their cells. It panics if the step knows no places.
func (m VICRegL) Loss(step Step) Output {
	net := step.Backbone.(backbone.Mapped)
	maps := nn.PerView(step.Scope, step.Full, func(scope *nn.Scope, view *graph.Node) *graph.Node {
		return net.Map(scope.In(BackbonePath), view)
	})
	z := nn.PerView(step.Scope, maps, func(scope *nn.Scope, cells *graph.Node) *graph.Node {
		return m.Projector.Forward(scope.In("online/projector"), net.Pool(scope.In(BackbonePath), cells))
	})
	local := nn.PerView(step.Scope, maps, func(scope *nn.Scope, cells *graph.Node) *graph.Node {
		dims := cells.Shape().Dimensions
		rows := graph.Reshape(cells, dims[0]*dims[1]*dims[2], dims[3])
		return graph.Reshape(m.Local.Forward(scope.In("online/local_projector"), rows), dims[0], dims[1]*dims[2], m.Local.Out)
	})
	at := m.places(step, maps[0].Shape().Dimensions)
	whole := loss.VICReg(z[0], z[1], m.Invariance, m.Variance, m.Covariance/2)
	cells := loss.VICRegLocal(local[0], local[1], at[0], at[1], m.Matches, m.Invariance, m.Variance, m.LocalCovariance)
	return Output{
		Loss:      graph.Add(graph.MulScalar(whole, m.Global), graph.MulScalar(cells, 1-m.Global)),
		Embedding: z[0],
		Meters: map[string]*graph.Node{
			"deviation":       loss.MeanStd(z[0]),
			"local deviation": loss.MeanStd(graph.Reshape(local[0], -1, m.Local.Out)),
		},
	}
}

// places returns where the cells of each view's map lie, [batch, cells, 2].
func (m VICRegL) places(step Step, dims []int) []*graph.Node {
	var at []*graph.Node
	for _, place := range step.places("VICRegL") {
		at = append(at, place.Grid(dims[1], dims[2], m.Centred))
	}
	return at
}
