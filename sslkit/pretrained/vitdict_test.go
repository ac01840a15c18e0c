package pretrained

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/nlpodyssey/safetensors"
)

// readChanged reads a file of the model, whose tensors were changed, as a state dict of
// the network.
func readChanged(t *testing.T, m *Model, n Network, change func(all map[string]stored)) (*Model, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := m.WriteSafetensors(path); err != nil {
		t.Fatal(err)
	}
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
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return ReadStateDict(path, n)
}

// Of a transformer the tensors tell all sizes but the heads, whatever its names.
func TestSizesOfTransformer(t *testing.T) {
	m := transformer(t, 16, backbone.Learned)
	n := m.Network
	n.Backbone, n.Size = backbone.ViT{Heads: 2}, 0
	torchvisions := dict{prefix: "vit.", tokens: true, torchvision: true}
	for what, names := range map[string]func(string) string{
		"timm's": func(name string) string { return "student." + name }, "torchvision's": torchvisions.name,
	} {
		got, err := readChanged(t, m, n, func(all map[string]stored) {
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
}

// What the tensors of a transformer cannot be is an error that names one.
func TestWrongTransformers(t *testing.T) {
	m := transformer(t, 16, backbone.Learned)
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
		_, err := readChanged(t, m, unknownViT(2), c.change)
		t.Run(what, func(t *testing.T) { wantError(t, err, c.want...) })
	}
	same := func(map[string]stored) {}
	_, err := readChanged(t, m, unknownViT(0), same)
	wantError(t, err, "how many heads", "8", "--heads")
	_, err = readChanged(t, m, references["cifar"], same)
	wantError(t, err, "tensor conv1.weight is missing", "--as vit")
}
