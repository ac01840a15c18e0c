package eval

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

// noClass is what a row that holds NaN or an infinity is classified as.
const noClass = -1

// moments returns what standardises features: their means, and one over their
// standard deviations. A feature that is the same for all images, but for
// rounding, has scale 0. A float32 sum over many images is imprecise, so the mean is
// computed in two steps: the mean of the features minus a first mean is added to that.
//
//	in      features [n, dim]
//	result  center, scale [1, dim]; a center is not finite if one of its features is not
func moments(in []*graph.Node) []*graph.Node {
	features := graph.ConvertDType(in[0], dtypes.Float32)
	mean := func(x *graph.Node) *graph.Node { return graph.ReduceAndKeep(x, graph.ReduceMean, 0) } // [1, dim]
	center := mean(features)
	center = graph.Add(center, mean(graph.Sub(features, center)))
	deviation := graph.Sqrt(mean(graph.Square(graph.Sub(features, center))))
	rounding := graph.MaxScalar(graph.MulScalar(graph.Abs(center), 1e-6), 1e-30)
	scale := graph.Where(graph.GreaterThan(deviation, rounding), graph.Reciprocal(deviation), graph.ZerosLike(deviation))
	return []*graph.Node{center, scale}
}

// inputs returns standardised features, with a 1 behind them for the bias.
//
//	features       [batch, dim]
//	center, scale  [1, dim]
//	result         [batch, dim+1] float32
func inputs(features, center, scale *graph.Node) *graph.Node {
	x := graph.Mul(graph.Sub(graph.ConvertDType(features, dtypes.Float32), center), scale)
	ones := graph.OnesLike(graph.Slice(x, graph.AxisRange(), graph.AxisElem(0))) // [batch, 1]
	return graph.Concatenate([]*graph.Node{x, ones}, 1)                          // [batch, dim+1]
}

// epoch makes the steps of an epoch in a loop inside the program.
//
//	in      params, velocity [dim+1, classes]; features [n, dim]; labels [n] int32;
//	        center, scale [1, dim]; order [steps, batch] int32; rates [steps]
//	result  params, velocity after the epoch
func (p *Probe) epoch(in []*graph.Node) []*graph.Node {
	order := in[6]
	steps := order.Shape().Dimensions[0]
	return repeat(steps, in[:2], in[2:], func(step *graph.Node, state, constants []*graph.Node) []*graph.Node {
		params, velocity := state[0], state[1]
		features, labels, center, scale, order, rates := constants[0], constants[1], constants[2], constants[3], constants[4], constants[5]
		at := graph.Reshape(step, 1)
		images := graph.Squeeze(op.Rows(order, at), 0) // [batch]
		x := inputs(op.Rows(features, images), center, scale)
		y := graph.OneHot(op.Rows(labels, images), p.classes, dtypes.Float32) // [batch, classes]
		sgd := optim.SGD{Momentum: p.linear.Momentum, WeightDecay: schedule.Constant(p.linear.WeightDecay)}
		params, slots := sgd.Step(optim.Update{
			Params: params, Gradient: slope(x, y, params), Slots: []*graph.Node{velocity}, LR: graph.Reshape(op.Rows(rates, at)),
		})
		return []*graph.Node{params, slots[0]}
	})
}

// slope returns the gradient of the mean cross entropy −Σ y·log softmax(x·params).
//
//	x               [batch, dim+1]
//	y               [batch, classes], one-hot
//	params, result  [dim+1, classes]
func slope(x, y, params *graph.Node) *graph.Node {
	batch := x.Shape().Dimensions[0]
	residual := graph.Sub(graph.Softmax(op.MatMul(x, params)), y) // [batch, classes]
	return graph.DivScalar(op.MatMul(graph.Transpose(x, 0, 1), residual), float64(batch))
}

// mostProbable returns the most probable classes.
//
//	in      features [n, dim]; center, scale [1, dim]; params [dim+1, classes]
//	result  [n] int32, noClass where a feature is not finite
func mostProbable(in []*graph.Node) []*graph.Node {
	features, center, scale, params := in[0], in[1], in[2], in[3]
	logits := op.MatMul(inputs(features, center, scale), params) // [n, classes]
	best := graph.ArgMax(logits, 1, dtypes.Int32)                // [n]
	finite := graph.IsFinite(graph.ReduceSum(logits, 1))
	return []*graph.Node{graph.Where(finite, best, graph.AddScalar(graph.ZerosLike(best), noClass))}
}

// repeat calls a body with the numbers 0 to times−1, in a loop inside the
// program, and returns the last state. The body of a loop of XLA's can use nothing
// but the loop's own variables, so the constants are passed along as such.
func repeat(times int, state, constants []*graph.Node,
	body func(number *graph.Node, state, constants []*graph.Node) []*graph.Node) []*graph.Node {
	g := state[0].Graph()
	carried := slices.Concat([]*graph.Node{graph.Const(g, int32(0))}, state, constants)
	end := 1 + len(state) // where the constants begin in carried
	inside := func(g *graph.Graph) []*graph.Node {
		nodes := make([]*graph.Node, len(carried))
		for i, c := range carried {
			nodes[i] = graph.Parameter(g, fmt.Sprintf("carried%d", i), c.Shape())
		}
		return nodes
	}
	more := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
		return []*graph.Node{graph.LessThan(inside(g)[0], graph.Const(g, int32(times)))}
	})
	next := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
		nodes := inside(g)
		after := body(nodes[0], nodes[1:end], nodes[end:])
		return slices.Concat([]*graph.Node{graph.AddScalar(nodes[0], 1)}, after, nodes[end:])
	})
	return graph.While(more, next, carried...)[1:end]
}
