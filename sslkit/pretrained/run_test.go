package pretrained

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

func quick(t testing.TB, name string) recipe.Recipe {
	t.Helper()
	r, err := recipe.Shapes(name)
	if err != nil {
		t.Fatal(err)
	}
	r = recipe.Quick(r)
	r.Backbone = backbone.Tiny().Sized(4, 1, 1)
	return r
}

// split is the network of quick with that many splits.
func split(splits int) backbone.ResNet {
	net := backbone.Tiny().Sized(4, 1, 1)
	net.Splits = splits
	return net
}

func run(t *testing.T, r recipe.Recipe) (dir string, result *train.Result) {
	t.Helper()
	dir = t.TempDir()
	result, err := train.Run(context.Background(), r, train.Options{Dir: dir, Device: testkit.XLA(t).Kind})
	if err != nil {
		t.Fatal(err)
	}
	return dir, result
}

// knn is the kNN accuracy of features.
func knn(t *testing.T, r recipe.Recipe, bank, queries *embedding.Set) float64 {
	t.Helper()
	classifier, err := r.Eval.NewClassifier(testkit.XLA(t), len(bank.Classes))
	if err != nil {
		t.Fatal(err)
	}
	matrix := func(s *embedding.Set) *tensors.Tensor {
		return tensors.FromFlatDataAndDimensions(s.Features, s.Len(), s.Dim)
	}
	predictions, err := classifier.Predict(context.Background(), matrix(queries), matrix(bank),
		tensors.FromFlatDataAndDimensions(bank.Labels, bank.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return eval.Accuracy(predictions, queries.Labels)
}

// The features of a run's backbone have the kNN accuracy that the run had, with
// split batch norm, too, and after a way through a file.
func TestRunsAccuracy(t *testing.T) {
	for _, name := range []string{"SimCLR", "MoCo"} {
		t.Run(name, func(t *testing.T) {
			r := quick(t, name)
			if name == "MoCo" {
				r.Backbone = split(4)
			}
			dir, result := run(t, r)
			trained, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			want := Origin{Recipe: name, Method: name, Data: "shapes", Images: 256, Epochs: 1}
			if diff := cmp.Diff(want, trained.Origin); diff != "" || len(trained.Notes) > 0 {
				t.Errorf("notes %v, origin (-want +got):\n%s", trained.Notes, diff)
			}
			file := filepath.Join(t.TempDir(), "model.safetensors")
			if err := trained.WriteSafetensors(file); err != nil {
				t.Fatal(err)
			}
			if trained, err = Load(file); err != nil {
				t.Fatal(err)
			}
			untrained, err := Untrained(r)
			if err != nil {
				t.Fatal(err)
			}
			checkAccuracy(t, r, trained, result.Last().KNN)
			checkAccuracy(t, r, untrained, result.Untrained())
		})
	}
}

func checkAccuracy(t *testing.T, r recipe.Recipe, m *Model, want float64) {
	t.Helper()
	data, err := dataset.Load(context.Background(), r.Data, r.TrainImages, r.TestImages, nil)
	if err != nil {
		t.Fatal(err)
	}
	var sets []*embedding.Set
	for _, images := range []*dataset.Images{data.Train, data.Test} {
		set, err := m.Embed(context.Background(), testkit.XLA(t).Kind, images)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(images.Labels, set.Labels); diff != "" || len(set.Classes) != 10 || set.Len() != images.Len() {
			t.Errorf("%d features of %d classes, labels (-want +got):\n%s", set.Len(), len(set.Classes), diff)
		}
		sets = append(sets, set)
	}
	if got := knn(t, r, sets[0], sets[1]); got != want {
		t.Errorf("kNN accuracy is %g, the run had %g", got, want)
	}
}

// A damaged checkpoint costs an epoch, and the folder stays as it is.
func TestDamagedCheckpoint(t *testing.T) {
	r := quick(t, "SimCLR")
	dir, _ := run(t, r)
	path := filepath.Join(dir, "checkpoint.safetensors")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := append([]byte(nil), whole...)
	damaged[len(damaged)/2] ^= 0x10
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(m.Notes, "\n"); !strings.Contains(notes, path) || !strings.Contains(notes, "of epoch 0") || m.Origin.Epochs != 0 {
		t.Errorf("epoch %d, notes %q, want those of the checkpoint before the damaged one", m.Origin.Epochs, notes)
	}
	untrained, err := Untrained(r)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(untrained.tensors, m.tensors, cmp.AllowUnexported(tensor{})); diff != "" {
		t.Errorf("the checkpoint of epoch 0 differs from the network before training:\n%s", diff)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != string(damaged) {
		t.Errorf("the damaged checkpoint is no longer there: %v", err)
	}

	previous := filepath.Join(dir, "checkpoint.previous.safetensors")
	if err := os.WriteFile(previous, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Open(dir)
	wantError(t, err, path, "damaged checkpoint")
	if err := errors.Join(os.Remove(path), os.Remove(previous)); err != nil {
		t.Fatal(err)
	}
	_, err = Open(dir)
	wantError(t, err, dir, "no checkpoint.safetensors")
}

func TestUntrainedWantsAValidRecipe(t *testing.T) {
	r := quick(t, "SimCLR")
	r.Backbone = backbone.Tiny().Sized(0)
	_, err := Untrained(r)
	wantError(t, err, "width 0")
}

func TestEmbedStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m := reference(t, "cifar")
	if _, err := m.Embed(ctx, device.Go, pictures(2, 16)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
	_, err := m.Embed(context.Background(), device.Go, &dataset.Images{})
	wantError(t, err, "no images")
	_, err = m.Embed(context.Background(), "abacus", pictures(2, 16))
	wantError(t, err, "abacus")
}

// Of images that are wider the central square is embedded, in bf16, too.
func TestEmbedCuts(t *testing.T) {
	m := reference(t, "standard")
	kind := testkit.Any(t).Kind
	images := pictures(2, 16)
	want := embed(t, m, kind, images)
	wide := &dataset.Images{Height: 16, Width: 24, Labels: images.Labels, Files: []string{"a.png", "b.png"}}
	for row := range 2 * 16 {
		wide.Pixels = append(wide.Pixels, make([]uint8, 3*4)...)
		wide.Pixels = append(wide.Pixels, images.Pixels[3*16*row:3*16*(row+1)]...)
		wide.Pixels = append(wide.Pixels, make([]uint8, 3*4)...)
	}
	set, err := m.Embed(context.Background(), kind, wide)
	if err != nil {
		t.Fatal(err)
	}
	testkit.NearNorm(t, "features of the central squares", widen(set.Features), want, 1e-6)
	if set.Labels != nil || set.Classes != nil {
		t.Errorf("labels %v without classes, want none", set.Labels)
	}
	if diff := cmp.Diff(wide.Files, set.Files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	m.Precision = device.BF16
	testkit.NearNorm(t, "bf16", embed(t, m, testkit.XLA(t).Kind, images), want, 0.02)
}

// The backbone of a run is read whatever its method is.
func TestRunOfAnUnknownMethod(t *testing.T) {
	r := quick(t, "BYOL")
	r.Backbone = split(2)
	dir, _ := run(t, r)
	want, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "recipe.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), `"BYOL": {`, `"Mine": {"depth": 3,`, 1))
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	want.Origin.Method = "Mine"
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Model{}, tensor{})); diff != "" {
		t.Errorf("the model (-want +got):\n%s", diff)
	}
	if _, err := train.Open(dir); err == nil || !strings.Contains(err.Error(), `unknown method "Mine"`) {
		t.Errorf("error %v, want one about the method", err)
	}
	path = filepath.Join(dir, "checkpoint.safetensors")
	damaged, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged[len(damaged)-1] ^= 1 // of a tensor that is not the backbone's
	if err := os.WriteFile(path, damaged, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err = Load(dir); err != nil || len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "checksum") || got.Origin.Epochs != 0 {
		t.Errorf("of a damaged checkpoint: %+v, error %v, want the one before it", got, err)
	}
}
