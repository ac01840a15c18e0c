package main

import (
	"image"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The flags of embed reach the folder: how large images get, and how many are read.
func TestSourceFolder(t *testing.T) {
	t.Setenv("SSLKIT_HOME", t.TempDir())
	dir := t.TempDir()
	for _, name := range []string{"1.png", "2.png", "3.png"} {
		savePNG(t, filepath.Join(dir, name), image.NewGray(image.Rect(0, 0, 1200, 600)))
	}
	for name, text := range map[string]string{"4.png": "broken, but never opened", "notes.txt": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		side, want int
	}{{0, 512}, {100, 100}, {-1, 600}} {
		var heard strings.Builder
		images, err := source{images: dir, limit: 3, shortSide: test.side, upright: true}.load(t.Context(), &heard)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"1.png", "2.png", "3.png"}, images.Files); diff != "" || images.Height != test.want {
			t.Errorf("--short-side %d: height %d, want %d; files (-want +got):\n%s", test.side, images.Height, test.want, diff)
		}
		if !strings.Contains(heard.String(), "left out, for they are no images that can be read: 1 .txt (notes.txt)") {
			t.Errorf("--short-side %d: said %q", test.side, heard.String())
		}
	}
	if _, err := (source{images: dir}).load(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "4.png") {
		t.Errorf("without --limit: error %v, want one about 4.png", err)
	}
}

// A name that is not UTF-8 is refused before anything is embedded, by the same
// words whether images come from files or from the cache.
func TestNamesNotUTF8(t *testing.T) {
	t.Setenv("SSLKIT_HOME", t.TempDir())
	dir := t.TempDir()
	savePNG(t, filepath.Join(dir, "caf\xe9.png"), image.NewGray(image.Rect(0, 0, 3, 3)))
	for _, from := range []string{"files", "cache"} {
		images, err := source{images: dir}.load(t.Context(), io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkNames(images); err == nil || !strings.Contains(err.Error(), `its name "caf\xe9.png" is not UTF-8`) {
			t.Errorf("from %s: error %v", from, err)
		}
	}
}
