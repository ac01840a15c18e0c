package pretrained

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/nlpodyssey/safetensors"
)

// Files whose tensors are not the network's are errors that name the tensor.
func TestWrongTensors(t *testing.T) {
	type views = map[string]safetensors.TensorView
	const name = "layer2.0.bn1.weight"
	set := func(dtype safetensors.DType, shape []uint64, data []byte) func(views) {
		return func(tensors views) {
			view, err := safetensors.NewTensorView(dtype, shape, data)
			if err != nil {
				t.Fatal(err)
			}
			tensors[name] = view
		}
	}
	infinite := make([]byte, 32)
	infinite[2], infinite[3] = 0x80, 0x7f
	for what, c := range map[string]struct {
		edit func(views)
		want []string
	}{
		"missing":    {func(v views) { delete(v, name) }, []string{name, "missing", "[8]"}},
		"shape":      {set(safetensors.F32, []uint64{4, 2}, make([]byte, 32)), []string{name, "[4 2]", "[8]"}},
		"length":     {set(safetensors.F32, []uint64{7}, make([]byte, 28)), []string{name, "[7]", "[8]"}},
		"type":       {set(safetensors.I32, []uint64{8}, make([]byte, 32)), []string{name, "I32", "F32, F64, F16 or BF16"}},
		"not finite": {set(safetensors.F32, []uint64{8}, infinite), []string{name, "not finite"}},
		"unknown":    {func(v views) { v["layer3.0.conv1.weight"] = v[name] }, []string{"layer3.0.conv1.weight", "no part of the network"}},
		"other count": {func(v views) { v["bn9"+batches] = v["bn1"+batches] },
			[]string{"bn9.num_batches_tracked", "no part of the network"}},
	} {
		t.Run(what, func(t *testing.T) {
			path := edited(t, "cifar", nil, c.edit)
			_, err := ReadStateDict(path, references["cifar"])
			wantError(t, err, append(c.want, path)...)
		})
	}
	path := edited(t, "cifar", nil, func(v views) {
		for name := range v {
			if filepath.Ext(name) == batches {
				delete(v, name) // PyTorch 0.4 had none
			}
		}
	})
	if _, err := ReadStateDict(path, references["cifar"]); err != nil {
		t.Errorf("without counts of batches: %v", err)
	}
}

func TestWrongMetadata(t *testing.T) {
	whole, err := (&Model{Network: references["cifar"]}).describe()
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		metadata string
		want     []string
	}{
		"none":          {"", []string{`no "sslkit"`, "sslkit import"}},
		"no JSON":       {"{", []string{`"sslkit"`, "JSON"}},
		"later version": {`{"version": 2}`, []string{"version 2, want 1"}},
		"empty":         {`{"version": 1}`, []string{"backbone is not set"}},
		"endless": {`{"version":1,"backbone":{"width":4,"blocks":[1,1000000000000],"splits":1},"size":16,"std":[1,1,1],"precision":"f32"}`,
			[]string{"tensor layer2.2.conv1.weight is missing"}},
		"huge": {`{"version":1,"backbone":{"width":4611686018427387904,"blocks":[1,2],"splits":1},"size":16,"std":[1,1,1],"precision":"f32"}`,
			[]string{"tensor conv1.weight has shape"}},
		"no size":   {`{"version":1,"backbone":{"width":4,"blocks":[1,2],"splits":1},"std":[1,1,1],"precision":"f32"}`, []string{"size is 0"}},
		"precision": {`{"version":1,"backbone":{"width":4,"blocks":[1,2],"splits":1},"size":1,"std":[1,1,1],"precision":"f8"}`, []string{`"f8"`, `"bf16"`}},
		"splits":    {`{"version":1,"backbone":{"width":4,"blocks":[1,2],"splits":2},"size":1,"std":[1,1,1],"precision":"f32"}`, []string{"splits are 2"}},
	} {
		t.Run(what, func(t *testing.T) {
			meta := map[string]string{metadataKey: c.metadata}
			path := edited(t, "cifar", meta, func(map[string]safetensors.TensorView) {})
			_, err := ReadSafetensors(path)
			wantError(t, err, append(c.want, path)...)
		})
	}
	path := edited(t, "cifar", map[string]string{metadataKey: whole}, func(map[string]safetensors.TensorView) {})
	if _, err := ReadSafetensors(path); err != nil {
		t.Errorf("whole metadata: %v", err)
	}
	_, err = ReadStateDict(path, references["standard"])
	wantError(t, err, path, "ReadSafetensors")
}

func TestLoadOfOtherFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		path string
		want []string
	}{
		{filepath.Join(dir, "none"), []string{"none", "a run folder or a .safetensors file"}},
		{dir, []string{dir, "no run folder", "recipe.json"}},
		{file("new.pth", "PK\x03\x04 and so on"), []string{"new.pth", "PyTorch", "save_file", "torch.load", "'" + filepath.Join(dir, "new.pth") + "'"}},
		{file("old.pt", "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j"), []string{"old.pt", "save_file"}},
		{file("lightning.safetensors", "PK\x03\x04 and so on"), []string{"lightning.safetensors", "PyTorch"}},
		{file("text.pth", "x"), []string{"text.pth", "a run folder or a .safetensors file"}},
		{file("pointer.safetensors", "version https://git-lfs.github.com/spec/v1\n"), []string{"pointer.safetensors", "git lfs pull"}},
		{file("page.safetensors", "<!DOCTYPE html>"), []string{"page.safetensors", "HTML"}},
		{file("model.onnx", "x"), []string{"model.onnx", "a run folder or a .safetensors file"}},
		{file("text.safetensors", "a text that is no such file at all"), []string{"text.safetensors", "no safetensors file"}},
		{file("empty.safetensors", ""), []string{"empty.safetensors", "no safetensors file"}},
	} {
		_, err := Load(c.path)
		wantError(t, err, c.want...)
	}
	_, err := Torchvision("resnet50")
	wantError(t, err, "resnet50", "resnet18 or resnet34")
}

// A model whose fields were changed to another network's is not written.
func TestChangedModels(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model")
	for what, change := range map[string]func(m *Model){
		"width":      func(m *Model) { change(&m.Network, func(net *backbone.ResNet) { net.Width = 8 }) },
		"one more":   func(m *Model) { change(&m.Network, func(net *backbone.ResNet) { net.Blocks = []int{1, 3} }) },
		"one less":   func(m *Model) { change(&m.Network, func(net *backbone.ResNet) { net.Blocks = []int{1, 1} }) },
		"no weights": func(m *Model) { m.tensors = nil },
		"zero":       func(m *Model) { *m = Model{} },
	} {
		m := reference(t, "cifar")
		change(m)
		for _, write := range []func(string) error{m.WriteSafetensors, m.WriteONNX} {
			if err := write(path); err == nil {
				t.Errorf("%s: a model that cannot be was written", what)
			}
		}
		if _, err := m.Embed(t.Context(), "go", pictures(1, 16)); err == nil {
			t.Errorf("%s: a model that cannot be embeds images", what)
		}
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("there is a file: %v", err)
	}
	wantError(t, reference(t, "cifar").WriteONNX(filepath.Join(path, "no", "folder.onnx")), "folder.onnx")
}
