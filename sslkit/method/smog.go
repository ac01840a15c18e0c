package method

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/internal/kmeans"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/schedule"
)

// SMoG (synchronous momentum grouping) predicts from one view of an image the group
// that a slowly moving target network finds its other view in. The groups move with the
// projections in every step, and the loss has a gradient through them. In the odd
// batches of an epoch the views change places.
//
// Every Reset steps training pauses: the groups start anew from a k-means clustering of
// the projections of earlier batches, which a queue holds, and the target as a
// copy of the online network.
//
// Its meter "groups used" is [loss.Perplexity] of the groups that a batch is found in.
//
// Pang et al., Unsupervised Visual Representation Learning by Synchronous Momentum
// Grouping, 2022, arXiv:2207.06167.
type SMoG struct {
	Projector   head.MLP          `json:"projector"`
	Predictor   head.MLP          `json:"predictor"`
	Groups      int               `json:"groups"`
	Beta        float64           `json:"beta"` // weight that a group keeps in a step
	Temperature float64           `json:"temperature"`
	Momentum    schedule.Schedule `json:"momentum"` // weight that the target keeps in a move
	Queue       int               `json:"queue"`    // projections in the queue, the memory bank
	Reset       int               `json:"reset"`    // steps from one clustering to the next
}

var (
	_ Method = SMoG{}
	_ Pauser = SMoG{}

	_ Watcher = SMoG{}
)

// mostIterations of k-means is as many as scikit-learn makes.
const mostIterations = 300

// Views is two full ones.
func (SMoG) Views() Crops { return Crops{Full: 2} }

// Watched says where all images are in one group.
func (SMoG) Watched() []Watch {
	return []Watch{{Meter: "groups used", Least: 1.5, Failure: "nearly all images are in one group"}}
}

// Validate reports the first hyperparameter that makes no sense.
func (m SMoG) Validate(backbone.Backbone) error {
	if err := temperature("SMoG", m.Temperature); err != nil {
		return err
	}
	if !(m.Beta >= 0 && m.Beta < 1) {
		return fmt.Errorf("method: SMoG: beta %g, want one in [0, 1)", m.Beta)
	}
	if m.Groups < 2 {
		return fmt.Errorf("method: SMoG: %d groups, want at least 2", m.Groups)
	}
	if m.Queue < m.Groups {
		return fmt.Errorf("method: SMoG: queue of %d projections, want at least one for each of %d groups", m.Queue, m.Groups)
	}
	if m.Reset < 1 {
		return fmt.Errorf("method: SMoG: reset every %d steps, want at least 1", m.Reset)
	}
	if err := target("SMoG", m.Momentum, 1); err != nil {
		return err
	}
	if err := part("SMoG", "projector", m.Projector); err != nil {
		return err
	}
	return predictor("SMoG", m.Projector, m.Predictor)
}

// Loss is the cross entropy of finding the other view's group, see [loss.SMoG].
func (m SMoG) Loss(step Step) Output {
	clock, dim := step.Scope.Clock(), m.Projector.Out
	views := swapped(clock, step.Full)
	z := step.Projections(m.Projector, views[:1])
	p := step.Predictions(m.Predictor, z)
	other := step.TargetProjections(m.momentum(step.Scope), m.Projector, views[1:])

	groups := step.Scope.Buffer("groups", nn.PositiveUnitRows(dim), m.Groups, dim)
	value, moved, assigned := loss.SMoG(z[0], p[0], other[0], groups, m.Beta, m.Temperature)
	step.Scope.SetBuffer("groups", moved)
	queue := openQueue(step.Scope, "queue", m.Queue, dim)
	queue.add(z[0])
	queue.keep()
	return Output{
		Loss:      value,
		Embedding: z[0],
		Meters:    map[string]*graph.Node{"groups used": loss.Perplexity(assigned)},
	}
}

// swapped changes the places of two views in the odd steps of an epoch. It panics if
// they differ in shape.
func swapped(clock nn.Clock, views []*graph.Node) []*graph.Node {
	if a, b := views[0].Shape(), views[1].Shape(); !a.Equal(b) {
		panic(fmt.Errorf("method: SMoG: views of shapes %s and %s, want one shape: they change places", a, b))
	}
	perEpoch := int32(clock.Steps / max(clock.Epochs, 1))
	step := graph.Sub(clock.Step, graph.MulScalar(clock.Epoch, perEpoch)) // of the epoch
	isOdd := graph.Equal(graph.ModScalar(step, int32(2)), graph.Const(step.Graph(), int32(1)))
	swap := func(a, b *graph.Node) *graph.Node {
		return graph.Where(graph.BroadcastToDims(isOdd, a.Shape().Dimensions...), b, a)
	}
	return []*graph.Node{swap(views[0], views[1]), swap(views[1], views[0])}
}

// momentum of the target is 1 in a step after a pause, which has made it a copy: it stays one.
func (m SMoG) momentum(scope *nn.Scope) *graph.Node {
	momentum, step := m.Momentum.In(scope), scope.Clock().Step
	due := graph.LogicalAnd(
		graph.GreaterThan(step, graph.ZerosLike(step)),
		graph.Equal(graph.ModScalar(step, int32(m.Reset)), graph.ZerosLike(step)))
	return graph.Where(due, graph.Scalar(step.Graph(), dtypes.Float64, 1), momentum)
}

// Pauses says whether the groups start anew before a step.
func (m SMoG) Pauses(step int) bool { return step > 0 && step%m.Reset == 0 }

// Pause starts groups and target anew. The groups are of length 1.
func (m SMoG) Pause(ctx context.Context, p Pause) error {
	return m.pause(ctx, p, func(queue kmeans.Rows) ([]int, error) {
		return kmeans.Start(ctx, queue, m.Groups, p.Key)
	})
}

// pause is [SMoG.Pause] with a choice of the projections that k-means starts from.
func (m SMoG) pause(ctx context.Context, p Pause, start func(queue kmeans.Rows) ([]int, error)) error {
	values, _, err := p.Values.Get("queue")
	if err != nil {
		return fmt.Errorf("method: SMoG: %w", err)
	}
	queue := kmeans.Rows{Values: values, Dim: m.Projector.Out}
	rows, err := start(queue)
	if err != nil {
		return fmt.Errorf("method: SMoG: queue: %w", err)
	}
	clusters, err := kmeans.Lloyd(ctx, queue, rows, mostIterations)
	if err != nil {
		return fmt.Errorf("method: SMoG: queue: %w", err)
	}
	groups := clusters.Centres.Values
	for group := range slices.Chunk(groups, queue.Dim) {
		squares := 0.0
		for _, v := range group {
			squares += v * v
		}
		for i := range group {
			group[i] /= max(math.Sqrt(squares), 1e-12)
		}
	}
	if err := p.Values.Set("groups", groups); err != nil {
		return fmt.Errorf("method: SMoG: %w", err)
	}
	return p.Values.ResetTarget()
}
