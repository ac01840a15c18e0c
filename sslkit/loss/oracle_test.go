package loss_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// An oracle is a loss written in loops, slowly and from its paper.
type oracle func(inputs []testkit.Array) float64

// withGradients runs a loss in float64 on the pure-Go device, and takes the gradients of the first
// few inputs.
func withGradients(t *testing.T, trained int, build func(in []*graph.Node) *graph.Node, inputs ...testkit.Array) (value float64, gradients [][]float64) {
	t.Helper()
	var args []*tensors.Tensor
	for _, in := range inputs {
		args = append(args, in.Tensor(dtypes.Float64))
	}
	out := testkit.Run(t, testkit.Open(t, device.Go), func(in []*graph.Node) []*graph.Node {
		value := build(in)
		if trained == 0 {
			return []*graph.Node{value}
		}
		return append([]*graph.Node{value}, graph.Gradient(value, in[:trained]...)...)
	}, args...)
	return out[0][0], out[1:]
}

// equalsOracle compares a loss with its oracle, and the gradients of the first
// few inputs with the oracle's differences.
func equalsOracle(t *testing.T, trained int, build func(in []*graph.Node) *graph.Node, want oracle, inputs ...testkit.Array) {
	t.Helper()
	value, gradients := withGradients(t, trained, build, inputs...)
	testkit.NearScalar(t, "loss", value, want(inputs), 1e-11)
	const step = 1e-5
	for i := range trained {
		differences := make([]float64, len(inputs[i].Data))
		moved := slices.Clone(inputs)
		moved[i].Data = slices.Clone(inputs[i].Data)
		for k, x := range inputs[i].Data {
			moved[i].Data[k] = x + step
			above := want(moved)
			moved[i].Data[k] = x - step
			differences[k] = (above - want(moved)) / (2 * step)
			moved[i].Data[k] = x
		}
		testkit.Near(t, fmt.Sprint("gradient of input ", i), gradients[i], differences, 1e-6)
	}
}

// row is row i of a matrix.
func row(a testkit.Array, i int) []float64 {
	dim := a.Shape[1]
	return a.Data[i*dim : (i+1)*dim]
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func cosine(a, b []float64) float64 { return dot(a, b) / (testkit.Norm(a) * testkit.Norm(b)) }

func matrix(s, rows, columns int) testkit.Array {
	return testkit.Array{Shape: []int{rows, columns}, Data: testkit.G(s, rows, columns)}
}

func unitRows(s, rows, columns int) testkit.Array {
	a := matrix(s, rows, columns)
	for i := range rows {
		norm := testkit.Norm(row(a, i))
		for j := range columns {
			a.Data[i*columns+j] /= norm
		}
	}
	return a
}

func zeros(g *graph.Graph, dims ...int) *graph.Node {
	return graph.Zeros(g, shapes.Make(dtypes.Float32, dims...))
}

// panics checks every case's panic, on graphs of the pure-Go device.
func panics(t *testing.T, cases map[string]func(g *graph.Graph)) {
	t.Helper()
	d := testkit.Open(t, device.Go)
	for text, build := range cases {
		testkit.Panics(t, d, text, build)
	}
}
