package method

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
)

// NNCLR is [SimCLR] whose positives are other images: the prediction from one
// view is pulled to what is nearest to the other view's projection among those of
// earlier batches, which a queue (the support set) holds.
//
// Both views look for their neighbours in the queue as the step before left it.
// The projections of view 1 enter it then, as they are: only directions count.
//
// Its meter "contrastive accuracy" is [loss.ContrastiveAccuracy] of the neighbours of
// view 0 and the predictions from view 1.
//
// Dwibedi et al., With a Little Help from My Friends: Nearest-Neighbor
// Contrastive Learning of Visual Representations, 2021, arXiv:2104.14548.
type NNCLR struct {
	Projector   head.MLP `json:"projector"`
	Predictor   head.MLP `json:"predictor"`
	Temperature float64  `json:"temperature"`
	Queue       int      `json:"queue"` // projections in the queue
}

var _ Method = NNCLR{}

// Views is two full ones.
func (NNCLR) Views() Crops { return Crops{Full: 2} }

// Collapsed is ln(2·batch−1), as for [SimCLR]: all neighbours are as near as the
// right one.
func (NNCLR) Collapsed(batch int) Collapse {
	return Collapse{Loss: math.Log(float64(2*batch - 1)), Start: true}
}

// Validate reports the first hyperparameter that makes no sense.
func (m NNCLR) Validate(backbone.Backbone) error {
	if err := temperature("NNCLR", m.Temperature); err != nil {
		return err
	}
	if m.Queue < 1 {
		return fmt.Errorf("method: NNCLR: queue of %d projections, want at least 1", m.Queue)
	}
	if err := part("NNCLR", "projector", m.Projector); err != nil {
		return err
	}
	return predictor("NNCLR", m.Projector, m.Predictor)
}

// Loss is the mean of both directions' NT-Xent of a view's neighbours and the
// other view's predictions.
func (m NNCLR) Loss(step Step) Output {
	z := step.Projections(m.Projector, step.Full)
	p := step.Predictions(m.Predictor, z)

	queue := openQueue(step.Scope, "queue", m.Queue, m.Projector.Out)
	near := []*graph.Node{loss.NearestNeighbour(z[0], queue.bank), loss.NearestNeighbour(z[1], queue.bank)}
	queue.add(z[1])
	queue.keep()
	return Output{
		Loss: symmetric(
			loss.NTXent(near[0], p[1], m.Temperature),
			loss.NTXent(near[1], p[0], m.Temperature)),
		Embedding: z[0],
		Meters:    found(near[0], p[1], nil),
	}
}
