package nn_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

// TestDropout counts what is left of ones, whose mean stays, in training, and without.
func TestDropout(t *testing.T) {
	const n, rate = 40_000, 0.25
	d, empty := testkit.Open(t, device.Go), testkit.Tensor(f32.Precision.DType(), nil, 0)
	vars, err := nn.Declare(d.Backend, f32, func(*nn.Scope) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, training := range []bool{true, false} {
		y := testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
			mode := nn.Mode{Precision: device.F32, Training: training}
			model := vars.Bind(mode, in[0], in[1]).WithKey(graph.Const(in[2].Graph(), uint64(7)), 0)
			return []*graph.Node{nn.Dropout(model.Scope, in[2], rate)}
		}, empty, empty, testkit.Array{Shape: []int{n / 100, 100}, Data: slices.Repeat([]float64{1}, n)}.Tensor(f32.Precision.DType()))[0]
		left, want := 0, n
		for _, v := range y {
			if v != 0 {
				left++
				testkit.Within(t, "what is left", []float64{v}, []float64{map[bool]float64{true: 1 / (1 - rate), false: 1}[training]}, 1e-6)
			}
		}
		if training {
			want = n * 3 / 4
		}
		if math.Abs(float64(left-want)) > 400 { // more than four deviations
			t.Errorf("training %t: %d of %d are left, want about %d", training, left, n, want)
		}
	}
}

// TestGoldenLayerNorm compares values and gradients with PyTorch's.
func TestGoldenLayerNorm(t *testing.T) {
	found := 0
	for _, golden := range testkit.Cases(t, "vit_parts") {
		if !strings.HasPrefix(golden.Name, "layer_norm") {
			continue
		}
		found++
		var c struct {
			Eps                   float64
			X, Y, DX, DY          testkit.Array
			Parameters, Gradients struct{ Weight, Bias testkit.Array }
		}
		golden.Decode(t, &c)
		check := func(t *testing.T, in arithmetic) {
			m := newLayer(t, in.Precision, c.X, func(scope *nn.Scope, x *graph.Node) *graph.Node {
				return nn.LayerNorm(scope, x, c.Eps)
			})
			m.SetParam(t, "weight", c.Parameters.Weight.Data)
			m.SetParam(t, "bias", c.Parameters.Bias.Data)
			got := m.Pass(t, true, testkit.Upstream(c.DY), c.X)
			testkit.NearNorm(t, "y", got.Y, c.Y.Data, in.tolerance)
			testkit.NearNorm(t, "dx", got.DInputs[0], c.DX.Data, in.tolerance)
			testkit.NearNorm(t, "dweight", testkit.Part(t, m.Vars.Params(), got.DParams, "weight"), c.Gradients.Weight.Data, in.tolerance)
			testkit.NearNorm(t, "dbias", testkit.Part(t, m.Vars.Params(), got.DParams, "bias"), c.Gradients.Bias.Data, in.tolerance)
		}
		t.Run(golden.Name+"/f64", func(t *testing.T) { check(t, arithmetic{device.F64, 1e-9}) })
		t.Run(golden.Name+"/f32", func(t *testing.T) { check(t, arithmetic{device.F32, 2e-6}) })
	}
	if found == 0 {
		t.Skip("no case of layer norm")
	}
}
