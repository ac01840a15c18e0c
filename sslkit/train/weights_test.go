package train_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/train"
)

// The weights of a run without an epoch are those with which it begins.
func TestWeights(t *testing.T) {
	for _, name := range []string{"SimCLR", "BYOL"} {
		r, dir := quickOf(t, name, 0), t.TempDir()
		run(t, r, dir)
		want, err := train.InitialWeights(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := train.ReadWeights(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range got.Variables.Params() {
			for i := range v.Size() {
				if got, want := got.Params[v.Offset+i], float64(float32(want.Params[v.Offset+i])); got != want {
					t.Fatalf("%s: %s: number %d is %g, want %g", name, v.Path, i, got, want)
				}
			}
		}
		if len(got.Buffers) != len(want.Buffers) || len(got.Buffers) == 0 {
			t.Errorf("%s: %d numbers in buffers, want %d", name, len(got.Buffers), len(want.Buffers))
		}
		if got.Epoch != 0 || got.Step != 0 || got.Problem != nil {
			t.Errorf("%s: epoch %d, step %d, problem %v, want none", name, got.Epoch, got.Step, got.Problem)
		}

		r.Epochs = 1 // a recipe of its own
		dir = t.TempDir()
		result := run(t, r, dir)
		if got, err = train.ReadWeights(dir); err != nil {
			t.Fatal(err)
		}
		if got.Epoch != 1 || cmp.Equal(got.Params, want.Params) {
			t.Errorf("%s: weights of epoch %d, want trained ones of epoch %d", name, got.Epoch, result.Last().Epoch)
		}
	}
}

func TestWeightsOfNoRun(t *testing.T) {
	dir := t.TempDir()
	if _, err := train.ReadWeights(filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "none is no run folder") {
		t.Errorf("error %v, want one about the folder", err)
	}
	r := quick(t, 1)
	r.Batch = 0
	if _, err := train.InitialWeights(r); err == nil || !strings.Contains(err.Error(), "batch is 0") {
		t.Errorf("error %v, want one about the batch", err)
	}
}
