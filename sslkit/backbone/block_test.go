package backbone

import (
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

// TestGoldenBlocks checks a basic block with and without a convolution in its
// shortcut: output and all gradients.
func TestGoldenBlocks(t *testing.T) {
	for _, golden := range testkit.Cases(t, "layers") {
		if !strings.HasPrefix(golden.Name, "basicblock") {
			continue // checked in package nn
		}
		t.Run(golden.File+"/"+golden.Name, func(t *testing.T) {
			var c struct {
				Stride                int
				X, Y, DX, DY          testkit.Array
				Parameters, Gradients map[string]testkit.Array
			}
			golden.Decode(t, &c)
			m := testkit.NewModel(t, testkit.Any(t), nn.Mode{Precision: device.F64}, func(scope *nn.Scope, inputs []*graph.Node) *graph.Node {
				layers := listing(func(l *list) { ResNet{Splits: 1}.block(l, "", c.X.Shape[3], c.Y.Shape[3], c.Stride) })
				return Build(scope, layers, inputs[0])
			}, c.X)
			if got, want := len(m.Vars.Params()), len(c.Parameters); got != want {
				t.Fatalf("%d parameters, want %d", got, want)
			}
			for name, value := range c.Parameters {
				m.SetParam(t, pathOf(name), testkit.Kernel(value).Data)
			}
			got := m.Pass(t, true, testkit.Upstream(c.DY), c.X)
			testkit.Near(t, "y", got.Y, c.Y.Data, 1e-10)
			testkit.Near(t, "dx", got.DInputs[0], c.DX.Data, 1e-10)
			for name, want := range c.Gradients {
				part := testkit.Part(t, m.Vars.Params(), got.DParams, pathOf(name))
				testkit.Near(t, "gradient of "+name, part, testkit.Kernel(want).Data, 1e-10)
			}
		})
	}
}

// pathOf is our name of a parameter of PyTorch's basic block.
func pathOf(name string) string {
	return strings.NewReplacer(
		"shortcut.0", "shortcut/conv",
		"shortcut.1", "shortcut/bn",
		".", "/").Replace(name)
}
