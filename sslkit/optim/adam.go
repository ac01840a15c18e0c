package optim

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/schedule"
)

// Adam divides a running mean of the gradient by the root of a running mean of
// its square: m = Beta1·m + (1−Beta1)·g; v = Beta2·v + (1−Beta2)·g²;
// w −= lr·m̂/(√v̂ + Epsilon), m̂ and v̂ being freed of their start at 0. Weight
// decay is added to the gradient (g += WeightDecay·w), as in PyTorch's Adam.
//
// Kingma, Ba, Adam: A Method for Stochastic Optimization, 2014,
// arXiv:1412.6980, algorithm 1.
type Adam struct {
	Beta1       float64           `json:"beta1"`
	Beta2       float64           `json:"beta2"`
	Epsilon     float64           `json:"epsilon"`
	WeightDecay schedule.Schedule `json:"weight_decay"`
	SkipVectors bool              `json:"skip_vectors"` // no weight decay for batch norms and biases
}

// AdamW is [Adam] with weight decay of its own, apart from the gradient:
// w −= lr·WeightDecay·w.
//
// Loshchilov, Hutter, Decoupled Weight Decay Regularization, 2017,
// arXiv:1711.05101, algorithm 2; as in PyTorch, the learning rate multiplies
// the decay, too.
type AdamW Adam

var (
	_ Optimizer = Adam{}
	_ Optimizer = AdamW{}
)

// Slots are the running means of the gradient and of its square.
func (Adam) Slots() []string { return []string{"mean", "square"} }

// Slots are those of [Adam].
func (AdamW) Slots() []string { return Adam{}.Slots() }

// Validate reports the first field that makes no sense.
func (a Adam) Validate() error { return a.validate("Adam") }

// Validate reports the first field that makes no sense.
func (a AdamW) Validate() error { return Adam(a).validate("AdamW") }

func (a Adam) validate(name string) error {
	switch {
	case !(a.Beta1 >= 0 && a.Beta1 < 1):
		return fmt.Errorf("optim: %s: beta1 %g, want one in [0, 1)", name, a.Beta1)
	case !(a.Beta2 > 0 && a.Beta2 < 1):
		return fmt.Errorf("optim: %s: beta2 %g, want one in (0, 1)", name, a.Beta2)
	case !(a.Epsilon > 0):
		return fmt.Errorf("optim: %s: epsilon %g, want a positive one", name, a.Epsilon)
	}
	return checkDecay(name, a.WeightDecay)
}

// Step implements [Optimizer].
func (a Adam) Step(in Update) (params *graph.Node, slots []*graph.Node) {
	gradient := in.Gradient
	if a.WeightDecay != none {
		gradient = graph.Add(gradient, in.times(in.decaying(a.SkipVectors), a.WeightDecay))
	}
	m := blend(in.Slots[0], gradient, a.Beta1)
	v := blend(in.Slots[1], graph.Square(gradient), a.Beta2)
	deviation := graph.AddScalar(graph.Sqrt(graph.Div(v, sinceStart(a.Beta2, in.Count))), a.Epsilon)
	direction := graph.Div(graph.Div(m, sinceStart(a.Beta1, in.Count)), deviation)
	return graph.Sub(in.Params, graph.Mul(in.LR, direction)), []*graph.Node{m, v}
}

// Step implements [Optimizer].
func (a AdamW) Step(in Update) (params *graph.Node, slots []*graph.Node) {
	if a.WeightDecay != none {
		in.Params = graph.Sub(in.Params, in.times(graph.Mul(in.LR, in.decaying(a.SkipVectors)), a.WeightDecay))
	}
	a.WeightDecay = none
	return Adam(a).Step(in)
}

// blend is a running mean that keeps the weight beta.
func blend(running, x *graph.Node, beta float64) *graph.Node {
	return graph.Add(graph.MulScalar(running, beta), graph.MulScalar(x, 1-beta))
}

// sinceStart is 1 − beta^count, the weight of all gradients so far in a running
// mean: computed so that a beta near 1 loses no digits.
func sinceStart(beta float64, count *graph.Node) *graph.Node {
	if beta == 0 {
		return graph.OnesLike(count)
	}
	return graph.Neg(graph.Expm1(graph.MulScalar(count, math.Log(beta))))
}
