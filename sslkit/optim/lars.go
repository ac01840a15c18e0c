package optim

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/schedule"
)

// LARS is SGD whose steps are as long, for each tensor, as its weights are:
// after weight decay, the gradient is multiplied by
// Trust·‖w‖/(‖g‖ + WeightDecay·‖w‖ + Epsilon). A tensor without weight decay,
// or whose weights or gradient are all 0, keeps its gradient as it is.
//
// You et al., Large Batch Training of Convolutional Networks, 2017,
// arXiv:1708.03888, algorithm 1; as in lightly, momentum does not contain the
// learning rate. With Clip, as in solo-learn, the gradient is multiplied by
// min(ratio/LR, 1) instead.
type LARS struct {
	Momentum    float64           `json:"momentum"`
	Nesterov    bool              `json:"nesterov"`
	WeightDecay schedule.Schedule `json:"weight_decay"`
	Trust       float64           `json:"trust"` // 0.001 usually
	Epsilon     float64           `json:"epsilon"`
	SkipVectors bool              `json:"skip_vectors"` // no weight decay, hence no scaling, for batch norms and biases
	Clip        bool              `json:"clip"`         // the ratio is the tensor's learning rate, and LR the most it may be
}

var _ Optimizer = LARS{}

// Slots are the velocity.
func (LARS) Slots() []string { return []string{"velocity"} }

// Validate reports the first field that makes no sense.
func (l LARS) Validate() error {
	switch {
	case !(l.Trust > 0):
		return fmt.Errorf("optim: LARS: trust %g, want a positive one", l.Trust)
	case !(l.Epsilon >= 0):
		return fmt.Errorf("optim: LARS: epsilon %g, want 0 or more", l.Epsilon)
	}
	return SGD{Momentum: l.Momentum, Nesterov: l.Nesterov, WeightDecay: l.WeightDecay}.validate("LARS")
}

// Step implements [Optimizer].
func (l LARS) Step(in Update) (params *graph.Node, slots []*graph.Node) {
	in.Gradient = in.tensors(func(v nn.Variable, cut func(*graph.Node) *graph.Node) *graph.Node {
		if l.WeightDecay == none || l.SkipVectors && isVector(v) {
			return cut(in.Gradient)
		}
		return l.scale(in, cut(in.Params), cut(in.Gradient))
	})
	return SGD{Momentum: l.Momentum, Nesterov: l.Nesterov}.Step(in)
}

// scale returns the gradient of one tensor after weight decay and scaling.
//
//	w, gradient, result  [elements]
func (l LARS) scale(in Update, w, gradient *graph.Node) *graph.Node {
	wNorm, gNorm := op.Norm(w), op.Norm(gradient)
	decayed := graph.Add(gradient, in.times(w, l.WeightDecay))
	length := graph.AddScalar(graph.Add(gNorm, in.times(wNorm, l.WeightDecay)), l.Epsilon)
	ratio := graph.Div(graph.MulScalar(wNorm, l.Trust), length)

	if l.Clip {
		ratio = graph.MinScalar(graph.Div(ratio, in.LR), 1)
	}
	zero := graph.ZerosLike(wNorm)
	hasBoth := graph.LogicalAnd(graph.GreaterThan(wNorm, zero), graph.GreaterThan(gNorm, zero))
	return graph.Where(hasBoth, graph.Mul(decayed, ratio), gradient)
}
