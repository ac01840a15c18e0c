// Package optim turns gradients into new parameters.
//
// [SGD], [LARS], [Adam] and [AdamW] are values; each is an [Optimizer], whose Step
// is a graph function on flat vectors of all parameters. [Step] takes it, with the
// gradient clipped and parts of the network frozen where a recipe wants that. The
// learning rate comes from outside, see package schedule.
package optim

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/internal/named"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/schedule"
)

// An Optimizer says how a gradient changes the parameters. Its exported fields are
// its hyperparameters.
type Optimizer interface {
	// Slots names the vectors that the optimizer keeps from step to step, each as
	// long as the parameters, and 0 before the first step.
	Slots() []string

	// Step returns the parameters and the slots after one step. What it does to a
	// parameter depends on the gradient, slots and count of its tensor alone, so
	// that the tensor can be frozen.
	Step(in Update) (params *graph.Node, slots []*graph.Node)

	// Validate reports the first hyperparameter that makes no sense.
	Validate() error
}

// An Update is what an optimizer makes a step of.
//
//	Params, Gradient, Slots  [elements], one type
//	LR                       scalar of that type
//	Count                    scalar or [elements] of that type: how many steps there
//	                         are with this one
type Update struct {
	Params, Gradient, LR, Count *graph.Node

	Slots []*graph.Node // in the optimizer's order

	// Variables say where each tensor begins and ends in the vectors. They are for
	// optimizers that tell tensors apart: [LARS], and those that skip vectors.
	Variables []nn.Variable

	// Clock is for a weight decay that changes.
	Clock nn.Clock
}

// All lists a value of every optimizer.
func All() []Optimizer { return []Optimizer{SGD{}, LARS{}, Adam{}, AdamW{}} }

// Types are the optimizers that can be written and read by name.
var Types = named.New(All)

// Register makes an optimizer of the program's own known, as method.Register does
// with methods. It returns the optimizer. It panics if another one has the name.
func Register(o Optimizer) Optimizer { return Types.Register(o) }

// Name is an optimizer's name: that of its type.
func Name(o Optimizer) string { return named.Name(o) }

// tensors joins what of returns for each tensor, [its elements], given the tensor
// and how to cut it out of a vector of all parameters. It panics if the tensors do
// not fill the vector.
//
//	result  [elements]
func (in Update) tensors(of func(v nn.Variable, cut func(all *graph.Node) *graph.Node) *graph.Node) *graph.Node {
	var parts []*graph.Node
	end := 0
	for _, v := range in.Variables {
		if v.Offset != end {
			panic(fmt.Errorf("optim: tensor %q begins at %d, want %d", v.Path, v.Offset, end))
		}
		end += v.Size()
		parts = append(parts, of(v, func(all *graph.Node) *graph.Node {
			return graph.Slice(all, graph.AxisRange(v.Offset, v.Offset+v.Size()))
		}))
	}
	if end != in.Params.Shape().Size() {
		panic(fmt.Errorf("optim: tensors of %d elements, want %d", end, in.Params.Shape().Size()))
	}
	return graph.Concatenate(parts, 0)
}

// isVector tells biases, and the scales and shifts of norms, from weights.
func isVector(v nn.Variable) bool { return len(v.Dims) < 2 }

// decaying returns the parameters with 0 for those that have no weight decay.
func (in Update) decaying(skipVectors bool) *graph.Node {
	if !skipVectors {
		return in.Params
	}
	return in.tensors(func(v nn.Variable, cut func(*graph.Node) *graph.Node) *graph.Node {
		if isVector(v) {
			return graph.ZerosLike(cut(in.Params))
		}
		return cut(in.Params)
	})
}

// times returns x times the present value of a schedule, in x's type.
func (in Update) times(x *graph.Node, s schedule.Schedule) *graph.Node {
	if s.IsConstant() {
		return graph.MulScalar(x, s.From)
	}
	return graph.Mul(x, graph.ConvertDType(s.At(in.Clock), x.DType()))
}

var none = schedule.Constant(0)

// checkDecay reports a weight decay that makes no sense.
func checkDecay(name string, s schedule.Schedule) error {
	if err := s.Validate(); err != nil {
		return fmt.Errorf("optim: %s: weight_decay: %w", name, err)
	}
	if least, _ := s.Bounds(); !(least >= 0) {
		return fmt.Errorf("optim: %s: weight_decay %v, want 0 or more", name, s)
	}
	return nil
}

// Step takes the step of an optimizer. A gradient that is longer than clip, unless
// that is 0, is shortened before, see [Clip]; tensors that are frozen stay as they
// are, and do not count for the gradient's length. Count is computed from the clock.
func Step(o Optimizer, in Update, clip float64, freeze []Freeze) (params *graph.Node, slots []*graph.Node) {
	dtype := in.Params.DType()
	first, frozen := in.thaw(freeze)
	in.Gradient, in.Count = in.Trained(freeze), graph.OnePlus(in.Clock.Step)
	var held *graph.Node
	if frozen {
		held = graph.LessThan(in.Clock.Step, first)
		in.Count = graph.MaxScalar(graph.Sub(in.Count, first), 1)
	}
	in.Count = graph.ConvertDType(in.Count, dtype)
	if clip > 0 {
		in.Gradient = Clip(in.Gradient, clip)
	}
	params, slots = o.Step(in)
	if !frozen {
		return params, slots
	}
	for i := range slots {
		slots[i] = graph.Where(held, in.Slots[i], slots[i])
	}
	return graph.Where(held, in.Params, params), slots
}

// Trained returns the gradient with 0 for the parameters that are frozen: what a step
// is made of, before it is clipped.
//
//	result  [elements]
func (in Update) Trained(freeze []Freeze) *graph.Node {
	first, frozen := in.thaw(freeze)
	if !frozen {
		return in.Gradient
	}
	return graph.Where(graph.LessThan(in.Clock.Step, first), graph.ZerosLike(in.Gradient), in.Gradient)
}

// Clip returns a gradient that is not longer than a norm: a longer one is
// multiplied by most/(‖gradient‖ + 1e-6), as in PyTorch.
//
// Pascanu et al., On the difficulty of training recurrent neural networks, 2012,
// arXiv:1211.5063, algorithm 1.
//
//	gradient, result  [elements]
func Clip(gradient *graph.Node, most float64) *graph.Node {
	factor := graph.Div(graph.Scalar(gradient.Graph(), gradient.DType(), most), graph.AddScalar(op.Norm(gradient), 1e-6))
	return graph.Mul(gradient, graph.MinScalar(factor, 1))
}

// ValidClip reports a norm that [Step] cannot clip to. 0 is none.
func ValidClip(most float64) error {
	if !(most >= 0) || math.IsInf(most, 0) {
		return fmt.Errorf("optim: clip_norm %g, want a positive number, or 0 for none", most)
	}
	return nil
}
