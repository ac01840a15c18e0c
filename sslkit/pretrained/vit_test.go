package pretrained

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/nlpodyssey/safetensors"
)

// transformer is an untrained ViT of a run on images of that size.
func transformer(t *testing.T, size int, positions backbone.Positions) *Model {
	t.Helper()
	r, err := recipe.Shapes("SimCLR")
	if err != nil {
		t.Fatal(err)
	}
	net := backbone.ViT{Patch: 4, Width: 8, Depth: 2, Heads: 2, MLP: 12, Grid: 4, Positions: positions, Resize: backbone.Antialias, Init: backbone.TimmInit}
	r.Backbone = net
	for i := range r.Views {
		r.Views[i].Size = size
	}
	m, err := Untrained(r)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// ONNX files of transformers, computed by loops, give our features, where positions are
// resized, too.
func TestONNXOfViT(t *testing.T) {
	for _, size := range []int{16, 12, 24} {
		for _, positions := range []backbone.Positions{backbone.SineCosine, backbone.Learned} {
			m, images := transformer(t, size, positions), pictures(3, size)
			testkit.NearNorm(t, "features", interpret(t, written(t, m), images), embed(t, m, testkit.Any(t).Kind, images), 1e-5)
		}
	}
}

// A file of ours has timm's names and shapes, and what else timm's has is no part of
// the network. Read again, behind a prefix, it is the same network.
func TestTimmsNames(t *testing.T) {
	m := transformer(t, 16, backbone.Learned)
	dir := t.TempDir()
	ours, theirs := filepath.Join(dir, "ours.safetensors"), filepath.Join(dir, "theirs.safetensors")
	if err := m.WriteSafetensors(ours); err != nil {
		t.Fatal(err)
	}
	file := openFile(t, ours)
	dict := map[string]stored{}
	for _, name := range file.Names() {
		view, _ := file.Tensor(name)
		dict["module."+name] = stored{view.DType(), view.Shape(), view.Data()}
	}
	for name, shape := range map[string][]uint64{
		"module.cls_token": {1, 1, 8}, "module.pos_embed": {1, 17, 8}, "module.patch_embed.proj.weight": {8, 3, 4, 4},
		"module.blocks.1.attn.qkv.weight": {24, 8}, "module.blocks.1.mlp.fc1.weight": {12, 8}, "module.norm.bias": {8},
	} {
		if got, ok := dict[name]; !ok || !slices.Equal(got.shape, shape) {
			t.Errorf("%s has shape %v, want %v", name, got.shape, shape)
		}
	}
	if want := 4 + 12*2 + 2; len(dict) != want {
		t.Errorf("%d tensors, want %d", len(dict), want)
	}
	dict["module.head.weight"] = stored{safetensors.F32, []uint64{2, 8}, make([]byte, 64)}
	data, err := safetensors.Serialize(dict, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(theirs, data, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := ReadStateDict(theirs, m.Network)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Notes) != 1 || !strings.Contains(again.Notes[0], "module.head.weight is left out") {
		t.Errorf("notes %q, want one of the classifier", again.Notes)
	}
	kind, images := testkit.Any(t).Kind, pictures(2, 16)
	testkit.Near(t, "features", embed(t, again, kind, images), embed(t, m, kind, images), 0)
}

// A name of timm's says all of a network.
func TestTimm(t *testing.T) {
	n, err := Timm("vit_small_patch16_224")
	if err != nil {
		t.Fatal(err)
	}
	want := backbone.ViTSmall16()
	want.Positions, want.Init = backbone.Learned, backbone.TimmInit
	if n.Backbone != backbone.Backbone(want) || n.Size != 224 {
		t.Errorf("%+v of size %d, want %+v", n.Backbone, n.Size, want)
	}
	if err := n.Validate(); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"resnet18", "vit_small", "vit_huge_patch14_224", "vit_base_patch0_224", "vit_base_patch15_224", "vit_base_patch16_224.mae"} {
		if _, err := Timm(name); err == nil || !strings.Contains(err.Error(), "vit_SIZE_patchN_N") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
