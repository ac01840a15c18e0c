package testkit

import (
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/nn"
)

// A Forward builds a network on inputs.
type Forward func(scope *nn.Scope, inputs []*graph.Node) *graph.Node

// A Model is a network with the values of its variables, outside any graph.
type Model struct {
	Device          *device.Device
	Mode            nn.Mode
	Vars            *nn.Variables
	Params, Buffers []float64

	forward   Forward
	evaluator *graph.Exec // of evaluations without a loss, once there was one
}

// NewModel declares a network for inputs of these shapes. Its variables start
// as seed 0 has them.
func NewModel(t testing.TB, d *device.Device, mode nn.Mode, forward Forward, inputs ...Array) *Model {
	t.Helper()
	NoFloat64(t, d, mode.Precision)
	vars, err := nn.Declare(d.Backend, mode, func(scope *nn.Scope) {
		nodes := make([]*graph.Node, len(inputs))
		for i, in := range inputs {
			nodes[i] = graph.Zeros(scope.Graph(), shapes.Make(mode.Precision.ParamDType(), in.Shape...))
		}
		forward(scope, nodes)
	})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	m := &Model{Device: d, Mode: mode, Vars: vars, forward: forward}
	m.Params, m.Buffers = vars.Initial(0)
	return m
}

// SetParam replaces the value of one parameter.
func (m *Model) SetParam(t testing.TB, path string, values []float64) {
	t.Helper()
	copy(Part(t, m.Vars.Params(), m.Params, path), values)
}

// Part is the part of a flat vector that belongs to a variable of the list.
func Part(t testing.TB, list []nn.Variable, flat []float64, path string) []float64 {
	t.Helper()
	for _, v := range list {
		if v.Path == path {
			return flat[v.Offset : v.Offset+v.Size()]
		}
	}
	t.Fatalf("no variable %q among %v", path, list)
	return nil
}

// An Outcome is what one pass through a model gave.
type Outcome struct {
	Y       []float64   // output
	DInputs [][]float64 // gradient with respect to each input
	DParams []float64   // and to the parameters
	Buffers []float64   // the buffers after the pass
}

// Pass runs the model once, in training or evaluation mode, and leaves it as it
// is. With a loss, a scalar of the output, it takes gradients.
func (m *Model) Pass(t testing.TB, training bool, loss func(y *graph.Node) *graph.Node, inputs ...Array) Outcome {
	t.Helper()
	dtype := m.Mode.Precision.ParamDType()
	args := []*tensors.Tensor{Tensor(dtype, m.Params, len(m.Params)), Tensor(dtype, m.Buffers, len(m.Buffers))}
	for _, in := range inputs {
		args = append(args, in.Tensor(dtype))
	}
	if training || loss != nil {
		results := Run(t, m.Device, m.graph(training, loss), args...)
		return m.outcome(results, loss != nil, len(inputs))
	}
	if m.evaluator == nil {
		exec, err := graph.NewExec(m.Device.Backend, m.graph(false, nil))
		if err != nil {
			t.Fatal(err)
		}
		m.evaluator = exec
		t.Cleanup(exec.Finalize)
	}
	return m.outcome(call(t, m.evaluator, args), false, len(inputs))
}

// graph builds a pass: output, buffers, gradients of the inputs, of the parameters.
func (m *Model) graph(training bool, loss func(y *graph.Node) *graph.Node) func(args []*graph.Node) []*graph.Node {
	mode := m.Mode
	mode.Training = training
	return func(args []*graph.Node) []*graph.Node {
		model := m.Vars.Bind(mode, args[0], args[1])
		y := m.forward(model.Scope, args[2:])
		outputs := []*graph.Node{graph.ConvertDType(y, mode.Precision.ParamDType()), model.BuffersAfter()}
		if loss == nil {
			return outputs
		}
		scalar := loss(y)
		outputs = append(outputs, graph.Gradient(scalar, args[2:]...)...)
		if len(m.Params) > 0 {
			outputs = append(outputs, model.Gradient(scalar))
		}
		return outputs
	}
}

func (m *Model) outcome(results [][]float64, hasLoss bool, inputs int) Outcome {
	o := Outcome{Y: results[0], Buffers: results[1]}
	if hasLoss {
		o.DInputs = results[2 : 2+inputs]
		if len(m.Params) > 0 {
			o.DParams = results[2+inputs]
		}
	}
	return o
}

// Upstream is the loss Σ y·dy, whose gradient with respect to y is dy.
func Upstream(dy Array) func(y *graph.Node) *graph.Node {
	return func(y *graph.Node) *graph.Node {
		return graph.ReduceAllSum(graph.Mul(y, graph.Const(y.Graph(), dy.Tensor(y.DType()))))
	}
}

// SumSquares is the loss Σ y².
func SumSquares(y *graph.Node) *graph.Node {
	return graph.ReduceAllSum(graph.Square(y))
}
