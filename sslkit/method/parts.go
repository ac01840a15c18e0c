package method

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/schedule"
)

// Projections returns the projections of each view by the online network, which
// is what methods compare: those of the backbone with a projector behind it.
//
//	views   each [batch, height, width, channels]
//	result  [batch, dim] for each view
//
// Batch norm's statistics are taken per view, see [nn.PerView].
func (s Step) Projections(projector nn.Net, views []*graph.Node) []*graph.Node {
	return nn.PerView(s.Scope, views, func(scope *nn.Scope, view *graph.Node) *graph.Node {
		return project(scope.In("online"), s.Backbone, projector, view)
	})
}

// Predictions returns what the online network's predictor makes of projections.
//
//	z       each [batch, dim]
//	result  [batch, dim] for each of them
func (s Step) Predictions(predictor nn.Net, z []*graph.Node) []*graph.Node {
	return nn.PerView(s.Scope, z, func(scope *nn.Scope, z *graph.Node) *graph.Node {
		return predictor.Forward(scope.In("online").In("predictor"), z)
	})
}

// project applies a network, the online one or its target, up to the projection.
func project(network *nn.Scope, net backbone.Backbone, projector nn.Net, view *graph.Node) *graph.Node {
	return projector.Forward(network.In("projector"), represent(network, net, view))
}

// represent applies a network's backbone. It panics if the features are not as many as
// it says.
func represent(network *nn.Scope, net backbone.Backbone, view *graph.Node) *graph.Node {
	h := net.Forward(network.In("backbone"), view)
	if h.Rank() != 2 || h.Shape().Dimensions[1] != net.Features() {
		panic(fmt.Errorf("backbone: %s: Forward returns %s, want [batch, %d], as Features says", backbone.Name(net), h.Shape(), net.Features()))
	}
	return h
}

// bottlenecks applies a network, the online one or its target, with the projector in
// a folder of it, to views of several sizes.
//
//	views   each [batch, height, width, channels]
//	result  [batch, projector.Out] for each view, at least float32; rows of length 1
func bottlenecks(step Step, network, folder *nn.Scope, projector head.MLP, views []*graph.Node) []*graph.Node {
	h := nn.PerView(network, views, func(network *nn.Scope, view *graph.Node) *graph.Node {
		return represent(network, step.Backbone, view)
	})
	forward := func(folder *nn.Scope, h *graph.Node) *graph.Node { return op.Normalize(projector.Forward(folder, h)) }
	if !projector.SharedNorm {
		return nn.PerView(folder, h, forward)
	}
	for i := range h {
		h[i] = forward(folder, h[i])
	}
	return h
}

// unitColumns returns a matrix with columns of length 1.
func unitColumns(x *graph.Node) *graph.Node {
	return graph.Transpose(op.Normalize(graph.Transpose(x, 0, 1)), 0, 1)
}

// oneOfAll watches the entropy of a mean distribution, in nats: below that of one and a
// half prototypes.
func oneOfAll(meter string) []Watch {
	return []Watch{{Meter: meter, Least: 0.4, Failure: "nearly all images have one prototype"}}
}

// TargetProjections moves the target network once, see [nn.Scope.Target], and
// returns its projections of views, as constants: no gradient flows into them.
// With momentum 1 it stays where it is.
//
//	momentum  scalar float64
//	views     each [batch, height, width, channels]
//	result    [batch, dim] for each view
func (s Step) TargetProjections(momentum *graph.Node, projector nn.Net, views []*graph.Node) []*graph.Node {
	z := nn.PerView(s.Scope.Target(momentum), views, func(target *nn.Scope, view *graph.Node) *graph.Node {
		return project(target, s.Backbone, projector, view)
	})
	for i := range z {
		z[i] = graph.StopGradient(z[i])
	}
	return z
}

// places are [Step.Places]. It panics if nobody knows them.
func (s Step) places(method string) []augment.Place {
	if s.Places == nil {
		panic(fmt.Errorf("method: %s: the step does not know where its views lie in their images: want Step.Places", method))
	}
	return s.Places()
}

// queue is the memory of earlier batches that a method keeps between steps.
type queue struct {
	scope    *nn.Scope
	name     string
	bank     *graph.Node // [size, dim]
	position *graph.Node // scalar: of the row that the next ones enter at
}

// openQueue returns the queue as the step before left it; before the first step its
// rows are random directions.
func openQueue(scope *nn.Scope, name string, size, dim int) *queue {
	bank := scope.Buffer(name, nn.UnitRows(dim), size, dim)
	return &queue{scope, name, bank, graph.Reshape(scope.Buffer(name+"_position", nn.Constant(0), 1))}
}

// add lets rows enter, see [loss.Enqueue].
//
//	rows  [n, dim]
func (q *queue) add(rows *graph.Node) {
	q.bank, q.position = loss.Enqueue(q.bank, q.position, rows)
}

// keep leaves the queue to the next step as it is now.
func (q *queue) keep() {
	q.scope.SetBuffer(q.name, q.bank)
	q.scope.SetBuffer(q.name+"_position", graph.Reshape(q.position, 1)) // [1]
}

// found is the meter of methods that find an image's other view among others, see
// [loss.ContrastiveAccuracy].
func found(q, k, bank *graph.Node) map[string]*graph.Node {
	return map[string]*graph.Node{"contrastive accuracy": loss.ContrastiveAccuracy(q, k, bank)}
}

// symmetric is the mean of two halves of a loss.
func symmetric(first, second *graph.Node) *graph.Node {
	return graph.MulScalar(graph.Add(first, second), 0.5)
}

// part reports what is wrong with a head of a method.
func part(method, name string, m head.MLP) error {
	if err := m.Validate(); err != nil {
		return fmt.Errorf("method: %s: %s: %w", method, name, err)
	}
	return nil
}

// full reports a number of full views that leaves nothing to compare.
func full(method string, views int) error {
	if views < 2 {
		return fmt.Errorf("method: %s: %d full views, want at least 2", method, views)
	}
	return nil
}

// temperature reports one that is not positive.
func temperature(method string, t float64) error {
	if !(t > 0) {
		return fmt.Errorf("method: %s: temperature %g, want a positive one", method, t)
	}
	return nil
}

// prototypes reports numbers of prototypes or of local views that make no sense.
func prototypes(method string, count, local int) error {
	if count < 2 {
		return fmt.Errorf("method: %s: prototypes %d, want at least 2", method, count)
	}
	if local < 0 {
		return fmt.Errorf("method: %s: local %d, want 0 or more", method, local)
	}
	return nil
}

// predictor reports what is wrong with a predictor, which predicts projections.
func predictor(method string, projector, predictor head.MLP) error {
	if predictor.Out != projector.Out {
		return fmt.Errorf("method: %s: predictor has out %d, want the projector's %d", method, predictor.Out, projector.Out)
	}
	return part(method, "predictor", predictor)
}

// target reports what is wrong with how a target network moves.
func target(method string, momentum schedule.Schedule, moves int) error {
	if err := momentum.Validate(); err != nil {
		return fmt.Errorf("method: %s: momentum: %w", method, err)
	}
	if least, most := momentum.Bounds(); !(least > 0 && least < 1 && most <= 1) {
		return fmt.Errorf("method: %s: momentum %s, want one between 0 and 1", method, momentum)
	}
	if moves != 1 && moves != 2 {
		return fmt.Errorf("method: %s: moves %d, want 1 or 2", method, moves)
	}
	return nil
}
