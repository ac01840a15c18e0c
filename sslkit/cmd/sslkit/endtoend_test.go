package main

import (
	"encoding/json"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// album is a folder of drawings without folders of classes, in which copy.png is 07.png.
func album(t *testing.T, set *dataset.Set) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "album")
	for i := range 40 {
		savePNG(t, filepath.Join(dir, fmt.Sprintf("%02d.png", i)), set.Train.NRGBA(i))
	}
	savePNG(t, filepath.Join(dir, "copy.png"), set.Train.NRGBA(7))
	return dir
}

// From a run to features, and to what one asks of them, as a person does it.
func TestFromRunToAnswers(t *testing.T) {
	kind := testkit.XLA(t).Kind
	t.Setenv("SSLKIT_HOME", t.TempDir())
	r, err := recipe.Shapes("SimCLR")
	if err != nil {
		t.Fatal(err)
	}
	trained := filepath.Join(t.TempDir(), "run")
	r = recipe.Quick(r)
	if _, err := train.Run(t.Context(), r, train.Options{Dir: trained, Device: kind}); err != nil {
		t.Fatal(err)
	}
	set, err := dataset.DrawShapes(3, 41, 0)
	if err != nil {
		t.Fatal(err)
	}
	dir, features := album(t, set), filepath.Join(t.TempDir(), "album.parquet")
	ask := func(args ...string) string {
		t.Helper()
		out, messages, err := run(t, args...)
		if err != nil {
			t.Fatalf("sslkit %s: %v, after it said %q", strings.Join(args, " "), err, messages)
		}
		return out
	}

	same(t, "embed", fmt.Sprintf("%s: %d features of 41 images\n", features, r.Backbone.Features()),
		ask("embed", trained, "--images", dir, "--out", features, "--device", string(kind)))
	found := strings.Fields(ask("search", features, "--query", "07.png", "-k", "1"))
	same(t, "search", "similarity image class file 1.0000 40 copy.png", strings.Join(found, " "))
	other := filepath.Join(t.TempDir(), "other.png")
	savePNG(t, other, set.Train.NRGBA(7))
	found = strings.Fields(ask("search", features, "--query", other, "-k", "2", "--run", trained, "--device", string(kind)))
	same(t, "search of another picture", "similarity image class file 1.0000 7 07.png 1.0000 40 copy.png", strings.Join(found, " "))

	var groups []struct{ Keep, Others any }
	if err := json.Unmarshal([]byte(ask("duplicates", features, "--similarity", "1", "--json")), &groups); err != nil {
		t.Fatal(err)
	}
	if len(groups) != 1 || !strings.Contains(fmt.Sprint(groups), "07.png") || !strings.Contains(fmt.Sprint(groups), "copy.png") {
		t.Errorf("duplicates %v, want 07.png and copy.png", groups)
	}
	if lines := strings.Split(strings.TrimSpace(ask("outliers", features, "-n", "3")), "\n"); len(lines) != 4 {
		t.Errorf("outliers %q, want 3 and the titles", lines)
	}
	drawn := filepath.Join(t.TempDir(), "map.png")
	ask("map", features, "--out", drawn)
	checkPNG(t, drawn)
}

func checkPNG(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if picture, err := png.Decode(file); err != nil || picture.Bounds().Dx() < 600 {
		t.Errorf("%s: %v, error %v", path, picture, err)
	}
}

// A picture of a map has a legend where classes are known.
func TestMapPicture(t *testing.T) {
	few := pets()
	unnamed := pets()
	unnamed.Classes = nil
	unlabelled := pets()
	unlabelled.Classes, unlabelled.Labels = nil, nil
	for name, test := range map[string]struct {
		set  *embedding.Set
		want string
	}{"classes": {few, ">dog<"}, "labels": {unnamed, ">1<"}, "nothing": {unlabelled, ""}} {
		dir := t.TempDir()
		for _, ending := range []string{".png", ".svg"} {
			if out, _, err := run(t, "map", write(t, test.set), "--out", filepath.Join(dir, "map"+ending)); err != nil || out != "" {
				t.Fatalf("%s: printed %q, error %v", name, out, err)
			}
		}
		checkPNG(t, filepath.Join(dir, "map.png"))
		svg, err := os.ReadFile(filepath.Join(dir, "map.svg"))
		if err != nil || !strings.Contains(string(svg), "<svg") || !strings.Contains(string(svg), test.want) {
			t.Errorf("%s: error %v, want a picture with %q", name, err, test.want)
		}
		if test.want == "" && strings.Contains(string(svg), ">dog<") {
			t.Errorf("%s: there are classes", name)
		}
	}
}
