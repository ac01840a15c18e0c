package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/pretrained"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/nlpodyssey/safetensors"
)

// sslkit runs the program, and returns what it writes.
func sslkit(args ...string) (out, warnings string, err error) {
	var stdout, stderr bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	err = root.Execute()
	return stdout.String(), stderr.String(), err
}

// untrained writes the weights of a network, and returns the file.
func untrained(t *testing.T, net backbone.Backbone) string {
	t.Helper()
	r, err := recipe.Shapes("BYOL")
	if err != nil {
		t.Fatal(err)
	}
	r.Backbone = net
	m, err := pretrained.Untrained(r)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "untrained.safetensors")
	if err := m.WriteSafetensors(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExportAndInfo(t *testing.T) {
	file := untrained(t, backbone.ResNet{Width: 4, Blocks: []int{1, 2}, Splits: 1})
	dir := t.TempDir()
	for _, name := range []string{"model.safetensors", "model.onnx"} {
		path := filepath.Join(dir, name)
		out, _, err := sslkit("export", file, "--out", path)
		if err != nil {
			t.Fatal(err)
		}
		if want := path + ": 2548 parameters, 8 features of images of 32 pixels\n"; out != want {
			t.Errorf("said %q, want %q", out, want)
		}
		if about, err := os.Stat(path); err != nil || about.Size() < 4*2548 {
			t.Errorf("%s: %v, %v", name, about, err)
		}
	}
	out, _, err := sslkit("info", filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ResNet-8 of width 4, blocks [1 2], 3×3 stem, no ReLU behind it", "2548", "32×32 pixels",
		"before training by BYOL on 5000 images of shapes"} {
		if !strings.Contains(out, want) {
			t.Errorf("info says %q, want %q in it", out, want)
		}
	}
}

// stateDict writes the tensors of a weights file without what it says of them, and
// with a classifier's for a ResNet. It returns the file.
func stateDict(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := safetensors.Deserialize(data)
	if err != nil {
		t.Fatal(err)
	}
	plain := map[string]safetensors.TensorView{}
	for _, tensor := range whole.Tensors() {
		if len(tensor.TensorView.Shape()) > 0 { // the library writes no scalars
			plain[tensor.Name] = tensor.TensorView
		}
	}
	if bias, ok := plain["bn1.bias"]; ok {
		plain["fc.bias"] = bias
	}
	if data, err = safetensors.Serialize(plain, nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "dict.safetensors")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A state dict says nothing of itself; imported it can be used as a run.
func TestImport(t *testing.T) {
	dict, model := stateDict(t, untrained(t, backbone.ResNet18Large())), filepath.Join(t.TempDir(), "model.safetensors")
	if _, _, err := sslkit("info", dict); err == nil || !strings.Contains(err.Error(), "sslkit import") {
		t.Errorf("info of a state dict: error %v, want one about import", err)
	}
	_, warnings, err := sslkit("import", dict, "--size", "96", "--mean", "0.5,0.25,0", "--out", model)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(warnings, "fc.bias is left out") {
		t.Errorf("warnings %q, want one about the classifier", warnings)
	}
	out, _, err := sslkit("info", model)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ResNet-18 of width 64", "11176512", "96×96 pixels; mean [0.5 0.25 0]", "of the file dict.safetensors"} {
		if !strings.Contains(out, want) {
			t.Errorf("info says %q, want %q in it", out, want)
		}
	}
	for what, c := range map[string]struct {
		flags []string
		want  string
	}{
		"other network": {[]string{"--as", "resnet34"}, "tensor layer1.2.conv1.weight is missing"},
		"other stem":    {[]string{"--small-stem"}, "tensor conv1.weight has shape [64 3 7 7], want [64 3 3 3]"},
	} {
		if _, _, err := sslkit(append([]string{"import", dict, "--out", model}, c.flags...)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one about %q", what, err, c.want)
		}
	}
}

// The tensors of a transformer tell its sizes, but for its heads.
func TestImportOfTransformer(t *testing.T) {
	net := backbone.ViTTiny()
	net.Positions = backbone.Learned
	dict, dir := stateDict(t, untrained(t, net)), t.TempDir()
	model := filepath.Join(dir, "model.safetensors")
	_, warnings, err := sslkit("import", dict, "--as", "vit", "--out", model)
	if err != nil {
		t.Fatal(err)
	}
	if want := "1 are assumed, of 64 numbers each"; !strings.Contains(warnings, want) {
		t.Errorf("warnings %q, want %q in them", warnings, want)
	}
	if _, warnings, err = sslkit("import", dict, "--as", "vit", "--heads", "4", "--out", model); err != nil || warnings != "" {
		t.Fatalf("error %v, warnings %q", err, warnings)
	}
	out, _, err := sslkit("info", model)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{net.Describe(), "32×32 pixels; mean [0.485 0.456 0.406]"} {
		if !strings.Contains(out, want) {
			t.Errorf("info says %q, want %q in it", out, want)
		}
	}
	if _, _, err = sslkit("import", dict, "--as", "vit", "--heads", "4", "--size", "48", "--out", filepath.Join(dir, "larger.onnx")); err != nil {
		t.Error(err)
	}
	for what, c := range map[string]struct {
		flags []string
		want  string
	}{
		"ResNet":        {nil, "`sslkit import --as vit`"},
		"other network": {[]string{"--as", "vit_tiny_patch16_224"}, "tensor cls_token has shape [1 1 64], want [1 1 192]"},
		"heads":         {[]string{"--as", "vit", "--heads", "5"}, "5 heads"},
		"size":          {[]string{"--as", "vit", "--heads", "4", "--size", "30"}, "size is 30, want a multiple of 4"},
	} {
		if _, _, err := sslkit(append([]string{"import", dict, "--out", model}, c.flags...)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one about %q", what, err, c.want)
		}
	}
}

// Errors name what is wrong and show how it is right.
func TestBadArguments(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"export"}, "0 arguments, want one"},
		{[]string{"export", "a", "b"}, "2 arguments, want one"},
		{[]string{"export", "a"}, "--out is missing"},
		{[]string{"export", "a", "--out", "a.pt"}, "--out a.pt"},
		{[]string{"export", "a", "--ot", "a.onnx"}, "--ot"},
		{[]string{"import", "a"}, "--out is missing"},
		{[]string{"import", "a", "--out", "a.onnx", "--as", "vgg"}, "--as"},
		{[]string{"import", "a", "--out", "a.onnx", "--std", "1,2"}, "--std has 2 numbers"},
		{[]string{"import", "a", "--out", "a.onnx", "--std", "1,0,1"}, "std is [1 0 1]"},
		{[]string{"import", "a", "--out", "a.onnx", "--mean", "123.7,116.3,103.5"}, "of colours from 0 to 255 that is [0.4851 0.4561 0.4059]"},
		{[]string{"import", "a", "--out", "a.onnx", "--size", "big"}, "--size"},
		{[]string{"import", "a", "--out", "a.onnx", "--size", "-8"}, "--size -8: want at least 1"},
		{[]string{"import", "a", "--out", "a.onnx", "--as", "vit_small"}, "vit_SIZE_patchN_N"},
		{[]string{"import", "a", "--out", "a.onnx", "--as", "vit", "--small-stem"}, "--small-stem is for ResNets"},
		{[]string{"import", "a", "--out", "a.onnx", "--as", "vit", "--heads", "-1"}, "--heads -1: want at least 1"},
		{[]string{"import", "a", "--out", "a.onnx", "--heads", "3"}, "--heads 3: want at least 1, and --as vit"},
		{[]string{"info"}, "0 arguments, want one"},
	} {
		_, _, err := sslkit(c.args...)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "for example:\n  sslkit "+c.args[0]) {
			t.Errorf("%q: error %v, want %q and an example", c.args, err, c.want)
		}
	}
}
