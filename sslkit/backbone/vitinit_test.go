package backbone

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

// xavier and fanIn are PyTorch's xavier_uniform_, and what its layers have by default.
func xavier(in, out int) testkit.Drawn {
	return testkit.Drawn{Uniform: math.Sqrt(6 / float64(in+out))}
}
func fanIn(in int) testkit.Drawn { return testkit.Drawn{Uniform: 1 / math.Sqrt(float64(in))} }

// TestViTInit compares how each tensor of a transformer starts. TorchvisionInit is what
// torchvision 0.29's VisionTransformer(32, 4, 4, 4, 64, 256) has, tensor by tensor; its
// program says so, too: a truncated normal of √(1/fan_in) for patches (the cut, ±2, is
// many deviations away), Xavier for attention's input as one matrix and for dense layers,
// whose biases are 1e-6 wide, the default of Linear for attention's output.
func TestViTInit(t *testing.T) {
	const width, mlp, pixels = 64, 256, 4 * 4 * 3
	zero, one := testkit.Drawn{}, testkit.Drawn{Constant: 1}
	common := map[string]testkit.Drawn{
		"pos_embed/weight": {Normal: 0.02}, "norm/weight": one, "norm/bias": zero,
		"norm1/weight": one, "norm1/bias": zero, "norm2/weight": one, "norm2/bias": zero,
		"attn/qkv/weight": xavier(width, 3*width), "attn/qkv/bias": zero, "attn/proj/bias": zero,
		"mlp/fc1/weight": xavier(width, mlp), "mlp/fc2/weight": xavier(mlp, width),
	}
	mae := map[string]testkit.Drawn{
		"cls_token/weight": {Normal: 0.02}, "patch_embed/proj/weight": xavier(pixels, width), "patch_embed/proj/bias": zero,
		"attn/proj/weight": xavier(width, width), "mlp/fc1/bias": zero, "mlp/fc2/bias": zero,
	}
	for init, own := range map[ViTInit]map[string]testkit.Drawn{
		XavierInit: {},
		TimmInit:   {"patch_embed/proj/bias": fanIn(pixels)},
		TorchvisionInit: {"cls_token/weight": zero, "patch_embed/proj/weight": {Normal: 1 / math.Sqrt(pixels)},
			"attn/proj/weight": fanIn(width), "mlp/fc1/bias": {Normal: 1e-6}, "mlp/fc2/bias": {Normal: 1e-6}},
	} {
		net := ViTTiny()
		net.Init, net.Positions, net.Grid = init, Learned, 8
		m := testkit.NewModel(t, testkit.Open(t, device.Go), nn.Mode{Precision: device.F32}, func(scope *nn.Scope, in []*graph.Node) *graph.Node {
			return net.Forward(scope, in[0])
		}, testkit.Pictures(0, 1, 32))
		for _, v := range m.Vars.Params() {
			name := v.Path
			if in, ok := strings.CutPrefix(name, "blocks/"); ok {
				_, name, _ = strings.Cut(in, "/")
			}
			want, ok := own[name]
			for _, list := range []map[string]testkit.Drawn{mae, common} {
				if !ok {
					want, ok = list[name]
				}
			}
			if !ok {
				t.Errorf("%s: how does %s start?", init, v.Path)
			}
			want.Check(t, string(init)+": "+v.Path, m.Params[v.Offset:v.Offset+v.Size()])
		}
	}
}
