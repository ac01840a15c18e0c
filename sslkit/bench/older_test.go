package bench

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// What an older version has kept of a changed recipe has another digest in its name,
// because recipes were written in another form. It is found by its recipe, and what
// is of another recipe is left alone.
func TestOlderNamesAreFound(t *testing.T) {
	r, err := recipe.CIFAR10("SimCLR")
	if err != nil {
		t.Fatal(err)
	}
	r.LR.From *= 2
	other := r
	other.LR.From *= 2
	prefix, told := name(r)
	if told {
		t.Fatalf("%s tells all", prefix)
	}
	dir := t.TempDir()
	for digest, kept := range map[string]recipe.Recipe{"00000000": other, "00000001": r} {
		folder := filepath.Join(dir, "runs", prefix+"-"+digest)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		writeJSON(t, filepath.Join(folder, "recipe.json"), kept)
	}
	if got, want := runFolder(dir, r), filepath.Join(dir, "runs", prefix+"-00000001"); got != want {
		t.Errorf("the run goes on in %s, want %s", got, want)
	}
	unknown := r
	unknown.LR.From *= 3
	if got, want := runFolder(dir, unknown), filepath.Join(dir, "runs", ID(unknown)); got != want {
		t.Errorf("a new run is kept in %s, want %s", got, want)
	}

	record := Record{Result: train.Result{Recipe: r, Epochs: []train.Epoch{{Epoch: r.Epochs}}}, Best: 0.9}
	writeJSON(t, filepath.Join(dir, prefix+"-00000002.json"), record)
	got, ok, err := finished(dir, r)
	if err != nil || !ok || got.Best != record.Best {
		t.Errorf("the record: %v, %t, best %g, want that of the older name", err, ok, got.Best)
	}
	if _, ok, err := finished(dir, other); err != nil || ok {
		t.Errorf("a recipe without a record has one: %v", err)
	}
}

func writeJSON(t *testing.T, path string, v any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}
