package pretrained

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// The features that are read from a run of a method which is evaluated at its target are
// those of its evaluation, from the folder and from a file, and by a program that knows
// neither the method nor its optimizer.
func TestRunsTarget(t *testing.T) {
	for _, name := range []string{"MSN", "PMSN"} {
		r, err := recipe.Shapes(name)
		if err != nil {
			t.Fatal(err)
		}
		r = recipe.Quick(r)
		r.TrainImages, r.TestImages, r.Batch, r.Eval.K = 32, 20, 16, 5
		net := r.Backbone.(backbone.ViT)
		net.Positions = backbone.Learned
		r.Backbone = net
		dir := t.TempDir()
		if _, err := train.Run(t.Context(), r, train.Options{Dir: dir, Device: device.Go}); err != nil {
			t.Fatal(err)
		}
		want, online := evaluation(t, dir, r.Method), evaluation(t, dir, nil)
		if cmp.Equal(want, online) {
			t.Fatalf("%s: the target has the features of the trained network", name)
		}
		check := func(what, path string) *Model {
			m, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			testkit.Near(t, name+": features of "+what, embed(t, m, device.Go, pictures(4, 32)), want, 1e-6)
			return m
		}
		file := filepath.Join(t.TempDir(), "model.safetensors")
		if err := check("the folder", dir).WriteSafetensors(file); err != nil {
			t.Fatal(err)
		}
		check("the file", file)
		for _, known := range []string{"AdamW", name} { // from now on it is unknown
			path := filepath.Join(dir, "recipe.json")
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			other := strings.Replace(string(text), `"`+known+`": {`, `"Mine": {`, 1)
			if other == string(text) {
				t.Fatalf("the recipe has no %s", known)
			}
			if err := os.WriteFile(path, []byte(other), 0o644); err != nil {
				t.Fatal(err)
			}
			check("the folder without "+known, dir)
		}
	}
}

// evaluation is what a run's evaluation makes of images, of the target or, without a
// method, of the trained network.
func evaluation(t *testing.T, dir string, m method.Method) []float64 {
	t.Helper()
	w, err := train.ReadWeights(dir)
	if err != nil {
		t.Fatal(err)
	}
	d, view := testkit.Open(t, device.Go), w.Recipe.EvalView()
	embedder, err := train.NewEmbedder(d, w.Variables, m, w.Recipe.Backbone, view, w.Recipe.Precision)
	if err != nil {
		t.Fatal(err)
	}
	defer embedder.Free()
	images, err := feed.OpenFor(d, pictures(4, 32), feed.Streamed, view.Size)
	if err != nil {
		t.Fatal(err)
	}
	defer images.Free()
	flat := func(values []float64) *tensors.Tensor { return testkit.Tensor(dtypes.Float32, values, len(values)) }
	features, err := embedder.Embed(t.Context(), flat(w.Params), flat(w.Buffers), images)
	if err != nil {
		t.Fatal(err)
	}
	return testkit.Values(t, features)
}
