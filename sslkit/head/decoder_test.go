package head

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

// TestDecoderInit compares how the layers before and behind a decoder's blocks start:
// with TorchvisionInit, as lightly's decoder of 2023, which set none, they are PyTorch's
// Linear by default; with XavierInit MAE's. Those of the blocks are a transformer's.
func TestDecoderInit(t *testing.T) {
	const width, own = 64, 32
	net := backbone.ViTTiny()
	pixels := pixels(net)
	uniform := func(bound float64) testkit.Drawn { return testkit.Drawn{Uniform: bound} }
	fanIn := func(in int) testkit.Drawn { return uniform(1 / math.Sqrt(float64(in))) }
	xavier := func(in, out int) testkit.Drawn { return uniform(math.Sqrt(6 / float64(in+out))) }
	token := testkit.Drawn{Normal: backbone.TokenDeviation}
	for init, want := range map[backbone.ViTInit]map[string]testkit.Drawn{
		backbone.TorchvisionInit: {"embed/weight": fanIn(width), "embed/bias": fanIn(width), "prediction/weight": fanIn(own), "prediction/bias": fanIn(own),
			"mask_token": token, "pos_embed/weight": token, "blocks/0/mlp/fc1/bias": {Normal: 1e-6}, "blocks/0/attn/proj/weight": fanIn(own)},
		backbone.XavierInit: {"embed/weight": xavier(width, own), "embed/bias": {}, "prediction/weight": xavier(own, pixels), "prediction/bias": {},
			"mask_token": token, "pos_embed/weight": token, "blocks/0/mlp/fc1/bias": {}, "blocks/0/attn/proj/weight": xavier(own, own)},
	} {
		d := Decoder{Width: own, Depth: 1, Heads: 4, MLP: 64, Positions: backbone.Learned, Init: init}
		m := testkit.NewModel(t, testkit.Open(t, device.Go), nn.Mode{Precision: device.F32}, func(scope *nn.Scope, in []*graph.Node) *graph.Node {
			tokens := net.Tokens(32, 32)
			mask := backbone.NewMask(graph.IotaFull(in[0].Graph(), in[1].Shape()), tokens/4)
			kept := graph.StopGradient(graph.Slice(in[1], graph.AxisRange(), graph.AxisRange(0, tokens/4)))
			return d.Forward(scope, net, in[0], graph.BroadcastToDims(graph.ExpandAxes(kept, -1), 1, tokens/4, width), mask)
		}, testkit.Pictures(0, 1, 32), testkit.Array{Shape: []int{1, net.Tokens(32, 32)}, Data: make([]float64, net.Tokens(32, 32))})
		for _, v := range m.Vars.Params() {
			start, ok := want[v.Path]
			if !ok && !strings.HasPrefix(v.Path, "blocks/") && !strings.HasPrefix(v.Path, "norm/") {
				t.Errorf("%s: how does %s start?", init, v.Path)
			}
			if ok {
				start.Check(t, string(init)+": "+v.Path, m.Params[v.Offset:v.Offset+v.Size()])
				delete(want, v.Path)
			}
		}
		if len(want) > 0 {
			t.Errorf("%s: there are no %v", init, want)
		}
	}
}
