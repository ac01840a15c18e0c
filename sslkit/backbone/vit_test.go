package backbone

import (
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

func smallViT() ViT {
	v := ViTTiny()
	v.Width, v.Depth, v.Heads, v.MLP, v.Grid = 8, 2, 2, 12, 3
	return v
}

func TestViTValidates(t *testing.T) {
	for want, change := range map[string]func(v *ViT){
		"":                           func(*ViT) {},
		"patch 0":                    func(v *ViT) { v.Patch = 0 },
		"grid -1":                    func(v *ViT) { v.Grid = -1 },
		"depth 0":                    func(v *ViT) { v.Depth = 0 },
		"depth 2 and mlp 0":          func(v *ViT) { v.MLP = 0 },
		"3 heads":                    func(v *ViT) { v.Heads = 3 },
		"width 6, want a multiple":   func(v *ViT) { v.Width = 6 },
		`positions "", want`:         func(v *ViT) { v.Positions = "" },
		`resize "nearest", want`:     func(v *ViT) { v.Resize = "nearest" },
		`init "", want "xavier", "t`: func(v *ViT) { v.Init = "" },
	} {
		v := smallViT()
		change(&v)
		err := v.Validate()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), "backbone: ViT: "+want) {
			t.Errorf("%+v: error %v, want one about %q", v, err, want)
		}
	}
	for _, v := range []ViT{ViTBase32(), ViTSmall16(), ViTTiny(), ViTBase32().Shrunk().(ViT)} {
		if err := v.Validate(); err != nil {
			t.Error(err)
		}
	}
}

// TestParametersOfViT compares with timm's: 88,224,232 of vit_base_patch32_224 and
// 22,050,664 of vit_small_patch16_224, less their classifiers.
func TestParametersOfViT(t *testing.T) {
	for want, net := range map[int]ViT{88_224_232 - 769*1000: ViTBase32(), 22_050_664 - 385*1000: ViTSmall16()} {
		net.Positions = Learned
		got := 0
		for l := range net.Layers() {
			for _, w := range l.Weights() {
				size := 1
				for _, d := range w.Dims {
					size *= d
				}
				got += size
			}
		}
		if got != want {
			t.Errorf("%s: %d parameters, want %d", net.Describe(), got, want)
		}
	}
}

// TestViTWeights are the names and shapes of a state dict of timm's, in its order.
func TestViTWeights(t *testing.T) {
	net := ViT{Patch: 4, Width: 8, Depth: 1, Heads: 2, MLP: 12, Grid: 3, Positions: Learned, Resize: Antialias, Init: TimmInit}
	type weight struct {
		Name string
		Dims []int
	}
	var got []weight
	for l := range net.Layers() {
		for _, w := range l.Weights() {
			got = append(got, weight{l.NameOf(w), w.Dims})
		}
	}
	want := []weight{
		{"cls_token", []int{1, 1, 8}}, {"pos_embed", []int{1, 10, 8}},
		{"patch_embed.proj.weight", []int{8, 3, 4, 4}}, {"patch_embed.proj.bias", []int{8}},
		{"blocks.0.norm1.weight", []int{8}}, {"blocks.0.norm1.bias", []int{8}},
		{"blocks.0.attn.qkv.weight", []int{24, 8}}, {"blocks.0.attn.qkv.bias", []int{24}},
		{"blocks.0.attn.proj.weight", []int{8, 8}}, {"blocks.0.attn.proj.bias", []int{8}},
		{"blocks.0.norm2.weight", []int{8}}, {"blocks.0.norm2.bias", []int{8}},
		{"blocks.0.mlp.fc1.weight", []int{12, 8}}, {"blocks.0.mlp.fc1.bias", []int{12}},
		{"blocks.0.mlp.fc2.weight", []int{8, 12}}, {"blocks.0.mlp.fc2.bias", []int{8}},
		{"norm.weight", []int{8}}, {"norm.bias", []int{8}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("weights (-want +got):\n%s", diff)
	}
}

// TestViTSizes builds the network on images of other sizes than its grid's, not square
// ones, too, in half precision.
func TestViTSizes(t *testing.T) {
	d := testkit.Open(t, device.Go)
	for _, size := range [][2]int{{12, 12}, {8, 8}, {20, 8}} {
		for _, positions := range []Positions{SineCosine, Learned} {
			net := smallViT()
			net.Positions = positions
			_, err := nn.Declare(d.Backend, nn.Mode{Precision: device.BF16}, func(scope *nn.Scope) {
				x := graph.Zeros(scope.Graph(), shapes.Make(dtypes.Float32, 2, size[0], size[1], 3))
				h := net.Forward(scope, x)
				h.AssertDims(2, net.Features())
				if h.DType() != dtypes.Float32 {
					t.Errorf("features of type %s, want float32", h.DType())
				}
				net.Encode(scope, x).AssertDims(2, net.Tokens(size[0], size[1]), 8)
			})
			if err != nil {
				t.Errorf("%v: %v", size, err)
			}
		}
	}
	_, err := nn.Declare(d.Backend, nn.Mode{Precision: device.F32}, func(scope *nn.Scope) {
		smallViT().Forward(scope, graph.Zeros(scope.Graph(), shapes.Make(dtypes.Float32, 2, 10, 12, 3)))
	})
	if err == nil || !strings.Contains(err.Error(), "10×12 pixels does not divide into patches of 4") {
		t.Errorf("error %v, want one about patches", err)
	}
}

// TestMaskedTokens compares encodings of some tokens with those of all: attention does
// not know an order, so that kept tokens in another order are the same ones.
func TestMaskedTokens(t *testing.T) {
	net, x := smallViT(), testkit.Pictures(0, 2, 12)
	tokens := net.Tokens(12, 12)
	run := func(encode func(scope *nn.Scope, x *graph.Node) *graph.Node) []float64 {
		m := testkit.NewModel(t, testkit.Open(t, device.Go), nn.Mode{Precision: device.F32}, func(scope *nn.Scope, in []*graph.Node) *graph.Node {
			return encode(scope, in[0])
		}, x)
		return m.Pass(t, true, nil, x).Y
	}
	all := run(net.Encode)
	features := run(net.Forward)
	for i, v := range features {
		if image, at := i/8, i%8; v != all[image*tokens*8+at] {
			t.Fatalf("feature %d of image %d is %g, the class token has %g", at, image, v, all[image*tokens*8+at])
		}
	}
	backwards := run(func(scope *nn.Scope, x *graph.Node) *graph.Node {
		count := graph.ConvertDType(graph.Iota(x.Graph(), shapes.Make(dtypes.Int32, 2, tokens), 1), dtypes.Int32)
		last := graph.Scalar(x.Graph(), dtypes.Int32, tokens-1)
		order := graph.Sub(last, count)
		return op.StackRows(net.EncodeKept(scope, x, order), order)
	})
	testkit.Near(t, "all tokens, backwards", backwards, all, 1e-5)
	hide := func(hidden bool) []float64 {
		return run(func(scope *nn.Scope, x *graph.Node) *graph.Node {
			none := graph.Const(x.Graph(), make([]float32, 8))
			mask := graph.BroadcastToDims(graph.Const(x.Graph(), hidden), 2, tokens)
			return net.EncodeHidden(scope, x, mask, none)
		})
	}
	testkit.Near(t, "nothing hidden", hide(false), all, 1e-6)
	blind := hide(true)
	testkit.Near(t, "images of which all is hidden", blind[:len(blind)/2], blind[len(blind)/2:], 1e-6)
}
