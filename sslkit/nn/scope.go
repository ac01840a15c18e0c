package nn

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/device"
)

// A Net maps a batch of images, or of features, to features.
type Net interface {
	// Forward builds the network on x, [batch, …], with its variables in scope.
	Forward(scope *Scope, x *graph.Node) *graph.Node
}

// A Mode is how a graph uses a model: a training step or an evaluation, in one
// precision, with views in one pass or in separate ones.
type Mode struct {
	Training   bool // batch norm uses, and learns from, the statistics of the batch
	Precision  device.Precision
	JointViews bool // see [PerView]
	Devices    int  // on which the batch lies, each with a part of it; 0 is 1
	NormParts  int  // of each view's batch, which have statistics of their own in batch norm, see [BatchNorm]; 0 is 1
}

// woven says that the images of views in one pass take turns, see [PerView].
func (m Mode) woven() bool { return m.JointViews && m.Devices > 1 }

// A Scope is a folder in the tree of a model's variables, open in one graph.
type Scope struct {
	path    string // "" or ends in "/"
	follows string // in a target network: the path of the online one; see [Scope.Target]
	redrawn bool   // in a target network: see [Scope.Redrawn]
	build   *build
}

// build is what the scopes of one graph share.
type build struct {
	graph  *graph.Graph
	vars   *Variables
	mode   Mode
	groups int                    // views in the batch, each with statistics of its own
	flat   [2]*graph.Node         // params and buffers; nil while variables are declared
	values map[string]*graph.Node // of the variables met so far, by path
	set    []int                  // places of the parameters that [Scope.SetParam] has set

	moves []*graph.Node  // momentum of each move of the target
	moved map[string]int // moves that a target's variable has made, by path

	clock       *Clock                        // nil: the graph is no step of a run
	key         func() *graph.Node            // nil: nothing is random
	permutation func(n int) *graph.Node       // nil: permutations are drawn from keys
	noise       func(rows, n int) *graph.Node // nil: noise is drawn from keys
}

// In returns the folder of that name.
func (s *Scope) In(name string) *Scope {
	inside := &Scope{path: s.path + name + "/", redrawn: s.redrawn, build: s.build}
	if s.follows != "" {
		inside.follows = s.follows + name + "/"
	}
	return inside
}

// Mode returns how the graph uses the model.
func (s *Scope) Mode() Mode { return s.build.mode }

// Graph returns the graph that the scope is open in.
func (s *Scope) Graph() *graph.Graph { return s.build.graph }

// Param returns a trained variable, and declares it at its first use. The same
// name gives the same node, so that a network can be applied more than once.
//
//	result  dims, in the parameters' type (float32, or float64 in tests)
//
// It panics if the name is in use with other dimensions.
func (s *Scope) Param(name string, init Init, dims ...int) *graph.Node {
	if s.follows != "" {
		return s.followed(name, init, dims)
	}
	return s.variable(params, Variable{Path: s.path + name, Dims: dims, init: init})
}

// Buffer returns the present value of a variable that no gradient reaches, such
// as a running mean: the last one that [Scope.SetBuffer] gave it in this graph,
// else its value from before the step. Types and panics are those of Param.
func (s *Scope) Buffer(name string, init Init, dims ...int) *graph.Node {
	return s.variable(buffers, Variable{Path: s.path + name, Dims: dims, init: init})
}

// SetBuffer gives a buffer the value it has after the step. It panics if the
// buffer was not declared, or the shape is another.
func (s *Scope) SetBuffer(name string, value *graph.Node) {
	path := s.path + name
	old, ok := s.build.values[path]
	if !ok {
		panic(fmt.Errorf("nn: SetBuffer: there is no variable %q", path))
	}
	if !old.Shape().Equal(value.Shape()) {
		panic(fmt.Errorf("nn: SetBuffer: %q has shape %s, not %s", path, old.Shape(), value.Shape()))
	}
	s.build.values[path] = graph.StopGradient(value)
}

// SetParam gives a trained variable another value before the step, outside of the
// gradient: rows made as long as 1, say. Later uses get that value, the gradient is
// the one there, and the optimizer goes on from it, see [Model.ParamsAfter]. It panics
// if there is no such trained variable, or the shape is another.
func (s *Scope) SetParam(name string, value *graph.Node) {
	path := s.path + name
	b := s.build
	at, ok := b.vars.index[path]
	if _, met := b.values[path]; !ok || !met || at >= len(b.vars.lists[params]) || b.vars.lists[params][at].Path != path {
		panic(fmt.Errorf("nn: SetParam: there is no trained variable %q", path))
	}
	if old := b.values[path]; !old.Shape().Equal(value.Shape()) {
		panic(fmt.Errorf("nn: SetParam: %q has shape %s, not %s", path, old.Shape(), value.Shape()))
	}
	b.values[path] = value
	b.set = append(b.set, at)
}

func (s *Scope) variable(k kind, d Variable) *graph.Node {
	b := s.build
	if value, ok := b.values[d.Path]; ok {
		if !slices.Equal(value.Shape().Dimensions, d.Dims) {
			panic(fmt.Errorf("nn: %q has shape %s, asked for with %v", d.Path, value.Shape(), d.Dims))
		}
		return value
	}
	value := b.vars.value(b, k, d)
	b.values[d.Path] = value
	return value
}

// value cuts a variable out of the flat vectors, or declares it if there are none.
func (v *Variables) value(b *build, k kind, wanted Variable) *graph.Node {
	path, dims := wanted.Path, wanted.Dims
	if b.flat[k] == nil {
		v.declare(k, wanted)
		return graph.Zeros(b.graph, shapes.Make(b.mode.Precision.ParamDType(), dims...))
	}
	at, ok := v.index[path]
	if !ok {
		panic(fmt.Errorf("nn: %q was not there when the model's variables were declared", path))
	}
	d := v.lists[k][at]
	if !slices.Equal(d.Dims, dims) {
		panic(fmt.Errorf("nn: %q was declared with dimensions %v, asked for with %v", path, d.Dims, dims))
	}
	part := graph.Slice(b.flat[k], graph.AxisRange(d.Offset, d.Offset+d.Size()))
	return graph.Reshape(part, dims...)
}
