package optim

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
)

// SGD is stochastic gradient descent with momentum and weight decay, as
// PyTorch's: g += WeightDecay·w; v = Momentum·v + g; w −= lr·v. Weight decay
// applies to every parameter, batch norm and biases included, as in the
// published benchmarks.
type SGD struct {
	LR          float64 `json:"lr"` // of the first epoch, at the recipe's batch size
	Momentum    float64 `json:"momentum"`
	Nesterov    bool    `json:"nesterov"`
	WeightDecay float64 `json:"weight_decay"`
}

// Validate reports the first field that makes no sense.
func (s SGD) Validate() error { return s.validate("SGD") }

func (s SGD) validate(name string) error {
	switch {
	case !(s.LR > 0):
		return fmt.Errorf("optim: %s: lr %g, want a positive one", name, s.LR)
	case !(s.Momentum >= 0 && s.Momentum < 1):
		return fmt.Errorf("optim: %s: momentum %g, want one in [0, 1)", name, s.Momentum)
	case !(s.WeightDecay >= 0):
		return fmt.Errorf("optim: %s: weight_decay %g, want 0 or more", name, s.WeightDecay)
	case s.Nesterov && s.Momentum == 0:
		return fmt.Errorf("optim: %s: nesterov needs a momentum", name)
	}
	return nil
}

// Step returns the parameters and the velocity after one step.
//
//	params, velocity, gradient  [elements], one type; the velocity starts at 0
//	lr                          scalar of that type
func (s SGD) Step(params, velocity, gradient, lr *graph.Node) (newParams, newVelocity *graph.Node) {
	if s.WeightDecay != 0 {
		gradient = graph.Add(gradient, graph.MulScalar(params, s.WeightDecay))
	}
	newVelocity = graph.Add(graph.MulScalar(velocity, s.Momentum), gradient)
	direction := newVelocity
	if s.Nesterov {
		direction = graph.Add(gradient, graph.MulScalar(newVelocity, s.Momentum))
	}
	return graph.Sub(params, graph.Mul(lr, direction)), newVelocity
}
