package method

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/schedule"
)

// All4One is [NNCLR] with two further aims. What a small transformer makes of an image's
// nearest neighbours, their centroid, must be found from the other view's prediction and
// its neighbours. And the dimensions of the trained network's projections must go together
// with those of a target network, each with its own alone.
//
// Neighbours are those of the target's projections in the queue, as the step before left
// it. Then the target's projections of view 0 enter.
//
// Its meters are the "contrastive accuracy" of the neighbours, the "centroid accuracy", the
// mean "correlation" of a dimension with itself in the other view and network, and the
// "redundancy", the mean size of those with others.
//
// Estepa et al., All4One: Symbiotic Neighbour Contrastive Learning via Self-Attention and
// Redundancy Reduction, ICCV 2023, arXiv:2303.09417. The numbers that the paper does not
// give are solo-learn's. There the layers of the transformer start as copies of one.
type All4One struct {
	Projector           head.MLP          `json:"projector"`
	Predictor           head.MLP          `json:"predictor"` // of neighbours; that of centroids has the same layers
	Encoder             head.Encoder      `json:"encoder"`   // makes centroids
	Neighbours          int               `json:"neighbours"`
	Queue               int               `json:"queue"` // projections in the queue
	Momentum            schedule.Schedule `json:"momentum"`
	Temperature         float64           `json:"temperature"`
	CentroidTemperature float64           `json:"centroid_temperature"`
	Neighbour           float64           `json:"neighbour"` // weights of the three parts of the loss
	Centroid            float64           `json:"centroid"`
	Feature             float64           `json:"feature"`
}

var _ Method = All4One{}

// Views is two full ones.
func (All4One) Views() Crops { return Crops{Full: 2} }

// Collapsed is ln(batch) for neighbours and for centroids, and half of Feature: all
// dimensions are alike.
func (m All4One) Collapsed(batch int) Collapse {
	return Collapse{Loss: (m.Neighbour+m.Centroid)*math.Log(float64(batch)) + m.Feature/2, Start: true}
}

// Validate reports the first hyperparameter that makes no sense.
func (m All4One) Validate(backbone.Backbone) error {
	for _, t := range []float64{m.Temperature, m.CentroidTemperature} {
		if err := temperature("All4One", t); err != nil {
			return err
		}
	}
	if m.Neighbours < 2 || m.Queue < m.Neighbours {
		return fmt.Errorf("method: All4One: %d neighbours in a queue of %d projections, want from 2 to as many as there are", m.Neighbours, m.Queue)
	}
	if !(m.Neighbour >= 0 && m.Centroid >= 0 && m.Feature >= 0 && m.Neighbour+m.Centroid+m.Feature > 0) {
		return fmt.Errorf("method: All4One: weights %g, %g and %g of the loss, want 0 or more, and some above", m.Neighbour, m.Centroid, m.Feature)
	}
	if err := target("All4One", m.Momentum, 1); err != nil {
		return err
	}
	if err := part("All4One", "projector", m.Projector); err != nil {
		return err
	}
	if err := predictor("All4One", m.Projector, m.Predictor); err != nil {
		return err
	}
	if err := m.Encoder.Validate(m.Projector.Out); err != nil {
		return fmt.Errorf("method: All4One: encoder: %w", err)
	}
	return nil
}

// Loss is the weighted sum of the three parts, each the mean of both directions.
func (m All4One) Loss(step Step) Output {
	z := step.Projections(m.Projector, step.Full)
	p := step.Predictions(m.Predictor, z)
	t := step.TargetProjections(m.Momentum.In(step.Scope), m.Projector, step.Full)

	queue := openQueue(step.Scope, "queue", m.Queue, m.Projector.Out)
	near, first := make([]*graph.Node, 2), make([]*graph.Node, 2)
	for i := range t {
		t[i] = op.Normalize(t[i])
		near[i] = loss.NearestNeighbours(t[i], queue.bank, m.Neighbours) // [batch, Neighbours, dim]
		first[i] = graph.Squeeze(graph.Slice(near[i], graph.AxisRange(), graph.AxisElem(0)), 1)
	}
	queue.add(t[0])
	queue.keep()

	centroids, guesses := m.centroids(step, z, near)
	neighbour := symmetric(
		loss.InfoNCE(first[0], p[1], m.Temperature),
		loss.InfoNCE(first[1], p[0], m.Temperature))
	centroid := symmetric(
		loss.InfoNCE(centroids[0], guesses[1], m.CentroidTemperature),
		loss.InfoNCE(centroids[1], guesses[0], m.CentroidTemperature))
	feature := loss.Alignment(z[0], z[1], t[0], t[1])
	value := graph.Add(graph.MulScalar(neighbour, m.Neighbour), graph.MulScalar(centroid, m.Centroid))

	meters := found(first[0], p[1], nil)
	meters["centroid accuracy"] = loss.ContrastiveAccuracy(centroids[0], guesses[1], nil)
	meters["correlation"], meters["redundancy"] = loss.Correlations(loss.CrossCorrelation(t[0], z[1], false))
	return Output{Loss: graph.Add(value, graph.MulScalar(feature, m.Feature)), Embedding: z[0], Meters: meters}
}

// centroids are what the transformer makes of each view's neighbours, and of a prediction
// with all of them but the last behind it.
//
//	z                   [batch, dim] of each view
//	near                [batch, Neighbours, dim], likewise
//	centroids, guesses  [batch, dim], likewise: what becomes of the first token
func (m All4One) centroids(step Step, z, near []*graph.Node) (centroids, guesses []*graph.Node) {
	online := step.Scope.In("online")
	p := nn.PerView(step.Scope, z, func(scope *nn.Scope, z *graph.Node) *graph.Node {
		return m.Predictor.Forward(scope.In("online").In("centroid_predictor"), z)
	})
	sequences := append([]*graph.Node{}, near...)
	for i := range p {
		rest := graph.Slice(near[i], graph.AxisRange(), graph.AxisRange(0, m.Neighbours-1))
		guess := graph.ConvertDType(graph.ExpandAxes(p[i], 1), near[i].DType()) // [batch, 1, dim]
		sequences = append(sequences, graph.Concatenate([]*graph.Node{guess, rest}, 1))
	}
	all := head.WavePositions(graph.Concatenate(sequences, 0)) // [4·batch, Neighbours, dim]
	all = m.Encoder.Forward(online.In("encoder"), all)
	all = graph.Squeeze(graph.Slice(all, graph.AxisRange(), graph.AxisElem(0)), 1) // [4·batch, dim]
	parts := graph.Split(all, 0, 4)
	return parts[:2], parts[2:]
}
