package method_test

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
)

// A vitCase is the vision transformer of a case.
type vitCase struct {
	Positions                           string // "sincos" or "learned"
	Antialias                           bool
	Patch, Dim, Depth, Heads, MLP, Grid int
}

// A decoderCase is MAE's decoder.
type decoderCase struct{ Dim, Depth, Heads, MLP int }

// vit is the case's backbone.
func (c stepCase) vit() backbone.ViT {
	v := c.ViT
	net := backbone.ViT{
		Patch: v.Patch, Width: v.Dim, Depth: v.Depth, Heads: v.Heads, MLP: v.MLP, Grid: v.Grid,
		Positions: c.positions(), Resize: backbone.Bicubic, Init: backbone.XavierInit,
	}
	if v.Antialias {
		net.Resize = backbone.Antialias
	}
	return net
}

func (c stepCase) positions() backbone.Positions {
	if c.ViT.Positions == "learned" {
		return backbone.Learned
	}
	return backbone.SineCosine
}

func (c stepCase) decoder() head.Decoder {
	d := c.Decoder
	return head.Decoder{Width: d.Dim, Depth: d.Depth, Heads: d.Heads, MLP: d.MLP, Positions: c.positions(), Init: backbone.XavierInit}
}

func (c stepCase) masking() method.Masking {
	return method.Masking{Ratio: c.Mask.Ratio, CountClass: c.Mask.Count == "2023"}
}

// withNoise gives a model the case's noise, by which tokens are masked or images mixed.
func (c stepCase) withNoise(model nn.Model, step *graph.Node) nn.Model {
	call := 0
	return model.WithNoise(func(rows, tokens int) *graph.Node {
		var steps []float64
		count := max(len(c.Loss), runSteps)
		for s := range count {
			steps = append(steps, c.noise(s, call, rows, tokens)...)
		}
		call++
		all := graph.Reshape(graph.Const(step.Graph(), steps), count, rows, tokens)
		return graph.Gather(all, graph.Reshape(step, 1))
	})
}

// torchPaths turn names of timm's, torchvision's and lightly's into paths of ours.
var torchPaths = []struct {
	names *regexp.Regexp
	path  string
}{
	{regexp.MustCompile(`^anchor_`), ""},
	{regexp.MustCompile(`^backbone\.vit\.`), "backbone."},
	{regexp.MustCompile(`^backbone\.mask_token$`), "mask_token"},
	{regexp.MustCompile(`^mask\.mask_token$`), "decoder.mask_token"},
	{regexp.MustCompile(`^decoder_embed\.`), "decoder.embed."},
	{regexp.MustCompile(`^decoder\.decoder_embed\.`), "decoder.embed."},
	{regexp.MustCompile(`^prediction\.`), "decoder.prediction."},
	{regexp.MustCompile(`\.prediction_head\.`), ".prediction."},
	{regexp.MustCompile(`\.class_token$`), ".cls_token"},
	{regexp.MustCompile(`\.conv_proj\.`), ".patch_embed.proj."},
	{regexp.MustCompile(`\.encoder\.`), "."},
	{regexp.MustCompile(`\.pos_embedding$`), ".pos_embed"},
	{regexp.MustCompile(`\.(cls_token|pos_embed)$`), ".$1.weight"},
	{regexp.MustCompile(`\.layers\.encoder_layer_(\d+)\.`), ".blocks.$1."},
	{regexp.MustCompile(`\.ln_([12])\.`), ".norm$1."},
	{regexp.MustCompile(`\.self_attention\.in_proj_`), ".attn.qkv."},
	{regexp.MustCompile(`\.self_attention\.out_proj\.`), ".attn.proj."},
	{regexp.MustCompile(`\.mlp\.0\.`), ".mlp.fc1."},
	{regexp.MustCompile(`\.mlp\.3\.`), ".mlp.fc2."},
	{regexp.MustCompile(`\.ln\.`), ".norm."},
	{regexp.MustCompile(`\.`), "/"},
}

// pathOf is where a transformer's parameter of that name is below "online/", or "" if
// the model has none: of tables that are fixed, and of tokens that nothing uses.
func (c stepCase) pathOf(torch string, params []nn.Variable) string {
	path := torch
	if c.Method == "SimMIM" {
		path = strings.TrimPrefix(path, "mask.")
	}
	for _, p := range torchPaths {
		path = p.names.ReplaceAllString(path, p.path)
	}
	for _, v := range params {
		if v.Path == "online/"+path {
			return path
		}
	}
	return ""
}

// smallTransformer is a network, and the sizes of a case, of methods that mask tokens.
func smallTransformer() (backbone.ViT, stepCase) {
	_, c := small()
	c.ViT = &vitCase{Positions: "learned", Antialias: true, Patch: 2, Dim: 8, Depth: 1, Heads: 2, MLP: 16, Grid: 4}
	c.Decoder = &decoderCase{Dim: 8, Depth: 1, Heads: 2, MLP: 16}
	c.LR = rates{0.1}
	c.Mask = &maskCase{Base: 2000, Ratio: 0.75, Count: "head"}
	return c.vit(), c
}

// TestGoldenMasks compares which tokens of the first image are kept and masked, and how
// many, as the case says.
func TestGoldenMasks(t *testing.T) {
	for file, tables := range testkit.Golden[struct {
		Masks struct {
			Cases []struct {
				Sequence   int
				Ratio      float64
				ClassToken bool `json:"mask_class_token"`
				Kept       int  `json:"num_keep"`
				Kept2023   int  `json:"num_keep_2023"`
			}
		} `json:"token_masks"`
	}](t, "vit_parts") {
		for i, c := range tables.Masks.Cases {
			if c.ClassToken {
				continue // no method here masks it
			}
			today, then := method.Masking{Ratio: c.Ratio}, method.Masking{Ratio: c.Ratio, CountClass: true}
			if got := []int{today.Kept(c.Sequence), then.Kept(c.Sequence)}; !slices.Equal(got, []int{c.Kept, c.Kept2023}) {
				t.Errorf("%s/%d: %v tokens are kept, want %d, and %d as in 2023", file, i, got, c.Kept, c.Kept2023)
			}
		}
	}
}

// TestMaskingValidates refuses ratios that mask nothing or all, and networks without
// tokens.
func TestMaskingValidates(t *testing.T) {
	network, c := smallTransformer()
	for _, build := range []func(method.Masking) method.Method{
		func(m method.Masking) method.Method { return method.MAE{Decoder: c.decoder(), Masking: m} },
		func(m method.Masking) method.Method { return method.SimMIM{Masking: m} },
	} {
		name := method.Name(build(method.Masking{}))
		if err := build(c.masking()).Validate(network); err != nil {
			t.Error(err)
		}
		for _, ratio := range []float64{0, 1, -0.5} {
			if err := build(method.Masking{Ratio: ratio}).Validate(network); err == nil || !strings.Contains(err.Error(), "method: "+name+": masking: ratio") {
				t.Errorf("%s: ratio %g: error %v", name, ratio, err)
			}
		}
		if err := build(c.masking()).Validate(backbone.Tiny()); err == nil || !strings.Contains(err.Error(), "want a ViT") {
			t.Errorf("%s on a ResNet: error %v", name, err)
		}
	}
}

// TestReconstruct compares what is filled in with the loss: over the masked patches it is
// as far from the image as the loss says. The others are the image's own.
func TestReconstruct(t *testing.T) {
	network, c := smallTransformer()
	d, mode := testkit.Any(t), nn.Mode{Precision: device.F32}
	for _, m := range []method.Reconstructor{
		method.MAE{Decoder: c.decoder(), Masking: c.masking()},
		method.SimMIM{Masking: c.masking()},
	} {
		x, noise := c.pictures(0), testkit.Array{Shape: []int{c.Batch, 17}, Data: c.noise(0, 0, c.Batch, 17)}
		vars, err := nn.Declare(d.Backend, mode, func(scope *nn.Scope) {
			m.Loss(method.NewStep(m, scope, network, []*graph.Node{graph.Const(scope.Graph(), x.Tensor(dtypes.Float32))}))
		})
		if err != nil {
			t.Fatal(err)
		}
		params, buffers := vars.Initial(1)
		out := testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
			model := vars.Bind(mode, in[0], in[1]).WithNoise(func(int, int) *graph.Node { return in[3] })
			r := m.Reconstruct(model.Scope, network, in[2], in[3])
			training := vars.Bind(nn.Mode{Precision: device.F32, Training: true}, in[0], in[1]).WithNoise(func(int, int) *graph.Node { return in[3] })
			loss := m.Loss(method.NewStep(m, training.Scope, network, in[2:3])).Loss
			return []*graph.Node{r.Filled, graph.ConvertDType(r.Masked, dtypes.Float32), loss}
		}, testkit.Tensor(dtypes.Float32, params, len(params)), testkit.Tensor(dtypes.Float32, buffers, len(buffers)), x.Tensor(dtypes.Float32), noise.Tensor(dtypes.Float32))
		filled, masked, loss := out[0], out[1], out[2][0]
		squares, distances, count := 0.0, 0.0, 0
		for i, v := range filled {
			off := v - x.Data[i]
			if masked[i/3] == 0 && math.Abs(off) > 1e-6 {
				t.Fatalf("%s: number %d is not masked, and %g in place of %g", method.Name(m), i, v, x.Data[i])
			}
			if masked[i/3] != 0 {
				squares, distances, count = squares+off*off, distances+math.Abs(off), count+1
			}
		}
		if want := c.Batch * 12 * 2 * 2 * 3; count != want { // 12 of 16 patches
			t.Fatalf("%s: %d numbers are masked, want %d", method.Name(m), count, want)
		}
		got := squares / float64(count)
		if _, absolute := m.(method.SimMIM); absolute {
			got = distances / float64(count)
		}
		testkit.NearScalar(t, method.Name(m)+": error of what is filled in", got, loss, 1e-5)
	}
}
