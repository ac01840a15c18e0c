package dataset

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// linkAll makes symbolic links in a folder.
func linkAll(t *testing.T, dir string, links map[string]string) {
	t.Helper()
	for link, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
}

// Links lead up, to themselves, to each other and twice to one place: each image
// of a class comes once, and nothing from beside the folder.
func TestFolderLinksInCircles(t *testing.T) {
	ownHome(t)
	above := writeFiles(t, map[string][]byte{
		"beside/9.png": asPNG(t, 9, 3, 3), "dir/a/1.png": asPNG(t, 0, 3, 3), "dir/a/deep/2.png": asPNG(t, 1, 3, 3), "dir/b/1.png": asPNG(t, 2, 3, 3),
	})
	dir := filepath.Join(above, "dir")
	linkAll(t, dir, map[string]string{
		"a/0_up": "..", "a/far_up": "../..", "a/deep/again": "..", "a/0_deep": "deep", "a/deep/b": "../../b", "b/a": "../a", "c": ".",
	})
	for unlabelled, want := range map[bool][]string{
		false: {"a/1.png", "b/1.png", "a/deep/2.png", "b/a/1.png", "a/deep/b/1.png", "b/a/deep/2.png"},
		true:  {"a/1.png", "a/deep/2.png", "b/1.png"},
	} {
		var heard string
		images, err := Folder(t.Context(), dir, FolderOptions{Unlabelled: unlabelled, Warn: func(text string) { heard += text }})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, images.Files); diff != "" {
			t.Errorf("unlabelled %t: files (-want +got):\n%s", unlabelled, diff)
		}
		if !strings.Contains(heard, "links to folders around it (") {
			t.Errorf("unlabelled %t: warned %q, want links to folders around it", unlabelled, heard)
		}
	}
}

// A great many ways lead through folders that all link to each other.
func TestFolderManyWays(t *testing.T) {
	ownHome(t)
	files, links := map[string][]byte{}, map[string]string{}
	for i := range 12 {
		name := string(rune('a' + i))
		files["c/"+name+"/1.png"] = asPNG(t, i, 2, 2)
		for j := range 12 {
			if j != i {
				links["c/"+name+"/to_"+string(rune('a'+j))] = "../" + string(rune('a'+j))
			}
		}
	}
	dir := writeFiles(t, files)
	linkAll(t, dir, links)
	images, err := Folder(t.Context(), dir, FolderOptions{})
	if err != nil || images.Len() != 12 {
		t.Fatalf("%d images, error %v, want 12", images.Len(), err)
	}
}

// Links that lead nowhere count as corrupt files, but for those to files that
// would be no images.
func TestFolderLostLinks(t *testing.T) {
	ownHome(t)
	dir := writeFiles(t, map[string][]byte{"a/1.png": asPNG(t, 0, 3, 3), "b/1.png": asPNG(t, 1, 3, 3)})
	linkAll(t, dir, map[string]string{"a/gone.jpg": "../nowhere.jpg", "a/self.png": "self.png", "cats": "/nowhere/cats", "b/notes.txt": "nowhere.txt"})
	opts := FolderOptions{Warn: func(text string) {
		if !strings.HasSuffix(text, "1 .txt (b/notes.txt)") {
			t.Errorf("warned %q", text)
		}
	}}
	_, err := Folder(t.Context(), dir, opts)
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || corrupt.Total != 5 || len(corrupt.Files) != 3 {
		t.Fatalf("got error %v, want a CorruptError with 3 of 5 files", err)
	}
	for _, want := range []string{
		"a/gone.jpg: a link to ../nowhere.jpg, which is not there", "a/self.png: a link that leads to itself", "cats: a link to /nowhere/cats, which is not there",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
	opts.SkipCorrupt = true
	for _, from := range []string{"files", "cache"} {
		images, err := Folder(t.Context(), dir, opts)
		if err != nil || images.Len() != 2 || !slices.Equal(images.Skipped, []string{"a/gone.jpg", "a/self.png", "cats"}) {
			t.Errorf("from %s: %+v, error %v", from, images, err)
		}
	}
	// Once the link leads somewhere, the image is there.
	if err := os.WriteFile(filepath.Join(dir, "nowhere.jpg"), asPNG(t, 5, 3, 3), 0o644); err != nil {
		t.Fatal(err)
	}
	opts.Warn = func(string) {}
	if images, err := Folder(t.Context(), dir, opts); err != nil || !slices.Contains(images.Files, "a/gone.jpg") {
		t.Errorf("after it came: %+v, error %v", images, err)
	}
}

// Names are bytes: they come back from the cache as they were.
func TestFolderNamesNotUTF8(t *testing.T) {
	ownHome(t)
	const class, name, bad = "caf\xe9", "caf\xe9/\xff\xfe.png", "b/\xf0.png"
	dir := filepath.Join(t.TempDir(), "d\xef")
	for path, data := range map[string][]byte{name: asPNG(t, 0, 3, 3), "b/1.png": asPNG(t, 1, 3, 3), bad: []byte("broken")} {
		path = filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
			t.Skipf("the file system takes no such names: %v", err)
		}
	}
	for _, from := range []string{"files", "cache", "memory"} {
		images, err := Folder(t.Context(), dir, FolderOptions{SkipCorrupt: true, NoCache: from == "memory", Warn: func(text string) { t.Error(text) }})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(images.Classes, []string{"b", class}) || !slices.Equal(images.Files, []string{"b/1.png", name}) || !slices.Equal(images.Skipped, []string{bad}) {
			t.Errorf("from %s: classes %q, files %q, skipped %q", from, images.Classes, images.Files, images.Skipped)
		}
	}
}

// What is not read is counted, with an example of each kind, in one line.
func TestFolderTellsOfOthers(t *testing.T) {
	ownHome(t)
	files := map[string][]byte{"a/1.png": asPNG(t, 0, 3, 3), "a/Clip.MOV": nil, "README": nil, "a/odd\nname.json": nil}
	for _, name := range []string{"1", "2", "3"} {
		files["a/IMG_"+name+".HEIC"] = nil
	}
	dir := writeFiles(t, files)
	if err := syscall.Mkfifo(filepath.Join(dir, "a", "pipe.png"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{"files", "cache"} {
		var heard []string
		if _, err := Folder(t.Context(), dir, FolderOptions{Warn: func(text string) { heard = append(heard, text) }}); err != nil {
			t.Fatal(err)
		}
		want := "dataset: " + dir + `: left out, for they are no images that can be read: 3 .heic (a/IMG_1.HEIC), 1 without an ending (README), ` +
			`1 .json ("a/odd\nname.json"), 1 .mov (a/Clip.MOV), 1 devices, pipes or sockets (a/pipe.png); images in these formats have to be converted, to JPEG for example`
		if diff := cmp.Diff([]string{want}, heard); diff != "" {
			t.Errorf("from %s: warnings (-want +got):\n%s", from, diff)
		}
	}
}

// A folder of more files than are looked at together comes in the order of names.
func TestListingLargeFolder(t *testing.T) {
	const n = 2*entriesAtOnce + 100
	data := asPNG(t, 0, 2, 2)
	dir := writeFiles(t, map[string][]byte{"b/0/z.png": data, "a/9/z.png": data})
	for i := range n {
		if err := os.Link(filepath.Join(dir, "b", "0", "z.png"), filepath.Join(dir, "b", fmt.Sprintf("%05d.png", i))); err != nil {
			t.Fatal(err)
		}
	}
	h := heard{}
	l, err := listFolder(t.Context(), dir, FolderOptions{Progress: h.progress})
	if err != nil || len(l.files) != n+2 || h["listing"] != n+2 {
		t.Fatalf("%d files, of which was heard %d, error %v", len(l.files), h["listing"], err)
	}
	names := []string{"a/9/z.png", "b/0/z.png"}
	for i := range n {
		names = append(names, fmt.Sprintf("b/%05d.png", i))
	}
	for i, file := range l.files {
		if file.name != names[i] {
			t.Fatalf("file %d is %s, want %s", i, file.name, names[i])
		}
	}
}
