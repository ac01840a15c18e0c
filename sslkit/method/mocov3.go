package method

import (
	"math"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/schedule"
)

// MoCoV3 is [MoCo] without a queue and with [BYOL]'s predictor: each prediction must
// find what the target network makes of the other view among those of the batch.
//
// Its meter "contrastive accuracy" is [loss.ContrastiveAccuracy] of the predictions from
// view 0 and the keys of view 1.
//
// Chen, Xie, He, An Empirical Study of Training Self-Supervised Vision Transformers,
// 2021, arXiv:2104.02057, algorithm 1.
type MoCoV3 struct {
	Projector   head.MLP          `json:"projector"`
	Predictor   head.MLP          `json:"predictor"`
	Temperature float64           `json:"temperature"`
	Momentum    schedule.Schedule `json:"momentum"` // of the target network
}

var _ Method = MoCoV3{}

// Views is two full ones.
func (MoCoV3) Views() Crops { return Crops{Full: 2} }

// Collapsed is 4·Temperature·ln(batch): all keys are as near as the right one.
func (m MoCoV3) Collapsed(batch int) Collapse {
	return Collapse{Loss: 4 * m.Temperature * math.Log(float64(batch)), Start: true}
}

// Validate reports the first hyperparameter that makes no sense.
func (m MoCoV3) Validate(backbone.Backbone) error {
	if err := temperature("MoCoV3", m.Temperature); err != nil {
		return err
	}
	if err := target("MoCoV3", m.Momentum, 1); err != nil {
		return err
	}
	if err := part("MoCoV3", "projector", m.Projector); err != nil {
		return err
	}
	return predictor("MoCoV3", m.Projector, m.Predictor)
}

// Loss is the sum of both directions' [loss.InfoNCE], times twice the temperature.
func (m MoCoV3) Loss(step Step) Output {
	q := nn.PerView(step.Scope, step.Seen(), func(scope *nn.Scope, view *graph.Node) *graph.Node {
		online := scope.In("online")
		return m.Predictor.Forward(online.In("predictor"), project(online, step.Backbone, m.Projector, view))
	})
	k := step.TargetProjections(m.Momentum.In(step.Scope), m.Projector, step.Full)
	both := func(q0, q1 *graph.Node) *graph.Node {
		sum := graph.Add(loss.InfoNCE(q0, k[1], m.Temperature), loss.InfoNCE(q1, k[0], m.Temperature))
		return graph.MulScalar(sum, 2*m.Temperature)
	}
	value := step.Mix(both(q[0], q[1]), q[2:], func(mixed []*graph.Node) *graph.Node { return both(mixed[0], mixed[0]) })
	return Output{Loss: value, Embedding: q[0], Meters: found(q[0], k[1], nil)}
}

// Mixes says that [UnMix] can be used with it, as with [BYOL].
func (MoCoV3) Mixes() {}
