package dataset

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A file alone gives what it gives in a folder.
func TestFile(t *testing.T) {
	ownHome(t)
	dir := writeFiles(t, map[string][]byte{"a/1.png": asPNG(t, 0, 8, 5), "a/2.png": asPNG(t, 1, 5, 8)})
	folder, err := Folder(t.Context(), dir, FolderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range folder.Files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		got, err := File(path)
		if err != nil {
			t.Fatal(err)
		}
		height, width := folder.Size(i)
		want := &Images{
			Pixels: folder.At(i), Labels: []int32{0}, Classes: []string{""}, Height: height, Width: width, Files: []string{path},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestFileErrors(t *testing.T) {
	files, list := corruptFiles(t)
	dir := writeFiles(t, files)
	for _, corrupt := range list {
		path := filepath.Join(dir, filepath.FromSlash(corrupt.Name))
		_, err := File(path)
		if want := "dataset: " + path + ": " + corrupt.Err.Error(); err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
	path := filepath.Join(dir, "no.png")
	if _, err := File(path); !errors.Is(err, fs.ErrNotExist) || strings.Count(err.Error(), path) != 1 {
		t.Errorf("a file that is not there: got error %v", err)
	}
}
