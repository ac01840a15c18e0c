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
func untrained(t *testing.T, net backbone.ResNet) string {
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

// A state dict says nothing of itself; imported it can be used as a run.
func TestImport(t *testing.T) {
	net := backbone.ResNet18Large()
	data, err := os.ReadFile(untrained(t, net))
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
	plain["fc.bias"] = plain["bn1.bias"]
	if data, err = safetensors.Serialize(plain, nil); err != nil {
		t.Fatal(err)
	}
	dict, model := filepath.Join(t.TempDir(), "dict.safetensors"), filepath.Join(t.TempDir(), "model.safetensors")
	if err := os.WriteFile(dict, data, 0o600); err != nil {
		t.Fatal(err)
	}
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
		{[]string{"info"}, "0 arguments, want one"},
	} {
		_, _, err := sslkit(c.args...)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "for example:\n  sslkit "+c.args[0]) {
			t.Errorf("%q: error %v, want %q and an example", c.args, err, c.want)
		}
	}
}
