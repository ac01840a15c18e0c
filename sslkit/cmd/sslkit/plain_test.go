package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gossl/gossl/internal/place"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/embedding"
)

// A query means one thing; where it could mean two, one is told.
func TestQueryIsPlain(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"dog/1.jpg", "2.jpg", "3", "new.jpg"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		q     query
		image int
		says  string // the note or the error
	}{
		{query{what: "cat/3.jpg"}, 2, ""},
		{query{what: "cat/3.jpg", run: "r"}, 2, ""},
		{query{what: "dog/1.jpg"}, 3, "the image of that name in the features; with --run it is the file"},
		{query{what: "./dog/1.jpg", run: "r"}, -1, "is the file on the disk; the image of that name in the features is --query 3"},
		{query{what: "dog/1.jpg", run: "r", images: "."}, 3, ""},
		{query{what: "2.jpg"}, 0, "is a file on the disk, which takes --run to embed; the image dog/old/2.jpg in the features is --query 4"},
		{query{what: "2.jpg", run: "r"}, -1, "is the file on the disk; the image dog/old/2.jpg in the features is --query 4"},
		{query{what: "old/2.jpg", run: "r"}, 4, ""},
		{query{what: "new.jpg", run: "r"}, -1, ""},
		{query{what: "3"}, 3, "row 3; the file on the disk is ./3"},
		{query{what: "./3", run: "r"}, -1, ""},
		{query{what: "4"}, 4, ""},
	} {
		image, note, err := test.q.find(pets())
		if err != nil {
			note = err.Error()
		}
		if image != test.image || !strings.Contains(note, test.says) || (note == "") != (test.says == "") {
			t.Errorf("%+v: image %d, %q, want %d and %q", test.q, image, note, test.image, test.says)
		}
	}
}

// A folder that is called like a data set is that folder, and one is told.
func TestFolderCalledLikeASet(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("SSLKIT_HOME", t.TempDir())
	set, err := dataset.DrawShapes(1, 2, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.png", "b.png"} {
		savePNG(t, filepath.Join("shapes", name), set.Train.NRGBA(0))
	}
	for _, test := range []struct {
		from source
		want int
		says string
	}{
		{source{images: "shapes"}, 2, "is the folder of that name here; the data set has splits"},
		{source{images: "shapes", unlabelled: true}, 2, "is the folder"},
		{source{images: "./shapes"}, 2, "no folders of classes"},
		{source{images: "shapes", split: "test", limit: 7}, 7, "is the data set"},
	} {
		var said bytes.Buffer
		if err := test.from.check(); err != nil {
			t.Fatal(err)
		}
		images, err := test.from.load(t.Context(), &said)
		if err != nil || images.Len() != test.want || !strings.Contains(said.String(), test.says) {
			t.Errorf("%+v: %v, error %v, said %q; want %d images and %q", test.from, images, err, said.String(), test.want, test.says)
		}
	}
}

// A ~ that the shell leaves is the user's folder, in flags and arguments.
func TestHomeInPaths(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Chdir(t.TempDir())
	model := untrained(t, backbone.ResNet{Width: 4, Blocks: []int{1}, Splits: 1})
	if err := os.Rename(model, filepath.Join(home, "model.safetensors")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := run(t, "export", "~/model.safetensors", "--out=~/model.onnx"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(home, "model.onnx")); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("the working directory holds %v, error %v", left, err)
	}
	for path, want := range map[string]string{"~": home, "~/a": home + "/a", "~other/a": "~other/a", "a/~/b": "a/~/b", "": ""} {
		if got := place.WithHome(path); got != want {
			t.Errorf("%q is %q, want %q", path, got, want)
		}
	}
}

// Where few images are left, one is told how many neighbours count.
func TestFewOutliers(t *testing.T) {
	s := &embedding.Set{Features: []float32{1, 0, 0, 1, 1, 1}, Dim: 2}
	if _, messages, err := run(t, "outliers", write(t, s)); err != nil || !strings.Contains(messages, "-k 10: there are 2 other images") {
		t.Errorf("said %q, error %v", messages, err)
	}
	if _, messages, err := run(t, "outliers", write(t, s), "-k", "2"); err != nil || messages != "" {
		t.Errorf("said %q, error %v", messages, err)
	}
}
