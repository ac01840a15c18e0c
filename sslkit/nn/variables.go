package nn

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/support/exceptions"
	"github.com/gossl/gossl/sslkit/op"
)

// kind tells the two flat vectors apart.
type kind int

const (
	params kind = iota
	buffers
)

// A Variable is one tensor of a model and its place in the flat vector.
type Variable struct {
	Path   string // "online/backbone/conv1/weight"
	Dims   []int
	Offset int // of its first element

	init    Init
	follows string // path of the parameter that it moves towards, or ""
	redrawn bool   // whether it does not start as a copy of that
}

// Size is the number of elements.
func (v Variable) Size() int {
	size := 1
	for _, d := range v.Dims {
		size *= d
	}
	return size
}

// Variables are all the variables of a model, in the order in which building
// the model meets them.
type Variables struct {
	lists [2][]Variable
	index map[string]int
}

func newBuild(g *graph.Graph, v *Variables, mode Mode) *build {
	return &build{graph: g, vars: v, mode: mode, groups: 1, values: map[string]*graph.Node{}, moved: map[string]int{}}
}

// Declare builds a model once, on a graph that is thrown away, and returns its
// variables. The model is built as for training. A panic of the model comes
// back as an error.
func Declare(backend backends.Backend, mode Mode, model func(scope *Scope)) (*Variables, error) {
	v := &Variables{index: map[string]int{}}
	mode.Training = true
	g := graph.NewGraph(backend, "declare")
	defer g.Finalize()
	b := newBuild(g, v, mode)
	err := exceptions.TryCatch[error](func() {
		Model{&Scope{build: b}}.WithClock(startClock(g)).WithKey(graph.Const(g, uint64(0)), 0)
		model(&Scope{build: b})
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

func (v *Variables) declare(k kind, d Variable) {
	d.Offset = v.size(k)
	v.index[d.Path] = len(v.lists[k])
	v.lists[k] = append(v.lists[k], d)
}

func (v *Variables) size(k kind) int {
	if n := len(v.lists[k]); n > 0 {
		last := v.lists[k][n-1]
		return last.Offset + last.Size()
	}
	return 0
}

// Params lists the trained variables in the order of the flat vector.
func (v *Variables) Params() []Variable { return v.lists[params] }

// Buffers lists the variables that no gradient reaches.
func (v *Variables) Buffers() []Variable { return v.lists[buffers] }

// Sizes returns the lengths of the two flat vectors.
func (v *Variables) Sizes() (paramCount, bufferCount int) { return v.size(params), v.size(buffers) }

// Initial returns both flat vectors as they are before training. Every variable
// has random numbers of its own, which depend on the seed and on its place in
// the list, not on the device.
func (v *Variables) Initial(seed uint64) (paramValues, bufferValues []float64) {
	var flat [2][]float64
	for k := range flat {
		flat[k] = make([]float64, v.size(kind(k)))
		for i, d := range v.lists[k] {
			values := flat[k][d.Offset : d.Offset+d.Size()]
			if d.follows == "" || d.redrawn {
				d.init(values, op.Key(seed, uint64(k), uint64(i)))
				continue
			}
			online := v.lists[params][v.index[d.follows]]
			copy(values, flat[params][online.Offset:online.Offset+online.Size()])
		}
	}
	return flat[params], flat[buffers]
}

// A Model is a model's variables inside one graph.
type Model struct {
	*Scope
}

// Bind opens the variables in a graph.
//
//	paramValues   [all parameters' elements], in the parameters' type
//	bufferValues  [all buffers' elements], in the parameters' type
//
// It panics if a vector has another length than the variables add up to.
func (v *Variables) Bind(mode Mode, paramValues, bufferValues *graph.Node) Model {
	b := newBuild(paramValues.Graph(), v, mode)
	b.flat = [2]*graph.Node{paramValues, bufferValues}
	for k, flat := range b.flat {
		if want := v.size(kind(k)); flat.Rank() != 1 || flat.Shape().Size() != want {
			panic(fmt.Errorf("nn: Bind: vector %d has shape %s, want [%d]", k, flat.Shape(), want))
		}
	}
	return Model{&Scope{build: b}}
}

// Gradient returns the gradient of a loss with respect to the parameters, one
// flat vector in their order.
//
//	loss    scalar
//	result  [all parameters' elements]
//
// It panics if the graph does not use one of the parameters.
func (m Model) Gradient(loss *graph.Node) *graph.Node {
	list := m.build.vars.lists[params]
	nodes := make([]*graph.Node, len(list))
	for i, p := range list {
		value, ok := m.build.values[p.Path]
		if !ok {
			panic(fmt.Errorf("nn: Gradient: the graph does not use parameter %q", p.Path))
		}
		nodes[i] = value
	}
	return flatten(graph.Gradient(loss, nodes...))
}

// ParamsAfter returns the parameters as the graph leaves them to the optimizer, as a
// flat vector: what [Scope.SetParam] has set is changed.
func (m Model) ParamsAfter() *graph.Node {
	flat := m.build.flat[params]
	var parts []*graph.Node
	from, end := 0, flat.Shape().Size()
	kept := func(to int) {
		if from < to {
			parts = append(parts, graph.Slice(flat, graph.AxisRange(from, to)))
		}
	}
	slices.Sort(m.build.set)
	for _, at := range slices.Compact(m.build.set) {
		p := m.build.vars.lists[params][at]
		kept(p.Offset)
		parts = append(parts, graph.Reshape(m.build.values[p.Path], p.Size()))
		from = p.Offset + p.Size()
	}
	if parts == nil {
		return flat
	}
	kept(end)
	return graph.Concatenate(parts, 0)
}

// BuffersAfter returns the buffers as the graph leaves them, as a flat vector.
func (m Model) BuffersAfter() *graph.Node {
	list := m.build.vars.lists[buffers]
	if len(list) == 0 {
		return m.build.flat[buffers]
	}
	nodes := make([]*graph.Node, len(list))
	for i, d := range list {
		nodes[i] = m.variable(buffers, d)
		if d.follows != "" {
			online := m.build.vars.lists[params][m.build.vars.index[d.follows]]
			nodes[i] = m.build.move(d, nodes[i], m.variable(params, online))
		}
	}
	return flatten(nodes)
}

func flatten(nodes []*graph.Node) *graph.Node {
	flat := make([]*graph.Node, len(nodes))
	for i, n := range nodes {
		flat[i] = graph.Reshape(n, n.Shape().Size())
	}
	return graph.Concatenate(flat, 0)
}
