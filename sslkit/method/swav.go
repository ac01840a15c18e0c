package method

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

// SwaV is SwAV: it assigns the full views of a batch to prototypes, all of which must
// be used alike, and predicts from every view to which the other views were assigned.
// Before each step prototypes are made as long as 1.
//
// Its meters: "assignment entropy" is that of an image's assignment, in nats, ln
// Prototypes where images cannot be told apart; "prototypes used" is how many different
// prototypes are the nearest of a full view, as a share of those that could be.
//
// Caron et al., Unsupervised Learning of Visual Features by Contrasting Cluster
// Assignments, 2020, arXiv:2006.09882, sec. 3.
type SwaV struct {
	Projector   head.MLP `json:"projector"`
	Prototypes  int      `json:"prototypes"`
	Bias        bool     `json:"bias"`  // prototypes have one, as in lightly; not in the paper
	Local       int      `json:"local"` // small views, which are not assigned
	Temperature float64  `json:"temperature"`
	Epsilon     float64  `json:"epsilon"`    // of the assignments, see [loss.Sinkhorn]
	Iterations  int      `json:"iterations"` // likewise
}

// SwaVQueue is [SwaV] with projections of earlier batches, those of each full view in a
// queue of their own, which are assigned together with the batch. The queues fill from
// the first step on.
//
// Its meters "assignment entropy" and "prototypes used" are those of [SwaV].
//
// Caron et al., 2020, sec. 4.1 ("working with small batches"). There prototypes are
// frozen at first, too: see [optim.Freeze].
//
// [optim.Freeze]: https://pkg.go.dev/github.com/gossl/gossl/sslkit/optim#Freeze
type SwaVQueue struct {
	SwaV
	Queue     int `json:"queue"`      // projections in each queue
	QueueFrom int `json:"queue_from"` // epoch, counted from 0, from which on they are assigned, too
}

var (
	_ Method = SwaV{}
	_ Method = SwaVQueue{}
)

// Views is two full ones, and Local.
func (m SwaV) Views() Crops { return Crops{Full: 2, Local: m.Local} }

// Collapsed is ln Prototypes: every image is assigned to all prototypes alike.
func (m SwaV) Collapsed(int) Collapse {
	return Collapse{Loss: math.Log(float64(m.Prototypes)), Start: true}
}

// Validate reports the first hyperparameter that makes no sense.
func (m SwaV) Validate(backbone.Backbone) error { return m.validate("SwaV") }

func (m SwaV) validate(name string) error {
	if err := temperature(name, m.Temperature); err != nil {
		return err
	}
	if !(m.Epsilon > 0) {
		return fmt.Errorf("method: %s: epsilon %g, want a positive one", name, m.Epsilon)
	}
	if m.Iterations < 1 {
		return fmt.Errorf("method: %s: iterations %d, want at least 1", name, m.Iterations)
	}
	if err := prototypes(name, m.Prototypes, m.Local); err != nil {
		return err
	}
	return part(name, "projector", m.Projector)
}

// Validate reports the first hyperparameter that makes no sense.
func (m SwaVQueue) Validate(backbone.Backbone) error {
	if m.Queue < 1 {
		return fmt.Errorf("method: SwaVQueue: queue of %d projections, want at least 1", m.Queue)
	}
	if m.QueueFrom < 0 {
		return fmt.Errorf("method: SwaVQueue: queue_from %d, want 0 or more", m.QueueFrom)
	}
	return m.validate("SwaVQueue")
}

// Loss is [loss.SwAV] of the views' scores and the full views' assignments.
func (m SwaV) Loss(step Step) Output {
	return m.loss(step, func(view int, z, scores *graph.Node, _ func(*graph.Node) *graph.Node) *graph.Node {
		return loss.Sinkhorn(scores, nil, m.Epsilon, m.Iterations)
	})
}

// Loss is as that of [SwaV]. The queues are read before the step's projections enter.
func (m SwaVQueue) Loss(step Step) Output {
	return m.loss(step, func(view int, z, scores *graph.Node, score func(*graph.Node) *graph.Node) *graph.Node {
		queue := openQueue(step.Scope, fmt.Sprint("queue", view), m.Queue, m.Projector.Out)
		q := loss.Sinkhorn(scores, score(queue.bank), m.Epsilon, m.Iterations)
		queue.add(z)
		queue.keep()
		if m.QueueFrom == 0 {
			return q
		}
		epoch := step.Scope.Clock().Epoch
		full := graph.GreaterOrEqual(epoch, graph.Scalar(epoch.Graph(), epoch.DType(), m.QueueFrom))
		return graph.Where(full, q, loss.Sinkhorn(scores, nil, m.Epsilon, m.Iterations))
	})
}

// loss has the full views assigned, given their number, projections, scores, and what
// makes scores of projections.
func (m SwaV) loss(step Step, assign func(view int, z, scores *graph.Node, score func(z *graph.Node) *graph.Node) *graph.Node) Output {
	online := step.Scope.In("online")
	z := bottlenecks(step, online, online.In("projector"), m.Projector, slices.Concat(step.Full, step.Local))
	score := m.score(online.In("prototypes"))

	scores, q := make([]*graph.Node, len(z)), make([]*graph.Node, len(step.Full)) // [batch, Prototypes] each
	for i := range z {
		scores[i] = score(z[i])
	}
	for i := range q {
		q[i] = assign(i, z[i], scores[i], score)
	}
	return Output{
		Loss:      loss.SwAV(scores, q, m.Temperature),
		Embedding: z[0],
		Meters: map[string]*graph.Node{
			"assignment entropy": graph.ReduceAllMean(loss.Entropy(graph.Concatenate(q, 0))),
			"prototypes used":    used(graph.StopGradient(graph.Concatenate(scores[:len(q)], 0))),
		},
	}
}

// score normalises the prototypes, and returns what makes scores of projections.
//
//	z       [n, dim]
//	scores  [n, prototypes]
func (m SwaV) score(scope *nn.Scope) func(z *graph.Node) (scores *graph.Node) {
	fanIn := nn.UniformFanIn(m.Projector.Out)
	scope.SetParam("weight", unitColumns(scope.Param("weight", fanIn, m.Projector.Out, m.Prototypes)))
	weight := scope.Param("weight", fanIn, m.Projector.Out, m.Prototypes)
	return func(z *graph.Node) *graph.Node {
		scores := op.MatMul(z, weight)
		if m.Bias {
			scores = graph.Add(scores, graph.ExpandLeftToRank(scope.Param("bias", fanIn, m.Prototypes), 2))
		}
		return scores
	}
}

// used is how many prototypes have the highest score of a row, as a share of those
// that could have: of all, or of as many as there are rows.
//
//	scores  [n, prototypes]
//	result  scalar
func used(scores *graph.Node) *graph.Node {
	n, prototypes := scores.Shape().Dim(0), scores.Shape().Dim(1)
	nearest := graph.ArgMax(scores, 1, dtypes.Int32)                                             // [n]
	column := graph.Iota(scores.Graph(), shapes.Make(dtypes.Int32, n, prototypes), 1)            // [n, prototypes]
	hit := graph.ConvertDType(graph.Equal(column, graph.ExpandAxes(nearest, 1)), scores.DType()) // [n, prototypes]
	return graph.DivScalar(graph.ReduceAllSum(graph.ReduceMax(hit, 0)), float64(min(n, prototypes)))
}
