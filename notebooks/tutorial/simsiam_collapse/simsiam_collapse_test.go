package main

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/train"
)

// The cells run one after the other, as in the notebook.
func TestCells(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: trains")
	}
	if _, err := device.Open(device.CPU); errors.Is(err, fs.ErrNotExist) {
		t.Skip(err)
	}
	t.Chdir(t.TempDir())
	images, mapped, epochs, kind = 200, 60, 1, device.CPU
	main()
	main() // finds its runs complete
	var losses []float64
	for _, r := range Recipes() {
		result, err := train.Open(filepath.Join(folder, r.Name)) // of a method of the notebook, too
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, result.Last().Loss)
	}
	if losses[0] == losses[1] || losses[1] == losses[2] || losses[0] == losses[2] {
		t.Errorf("losses %v, want three methods", losses)
	}
}

// identity is a backbone that leaves three features as they are.
type identity struct{ backbone.Backbone }

func (identity) Features() int { return 3 }

func (identity) Forward(_ *nn.Scope, x *graph.Node) *graph.Node { return x }

// Without its stop, SimSiam has the same loss, and another gradient for the
// projector; without its predictor, another loss.
func TestVariants(t *testing.T) {
	mlp := head.MLP{Layers: 2, Hidden: 5, Out: 4, BatchNorm: true, OutNorm: head.NoNorm}
	whole := method.SimSiam{Projector: mlp, Predictor: mlp}
	value, slope := step(t, whole)
	noStop, noStopSlope := step(t, WithoutStop{whole})
	if noStop != value || noStopSlope == slope {
		t.Errorf("without stop: loss %g and slope %g, want %g and another than %g", noStop, noStopSlope, value, slope)
	}
	noPredictor, _ := step(t, WithoutPredictor{whole})
	if noPredictor == value {
		t.Errorf("without predictor: loss %g is SimSiam's", noPredictor)
	}
}

// step is a method's loss on two views of some numbers, and the size of the projector's gradient.
func step(t *testing.T, m method.Method) (value, slope float64) {
	t.Helper()
	backend := must(device.Open(device.Go)).Backend
	mode := nn.Mode{Training: true, Precision: device.F64}
	views := func(g *graph.Graph) []*graph.Node {
		return []*graph.Node{
			graph.Const(g, [][]float64{{1, 2, 3}, {0, -1, 2}, {2, 2, -1}}),
			graph.Const(g, [][]float64{{1, 1, 3}, {1, -1, 2}, {2, 0, -2}}),
		}
	}
	vars, err := nn.Declare(backend, mode, func(scope *nn.Scope) { m.Loss(method.NewStep(m, scope, identity{}, views(scope.Graph()))) })
	if err != nil {
		t.Fatal(err)
	}
	params, buffers := vars.Initial(1)
	out := graph.MustExecOnceN(backend, func(params, buffers *graph.Node) []*graph.Node {
		model := vars.Bind(mode, params, buffers)
		loss := m.Loss(method.NewStep(m, model.Scope, identity{}, views(params.Graph()))).Loss
		first := vars.Params()[0] // the projector's
		gradient := graph.Slice(model.Gradient(loss), graph.AxisRange(0, first.Size()))
		return []*graph.Node{loss, graph.ReduceAllSum(graph.Abs(gradient))}
	}, params, buffers)
	return out[0].Value().(float64), out[1].Value().(float64)
}
