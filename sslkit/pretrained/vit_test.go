package pretrained

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// Of a transformer the tensors tell all sizes but the heads, whatever its names; what
// they cannot be is an error that names the tensor.
func TestSizesOfTransformer(t *testing.T) {
	m := transformer(t, 16, backbone.Learned)
	path := filepath.Join(t.TempDir(), "ours.safetensors")
	if err := m.WriteSafetensors(path); err != nil {
		t.Fatal(err)
	}
	unknown := m.Network
	unknown.Backbone, unknown.Size = backbone.ViT{Heads: 2}, 0
	read := func(n Network, change func(all map[string]stored)) (*Model, error) {
		t.Helper()
		file, all := openFile(t, path), map[string]stored{}
		for _, name := range file.Names() {
			view, _ := file.Tensor(name)
			all[name] = stored{view.DType(), view.Shape(), view.Data()}
		}
		change(all)
		data, err := safetensors.Serialize(all, nil)
		if err != nil {
			t.Fatal(err)
		}
		other := filepath.Join(t.TempDir(), "other.safetensors")
		if err := os.WriteFile(other, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return ReadStateDict(other, n)
	}
	torchvisions := dict{prefix: "vit.", tokens: true, torchvision: true}
	for what, names := range map[string]func(string) string{
		"timm's": func(name string) string { return "student." + name }, "torchvision's": torchvisions.name,
	} {
		got, err := read(unknown, func(all map[string]stored) {
			for name, view := range maps.Clone(all) {
				delete(all, name)
				all[names(name)] = view
			}
		})
		if err != nil {
			t.Errorf("%s names: %v", what, err)
			continue
		}
		if diff := cmp.Diff(m.tensors, got.tensors, cmp.AllowUnexported(tensor{})); diff != "" || got.Network != m.Network || len(got.Notes) > 0 {
			t.Errorf("%s names: network %+v, notes %q, tensors (-want +got):\n%s", what, got.Network, got.Notes, diff)
		}
	}
	without := func(name string) func(map[string]stored) {
		return func(all map[string]stored) { delete(all, name) }
	}
	add := func(name string) func(map[string]stored) {
		return func(all map[string]stored) { all[name] = all["norm.bias"] }
	}
	for what, c := range map[string]struct {
		change func(map[string]stored)
		want   []string
	}{
		"no patches":         {without("patch_embed.proj.weight"), []string{"tensor patch_embed.proj.weight is missing", "[width 3 patch patch]"}},
		"patches of another": {func(all map[string]stored) { all["patch_embed.proj.weight"] = all["norm.bias"] }, []string{"patch_embed.proj.weight has shape [8]"}},
		"no positions":       {without("pos_embed"), []string{"tensor pos_embed is missing"}},
		"no square": {func(all map[string]stored) {
			p := all["pos_embed"]
			all["pos_embed"] = stored{p.dtype, []uint64{1, 16, 8}, p.data[:len(p.data)-32]}
		}, []string{"pos_embed has shape [1 16 8]", "a square of patches"}},
		"no blocks":    {without("blocks.0.mlp.fc1.weight"), []string{"blocks.0.mlp.fc1.weight is missing"}},
		"part missing": {without("blocks.1.attn.proj.bias"), []string{"blocks.1.attn.proj.bias is missing"}},
		"scaled":       {add("blocks.0.ls1.gamma"), []string{"blocks.0.ls1.gamma belongs to no part", "scaled layers"}},
		"registers":    {add("reg_token"), []string{"reg_token belongs to no part", "other tokens"}},
		"pooled": {func(all map[string]stored) {
			all["fc_norm.weight"], all["fc_norm.bias"] = all["norm.weight"], all["norm.bias"]
			delete(all, "norm.weight")
			delete(all, "norm.bias")
		}, []string{"norm.weight is missing", "the mean of its patches"}},
	} {
		_, err := read(unknown, c.change)
		t.Run(what, func(t *testing.T) { wantError(t, err, c.want...) })
	}
	unknown.Backbone = backbone.ViT{}
	_, err := read(unknown, func(map[string]stored) {})
	wantError(t, err, "how many heads", "8", "--heads")
	_, err = read(references["cifar"], func(map[string]stored) {})
	wantError(t, err, "tensor conv1.weight is missing", "--as vit")
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
