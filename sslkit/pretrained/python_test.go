package pretrained

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/nlpodyssey/safetensors"
)

// script runs testdata/reference.py with the Python that SSLKIT_TEST_PYTHON names, by
// default python3. It skips the test where that or a module is missing.
func script(t *testing.T, args ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("Python takes seconds to import its modules, which -short leaves out")
	}
	python := os.Getenv("SSLKIT_TEST_PYTHON")
	if python == "" {
		python = "python3"
	}
	out, err := exec.Command(python, append([]string{filepath.Join("testdata", "reference.py")}, args...)...).CombinedOutput()
	var status *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.As(err, &status) && status.ExitCode() == 3:
		t.Skipf("needs a Python with torch, torchvision, safetensors, onnx and onnxruntime, for some tests timm, in SSLKIT_TEST_PYTHON: %s: %v: %s", python, err, out)
	case err != nil:
		t.Fatalf("reference.py %s: %v\n%s", args, err, out)
	}
}

// A task is a file with which images are to be embedded.
type task struct {
	file   string
	images *dataset.Images
	want   []float64 // features
}

// check embeds the images of all tasks with a command of the script.
func check(t *testing.T, tolerance float64, tasks map[string]task, command ...string) {
	t.Helper()
	for name, features := range outcomes(t, tasks, command...) {
		testkit.NearNorm(t, name, features, tasks[name].want, tolerance)
	}
}

// outcomes are the features that a command of the script computes for each task.
func outcomes(t *testing.T, tasks map[string]task, command ...string) map[string][]float64 {
	t.Helper()
	dir, args := t.TempDir(), command
	for name, task := range tasks {
		m := task.images
		shape := []uint64{uint64(m.Len()), uint64(m.Height), uint64(m.Width), 3}
		data, err := safetensors.Serialize(map[string]stored{"images": {safetensors.U8, shape, m.Pixels}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		images := filepath.Join(dir, name+".images")
		if err := os.WriteFile(images, data, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, task.file, images, filepath.Join(dir, name))
	}
	script(t, args...)
	features := map[string][]float64{}
	for name := range tasks {
		features[name] = doubles(t, openFile(t, filepath.Join(dir, name)), "features")
	}
	return features
}

// models are networks of all forms.
func models(t *testing.T) map[string]*Model {
	t.Helper()
	all := map[string]*Model{"final conv": withFinalConv(t)}
	for name := range references {
		all[name] = reference(t, name)
	}
	r, err := recipe.Shapes("MoCo")
	if err != nil {
		t.Fatal(err)
	}
	r.Backbone = backbone.ResNet18Large()
	for i := range r.Views {
		r.Views[i].Size = 64
	}
	if all["ResNet18Large"], err = Untrained(r); err != nil {
		t.Fatal(err)
	}
	return all
}

// torchvision's networks take our files and compute our features.
func TestTorchvisionReadsOurFiles(t *testing.T) {
	script(t) // skips at once where something is missing
	kind, tasks, dir := testkit.XLA(t).Kind, map[string]task{}, t.TempDir()
	for name, m := range models(t) {
		file, images := filepath.Join(dir, name), pictures(3, m.Size)
		if err := m.WriteSafetensors(file); err != nil {
			t.Fatal(err)
		}
		tasks[name] = task{file, images, embed(t, m, kind, images)}
	}
	for name := range references { // what testdata has is still PyTorch's
		images, want := referenceFeatures(t, name)
		tasks["testdata "+name] = task{tasks[name].file, images, want}
	}
	check(t, 1e-4, tasks, "features")
}

// ONNX Runtime checks our files and computes our features, for batches of two lengths.
func TestONNXRuntimeReadsOurFiles(t *testing.T) {
	script(t) // skips at once where something is missing
	kind, tasks, dir := testkit.XLA(t).Kind, map[string]task{}, t.TempDir()
	all := models(t)
	all["ViT"], all["larger ViT"] = transformer(t, 16, backbone.SineCosine), transformer(t, 24, backbone.Learned)
	for name, m := range all {
		file, images := filepath.Join(dir, name+".onnx"), pictures(3, m.Size)
		if err := m.WriteONNX(file); err != nil {
			t.Fatal(err)
		}
		tasks[name] = task{file, images, embed(t, m, kind, images)}
	}
	check(t, 1e-4, tasks, "onnx")
}

// We take torchvision's state dicts, at full size, and compute its features.
func TestOursReadTorchvisionsFiles(t *testing.T) {
	kind, dir := testkit.XLA(t).Kind, t.TempDir()
	file, file34 := filepath.Join(dir, "resnet18.safetensors"), filepath.Join(dir, "resnet34.safetensors")
	script(t, "statedict", "resnet18", file, "resnet34", file34)
	n, err := Torchvision("resnet18")
	if err != nil {
		t.Fatal(err)
	}
	m, err := ReadStateDict(file, n)
	if err != nil {
		t.Fatal(err)
	}
	if want := 11_689_512 - 513_000; m.Parameters() != want { // resnet18's without those of fc
		t.Errorf("%d parameters, want %d", m.Parameters(), want)
	}
	images := pictures(2, m.Size)
	check(t, 1e-4, map[string]task{"resnet18": {file, images, embed(t, m, kind, images)}}, "features")

	_, err = ReadStateDict(file34, n)
	wantError(t, err, "layer1.2.", "no part of the network")
	if n, err = Torchvision("resnet34"); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadStateDict(file34, n); err != nil {
		t.Error(err)
	}
}
