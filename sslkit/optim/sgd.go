package optim

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/schedule"
)

// SGD is stochastic gradient descent with momentum and weight decay, as
// PyTorch's: g += WeightDecay·w; v = Momentum·v + g; w −= lr·v.
type SGD struct {
	Momentum    float64           `json:"momentum"`
	Nesterov    bool              `json:"nesterov"`
	WeightDecay schedule.Schedule `json:"weight_decay"`
	SkipVectors bool              `json:"skip_vectors"` // no weight decay for batch norms and biases; the published benchmarks have it for all
}

var _ Optimizer = SGD{}

// Slots are the velocity.
func (SGD) Slots() []string { return []string{"velocity"} }

// Validate reports the first field that makes no sense.
func (s SGD) Validate() error { return s.validate("SGD") }

func (s SGD) validate(name string) error {
	switch {
	case !(s.Momentum >= 0 && s.Momentum < 1):
		return fmt.Errorf("optim: %s: momentum %g, want one in [0, 1)", name, s.Momentum)
	case s.Nesterov && s.Momentum == 0:
		return fmt.Errorf("optim: %s: nesterov needs a momentum", name)
	}
	return checkDecay(name, s.WeightDecay)
}

// Step implements [Optimizer].
func (s SGD) Step(in Update) (params *graph.Node, slots []*graph.Node) {
	gradient := in.Gradient
	if s.WeightDecay != none {
		gradient = graph.Add(gradient, in.times(in.decaying(s.SkipVectors), s.WeightDecay))
	}
	velocity := graph.Add(graph.MulScalar(in.Slots[0], s.Momentum), gradient)
	direction := velocity
	if s.Nesterov {
		direction = graph.Add(gradient, graph.MulScalar(velocity, s.Momentum))
	}
	return graph.Sub(in.Params, graph.Mul(in.LR, direction)), []*graph.Node{velocity}
}
