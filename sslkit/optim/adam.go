package optim

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/pkg/core/graph"
)

// Adam divides a running mean of the gradient by the root of a running mean of
// its square: m = Beta1·m + (1−Beta1)·g; v = Beta2·v + (1−Beta2)·g²;
// w −= lr·m̂/(√v̂ + Epsilon), m̂ and v̂ being freed of their start at 0. Weight
// decay is added to the gradient (g += WeightDecay·w), for every parameter, as
// in PyTorch's Adam.
//
// Kingma, Ba, Adam: A Method for Stochastic Optimization, 2014,
// arXiv:1412.6980, algorithm 1.
type Adam struct {
	LR          float64 `json:"lr"` // of the schedule's factor 1, at the recipe's batch size
	Beta1       float64 `json:"beta1"`
	Beta2       float64 `json:"beta2"`
	Epsilon     float64 `json:"epsilon"`
	WeightDecay float64 `json:"weight_decay"`
}

// AdamW is [Adam] with weight decay of its own, apart from the gradient:
// w −= lr·WeightDecay·w.
//
// Loshchilov, Hutter, Decoupled Weight Decay Regularization, 2017,
// arXiv:1711.05101, algorithm 2; as in PyTorch, the learning rate multiplies
// the decay, too.
type AdamW Adam

// Validate reports the first field that makes no sense.
func (a Adam) Validate() error { return a.validate("Adam") }

// Validate reports the first field that makes no sense.
func (a AdamW) Validate() error { return Adam(a).validate("AdamW") }

func (a Adam) validate(name string) error {
	switch {
	case !(a.LR > 0):
		return fmt.Errorf("optim: %s: lr %g, want a positive one", name, a.LR)
	case !(a.Beta1 >= 0 && a.Beta1 < 1):
		return fmt.Errorf("optim: %s: beta1 %g, want one in [0, 1)", name, a.Beta1)
	case !(a.Beta2 > 0 && a.Beta2 < 1):
		return fmt.Errorf("optim: %s: beta2 %g, want one in (0, 1)", name, a.Beta2)
	case !(a.Epsilon > 0):
		return fmt.Errorf("optim: %s: epsilon %g, want a positive one", name, a.Epsilon)
	case !(a.WeightDecay >= 0):
		return fmt.Errorf("optim: %s: weight_decay %g, want 0 or more", name, a.WeightDecay)
	}
	return nil
}

// Moments are the running means of the gradient and of its square, both
// [elements] in the parameters' type; they start at 0.
type Moments struct {
	Mean, Square *graph.Node
}

// Step returns the parameters and the moments after one step.
//
//	params, gradient  [elements], one type
//	lr, step          scalars of that type; steps count from 1
func (a Adam) Step(params *graph.Node, moments Moments, gradient, lr, step *graph.Node) (newParams *graph.Node, newMoments Moments) {
	if a.WeightDecay != 0 {
		gradient = graph.Add(gradient, graph.MulScalar(params, a.WeightDecay))
	}
	m := blend(moments.Mean, gradient, a.Beta1)
	v := blend(moments.Square, graph.Square(gradient), a.Beta2)
	deviation := graph.AddScalar(graph.Sqrt(graph.Div(v, sinceStart(a.Beta2, step))), a.Epsilon)
	direction := graph.Div(graph.Div(m, sinceStart(a.Beta1, step)), deviation)
	return graph.Sub(params, graph.Mul(lr, direction)), Moments{m, v}
}

// Step is as [Adam.Step].
func (a AdamW) Step(params *graph.Node, moments Moments, gradient, lr, step *graph.Node) (newParams *graph.Node, newMoments Moments) {
	decay := graph.MulScalar(graph.Mul(lr, params), a.WeightDecay)
	a.WeightDecay = 0
	return Adam(a).Step(graph.Sub(params, decay), moments, gradient, lr, step)
}

// blend is a running mean that keeps the weight beta.
func blend(running, x *graph.Node, beta float64) *graph.Node {
	return graph.Add(graph.MulScalar(running, beta), graph.MulScalar(x, 1-beta))
}

// sinceStart is 1 − beta^step, the weight of all gradients so far in a running
// mean: computed so that a beta near 1 loses no digits.
func sinceStart(beta float64, step *graph.Node) *graph.Node {
	if beta == 0 {
		return graph.OnesLike(step)
	}
	return graph.Neg(graph.Expm1(graph.MulScalar(step, math.Log(beta))))
}
