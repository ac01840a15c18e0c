package loss_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
)

// goldenLosses says which function the reference cases check whose name starts
// with the prefix, and the names of its differentiable inputs in order.
var goldenLosses = []struct {
	prefix string
	inputs []string
	build  func(c goldenLoss, in []*graph.Node) *graph.Node
}{
	{"ntxent_t", []string{"z0", "z1"}, func(c goldenLoss, in []*graph.Node) *graph.Node {
		return loss.NTXent(in[0], in[1], c.Params.Temperature)
	}},
}

type goldenLoss struct {
	Params   struct{ Temperature float64 }
	Inputs   map[string]testkit.Input
	Loss     float64
	Grad     map[string]testkit.Array
	TorchF32 struct {
		Loss float64 `json:"loss_rel_err"`
		Grad float64 `json:"grad_rel_err"`
	} `json:"torch_f32"`
}

func TestGolden(t *testing.T) {
	for _, golden := range testkit.Cases(t, "losses") {
		t.Run(golden.File+"/"+golden.Name, func(t *testing.T) {
			for _, l := range goldenLosses {
				if strings.HasPrefix(golden.Name, l.prefix) {
					var c goldenLoss
					golden.Decode(t, &c)
					checkGolden(t, c, l.inputs, l.build)
					return
				}
			}
			t.Skip("the package has no such loss yet")
		})
	}
}

func checkGolden(t *testing.T, c goldenLoss, names []string, build func(c goldenLoss, in []*graph.Node) *graph.Node) {
	least := 1e-5 // of the loss in float32
	if c.Params.Temperature < 0.5 {
		least = 1e-4
	}
	for _, precision := range []struct {
		dtype            dtypes.DType
		value, gradients float64 // tolerances
	}{
		{dtypes.Float64, 1e-9, 1e-9},
		{dtypes.Float32, math.Max(10*c.TorchF32.Loss, least), math.Max(10*c.TorchF32.Grad, 1e-3)},
	} {
		t.Run(precision.dtype.String(), func(t *testing.T) {
			inputs := make([]*tensors.Tensor, len(names))
			for i, name := range names {
				inputs[i] = c.Inputs[name].Array(t).Tensor(precision.dtype)
			}
			got := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
				value := build(c, in)
				return append([]*graph.Node{value}, graph.Gradient(value, in...)...)
			}, inputs...)
			testkit.NearScalar(t, "loss", got[0][0], c.Loss, precision.value)
			for i, name := range names {
				testkit.NearNorm(t, "gradient of "+name, got[1+i], c.Grad[name].Data, precision.gradients)
			}
		})
	}
}
