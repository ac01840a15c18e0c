package method

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/schedule"
)

// MoCo pulls the query of one view to the key of the other, which a slowly
// moving target network makes, and pushes it away from the keys of earlier
// batches, which a queue (the memory bank) holds. Both views are queries in
// turn: the loss is symmetric.
//
// The images of a batch are shuffled before they become keys, so that with split
// batch norm in the backbone a query and its key have other statistics, and
// statistics do not tell which key is the right one.
//
// Its meter "contrastive accuracy" is [loss.ContrastiveAccuracy] of the first half.
//
// He et al., Momentum Contrast for Unsupervised Visual Representation Learning,
// 2019, arXiv:1911.05722; symmetric as in its authors' CIFAR-10 demonstration.
type MoCo struct {
	Projector   head.MLP          `json:"projector"`
	Temperature float64           `json:"temperature"`
	Queue       int               `json:"queue"`    // keys in the queue
	Momentum    schedule.Schedule `json:"momentum"` // weight that the target keeps in a move
	Moves       int               `json:"moves"`    // of the target in a step: 1, or 2, one before each half
	Enqueue     Enqueue           `json:"enqueue"`
}

// Enqueue says when a step's keys enter the queue.
type Enqueue string

const (
	// EnqueueBetween lets the keys of the first half in before the second, which
	// meets the keys of its own images as negatives, as in lightly. Those of the
	// second half enter after it.
	EnqueueBetween Enqueue = "between"
	// EnqueueAfter lets the keys of both halves in after both, as the paper's
	// demonstration does.
	EnqueueAfter Enqueue = "after"
)

var _ Method = MoCo{}

// Views is two full ones.
func (MoCo) Views() Crops { return Crops{Full: 2} }

// Collapsed is ln(Queue+1): every key is as near as the right one.
func (m MoCo) Collapsed(int) Collapse {
	return Collapse{Loss: math.Log(float64(m.Queue + 1)), Start: true}
}

// Validate reports the first hyperparameter that makes no sense.
func (m MoCo) Validate(backbone.Backbone) error {
	if err := temperature("MoCo", m.Temperature); err != nil {
		return err
	}
	if m.Queue < 1 {
		return fmt.Errorf("method: MoCo: queue of %d keys, want at least 1", m.Queue)
	}
	if m.Enqueue != EnqueueBetween && m.Enqueue != EnqueueAfter {
		return fmt.Errorf("method: MoCo: enqueue %q, want %q or %q", m.Enqueue, EnqueueBetween, EnqueueAfter)
	}
	if err := target("MoCo", m.Momentum, m.Moves); err != nil {
		return err
	}
	return part("MoCo", "projector", m.Projector)
}

// Loss is the mean of both halves' InfoNCE: view 0 queries the keys of view 1,
// then view 1 those of view 0.
func (m MoCo) Loss(step Step) Output {
	q := step.Projections(m.Projector, step.Seen())
	k := m.keys(step, step.Full[1], step.Full[0]) // in the order of the halves

	queue := openQueue(step.Scope, "queue", m.Queue, m.Projector.Out)
	meters, bank := found(q[0], k[0], queue.bank), queue.bank
	first := loss.NTXentBank(q[0], k[0], queue.bank, m.Temperature)
	if m.Enqueue == EnqueueBetween {
		queue.add(k[0])
	}
	second := loss.NTXentBank(q[1], k[1], queue.bank, m.Temperature)
	if m.Enqueue == EnqueueAfter {
		queue.add(k[0])
	}
	queue.add(k[1])
	queue.keep()
	value := step.Mix(symmetric(first, second), q[2:], func(mixed []*graph.Node) *graph.Node {
		return symmetric(
			loss.NTXentBank(mixed[0], k[0], bank, m.Temperature),
			loss.NTXentBank(mixed[0], k[1], bank, m.Temperature))
	})
	return Output{Loss: value, Embedding: q[0], Meters: meters}
}

// Mixes says that [UnMix] can be used with it. The target network sees no mixtures: each
// is a query for the keys of both views, with the queue as the step before left it.
func (MoCo) Mixes() {}

// keys returns the normalised keys of both halves' views.
func (m MoCo) keys(step Step, views ...*graph.Node) []*graph.Node {
	batch := views[0].Shape().Dimensions[0]
	shuffled, back := make([]*graph.Node, 2), make([]*graph.Node, 2)
	for half, view := range views {
		order := step.Scope.Permutation(batch)
		shuffled[half], back[half] = op.Rows(view, order), op.InversePermutation(order)
	}
	var k []*graph.Node
	momentum := m.Momentum.In(step.Scope)
	if m.Moves == 1 {
		k = step.TargetProjections(momentum, m.Projector, shuffled)
	} else {
		for half := range shuffled {
			k = append(k, step.TargetProjections(momentum, m.Projector, shuffled[half:half+1])...)
		}
	}
	for half := range k {
		k[half] = op.Rows(op.Normalize(k[half]), back[half])
	}
	return k
}
