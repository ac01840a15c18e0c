package nn_test

import (
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

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
