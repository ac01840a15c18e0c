package optim

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/nn"
)

// LARS is SGD whose steps are as long, for each tensor, as its weights are:
// after weight decay, the gradient is multiplied by
// Trust·‖w‖/(‖g‖ + WeightDecay·‖w‖ + Epsilon). A tensor without weight decay,
// or whose weights or gradient are all 0, keeps its gradient as it is.
//
// You et al., Large Batch Training of Convolutional Networks, 2017,
// arXiv:1708.03888, algorithm 1; as in lightly, momentum does not contain the
// learning rate.
type LARS struct {
	LR          float64 `json:"lr"` // of the schedule's factor 1, at the recipe's batch size
	Momentum    float64 `json:"momentum"`
	Nesterov    bool    `json:"nesterov"`
	WeightDecay float64 `json:"weight_decay"`
	Trust       float64 `json:"trust"` // 0.001 usually
	Epsilon     float64 `json:"epsilon"`
	SkipVectors bool    `json:"skip_vectors"` // no weight decay, hence no scaling, for batch norms and biases
}

// Validate reports the first field that makes no sense.
func (l LARS) Validate() error {
	switch {
	case !(l.Trust > 0):
		return fmt.Errorf("optim: LARS: trust %g, want a positive one", l.Trust)
	case !(l.Epsilon >= 0):
		return fmt.Errorf("optim: LARS: epsilon %g, want 0 or more", l.Epsilon)
	}
	return l.sgd(l.WeightDecay).validate("LARS")
}

func (l LARS) sgd(weightDecay float64) SGD {
	return SGD{LR: l.LR, Momentum: l.Momentum, Nesterov: l.Nesterov, WeightDecay: weightDecay}
}

// Step returns the parameters and the velocity after one step.
//
//	params, velocity, gradient  [elements], one type; the velocity starts at 0
//	lr                          scalar of that type
//
// The tensors say where each begins and ends in the vectors. Step panics if
// they do not fill them.
func (l LARS) Step(tensors []nn.Variable, params, velocity, gradient, lr *graph.Node) (newParams, newVelocity *graph.Node) {
	var scaled []*graph.Node
	end := 0
	for _, v := range tensors {
		if v.Offset != end {
			panic(fmt.Errorf("optim: LARS: tensor %q begins at %d, want %d", v.Path, v.Offset, end))
		}
		end += v.Size()
		part := graph.AxisRange(v.Offset, end)
		g := graph.Slice(gradient, part)
		if l.WeightDecay != 0 && !(l.SkipVectors && len(v.Dims) < 2) {
			g = l.scale(graph.Slice(params, part), g)
		}
		scaled = append(scaled, g)
	}
	if end != params.Shape().Size() {
		panic(fmt.Errorf("optim: LARS: tensors of %d elements, want %d", end, params.Shape().Size()))
	}
	return l.sgd(0).Step(params, velocity, graph.Concatenate(scaled, 0), lr)
}

// scale returns the gradient of one tensor after weight decay and scaling.
//
//	w, gradient, result  [elements]
func (l LARS) scale(w, gradient *graph.Node) *graph.Node {
	wNorm, gNorm := norm(w), norm(gradient)
	decayed := graph.Add(gradient, graph.MulScalar(w, l.WeightDecay))
	length := graph.AddScalar(graph.Add(gNorm, graph.MulScalar(wNorm, l.WeightDecay)), l.Epsilon)
	ratio := graph.Div(graph.MulScalar(wNorm, l.Trust), length)

	zero := graph.ZerosLike(wNorm)
	hasBoth := graph.LogicalAnd(graph.GreaterThan(wNorm, zero), graph.GreaterThan(gNorm, zero))
	return graph.Where(hasBoth, graph.Mul(decayed, ratio), gradient)
}

// norm is the Euclidean norm, a scalar.
func norm(x *graph.Node) *graph.Node {
	return graph.Sqrt(graph.ReduceAllSum(graph.Square(x)))
}
