package pretrained

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"github.com/gossl/gossl/sslkit/backbone"
)

// torchvisions turns timm's names of a transformer's tensors, behind a dot, into
// torchvision's.
var torchvisions = strings.NewReplacer(
	".cls_token", ".class_token", ".pos_embed", ".encoder.pos_embedding", ".patch_embed.proj.", ".conv_proj.",
	".blocks.", ".encoder.layers.encoder_layer_", ".norm1.", ".ln_1.", ".norm2.", ".ln_2.", ".norm.", ".encoder.ln.",
	".attn.qkv.", ".self_attention.in_proj_", ".attn.proj.", ".self_attention.out_proj.",
	".mlp.fc1.", ".mlp.0.", ".mlp.fc2.", ".mlp.3.",
)

// torchvisionsFirst turns those that have another name in torchvision's first files.
var torchvisionsFirst = strings.NewReplacer(".mlp.0.", ".mlp.linear_1.", ".mlp.3.", ".mlp.linear_2.")

// classTokens are the names of a transformer's first tensor, which are its alone.
var classTokens = []string{"cls_token", "class_token"}

// usualHead is how many numbers of a token each head has in nearly all transformers.
const usualHead = 64

// ofTransformer says how the file spells the names of a transformer.
func (d dict) ofTransformer() dict {
	_, d.torchvision = d.Tensor(d.prefix + "class_token")
	_, d.linear = d.Tensor(d.prefix + "encoder.layers.encoder_layer_0.mlp.linear_1" + weight)
	return d
}

// transformerName is the file's name of a transformer's tensor.
func (d dict) transformerName(ours string) string {
	if !d.torchvision {
		return d.prefix + ours
	}
	name := torchvisions.Replace("." + ours)
	if d.linear {
		name = torchvisionsFirst.Replace(name)
	}
	return d.prefix + name[1:]
}

// dims are those of a tensor that tells sizes, of which want speaks in errors.
func (d dict) dims(ours string, rank int, want string) ([]int, error) {
	name := d.name(ours)
	view, ok := d.Tensor(name)
	if !ok {
		return nil, fmt.Errorf("tensor %s is missing, want it with shape %s: %s", name, want, listing(d.SafeTensors))
	}
	dims := make([]int, len(view.Shape()))
	for i, n := range view.Shape() {
		dims[i] = int(n)
	}
	if len(dims) != rank {
		return nil, fmt.Errorf("tensor %s has shape %v, want %s", name, dims, want)
	}
	return dims, nil
}

// sizes sets what is zero of a transformer to what the tensors tell, and returns notes
// of what they do not tell.
func (d dict) sizes(v *backbone.ViT) (notes []string, err error) {
	const wantPatches, wantPositions, wantMLP = "[width 3 patch patch]", "[1 1+grid·grid width]", "[mlp width]"
	patches, err := d.dims("patch_embed.proj"+weight, 4, wantPatches)
	if err != nil {
		return nil, err
	}
	v.Width, v.Patch = cmp.Or(v.Width, patches[0]), cmp.Or(v.Patch, patches[3])
	if v.Grid == 0 {
		positions, err := d.dims("pos_embed", 3, wantPositions)
		if err != nil {
			return nil, err
		}
		v.Grid = int(math.Round(math.Sqrt(float64(positions[1] - 1))))
		if rows := positions[1]; v.Grid < 1 || rows != 1+v.Grid*v.Grid {
			return nil, fmt.Errorf("tensor %s has shape %v, want %s: a place for the class token, and those of a square of patches",
				d.name("pos_embed"), positions, wantPositions)
		}
	}
	if v.MLP == 0 {
		between, err := d.dims("blocks.0.mlp.fc1"+weight, 2, wantMLP)
		if err != nil {
			return nil, err
		}
		v.MLP = between[0]
	}
	if v.Depth == 0 {
		for known := true; known; {
			if _, known = d.Tensor(d.name(fmt.Sprintf("blocks.%d.norm1%s", v.Depth, weight))); known {
				v.Depth++
			}
		}
	}
	if v.Heads == 0 {
		if v.Heads = v.Width / usualHead; v.Heads < 1 || v.Width%usualHead != 0 {
			return nil, fmt.Errorf("the tensors do not tell how many heads there are, and the width, %d, is no multiple of %d: "+
				"say it, as Heads of the ViT or with `sslkit import --heads`", v.Width, usualHead)
		}
		notes = append(notes, fmt.Sprintf("the tensors do not tell how many heads there are: %d are assumed, of %d numbers each, as usual", v.Heads, usualHead))
	}
	v.Positions, v.Resize, v.Init = cmp.Or(v.Positions, backbone.Learned), cmp.Or(v.Resize, backbone.Antialias), cmp.Or(v.Init, backbone.TimmInit)
	return notes, nil
}
