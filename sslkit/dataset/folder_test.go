package dataset

import (
	"bytes"
	"errors"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ownHome gives the test a home, and so a cache, of its own.
func ownHome(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("SSLKIT_HOME", dir)
	return dir
}

// writeFiles writes a folder's files and returns the folder.
func writeFiles(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// asPNG returns an image of testPixels.
func asPNG(t testing.TB, seed, height, width int) []byte {
	t.Helper()
	images := &Images{Pixels: testPixels(seed, height, width), Labels: []int32{0}, Height: height, Width: width}
	var data bytes.Buffer
	if err := png.Encode(&data, images.NRGBA(0)); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// steps is a Progress that notes what is done, and complains.
func steps(t testing.TB, seen *[]string) Progress {
	return func(what string, done, total int64) {
		if done < 0 || total > 0 && done > total {
			t.Errorf("%s: %d of %d done", what, done, total)
		}
		if !slices.Contains(*seen, what) {
			*seen = append(*seen, what)
		}
	}
}

func TestFolderOfManySizes(t *testing.T) {
	ownHome(t)
	sizes := map[string]Frame{ // the seed is where the name comes in the order
		"ant/a.png":         {Height: 20, Width: 30},
		"bee/1.PNG":         {Height: 30, Width: 20},
		"cat/x.jpeg":        {Height: 5, Width: 30}, // in truth a PNG
		"ant/b.JPG":         {Height: 24, Width: 24},
		"bee/2.png":         {Height: 48, Width: 8},
		"ant/c.png":         {Height: 1, Width: 7},
		"ant/deep/er/d.png": {Height: 2, Width: 2},
	}
	order := []string{"ant/a.png", "bee/1.PNG", "cat/x.jpeg", "ant/b.JPG", "bee/2.png", "ant/c.png", "ant/deep/er/d.png"}
	files := map[string][]byte{
		"ant/notes.txt": []byte("no image"), "ant/.hidden.png": nil, "ant/.cache/x.png": nil, ".git/x.png": nil,
		"loose.png": nil, "ant/bak.png~": nil, "README": nil,
	}
	for i, name := range order {
		files[name] = asPNG(t, i, sizes[name].Height, sizes[name].Width)
	}
	dir := writeFiles(t, files)
	for _, opts := range []FolderOptions{{}, {}, {NoCache: true}} { // the second comes from the cache
		var heard string
		opts.Warn = func(text string) { heard += text }
		images, err := Folder(t.Context(), dir, opts)
		for _, want := range []string{
			"left out: 1; reading it unlabelled takes all", "they are no images that can be read: 1 without an ending (README), 1 .png~ (ant/bak.png~), 1 .txt (ant/notes.txt)",
		} {
			if !strings.Contains(heard, want) {
				t.Errorf("warned %q, want %s", heard, want)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		want := &Images{
			Labels:  []int32{0, 1, 2, 0, 1, 0, 0},
			Classes: []string{"ant", "bee", "cat"},
			Files:   order,
			Side:    24,
		}
		row := 0
		for i, name := range order {
			size := sizes[name]
			want.Frames = append(want.Frames, Frame{Row: row, Height: size.Height, Width: size.Width})
			row += max(size.Height, size.Width)
			if !slices.Equal(images.At(i), testPixels(i, size.Height, size.Width)) {
				t.Errorf("cache %t: %s has other pixels", !opts.NoCache, name)
			}
		}
		want.Pixels = images.Pixels
		if diff := cmp.Diff(want, images); diff != "" {
			t.Errorf("cache %t: other images than wanted (-want +got):\n%s", !opts.NoCache, diff)
		}
		if len(images.Pixels) != row*24*3 {
			t.Errorf("cache %t: %d bytes, want %d", !opts.NoCache, len(images.Pixels), row*24*3)
		}
	}
}

func TestFolderOfOneSize(t *testing.T) {
	ownHome(t)
	dir := writeFiles(t, map[string][]byte{"a/1.png": asPNG(t, 0, 4, 6), "b/1.png": asPNG(t, 1, 4, 6)})
	for _, from := range []string{"files", "cache"} {
		images, err := Folder(t.Context(), dir, FolderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want := &Images{
			Pixels: slices.Concat(testPixels(0, 4, 6), testPixels(1, 4, 6)), Labels: []int32{0, 1},
			Classes: []string{"a", "b"}, Files: []string{"a/1.png", "b/1.png"}, Height: 4, Width: 6,
		}
		if diff := cmp.Diff(want, images); diff != "" {
			t.Errorf("from %s (-want +got):\n%s", from, diff)
		}
		images.Pixels[0]++ // must not crash, nor change the file
	}
}

func TestFolderShortSide(t *testing.T) {
	ownHome(t)
	dir := writeFiles(t, map[string][]byte{
		"a/1.png": asPNG(t, 0, 33, 50), "a/2.png": asPNG(t, 1, 60, 20), "a/3.png": asPNG(t, 2, 20, 20), "a/4.png": asPNG(t, 3, 5, 90),
	})
	images, err := Folder(t.Context(), dir, FolderOptions{ShortSide: 16})
	if err != nil {
		t.Fatal(err)
	}
	want := []Frame{{0, 16, 24}, {24, 48, 16}, {72, 16, 16}, {88, 5, 90}} // 50·16/33 is 24.2
	if diff := cmp.Diff(want, images.Frames); diff != "" || images.Side != 16 {
		t.Errorf("side %d, frames (-want +got):\n%s", images.Side, diff)
	}
	if !slices.Equal(images.At(3), testPixels(3, 5, 90)) {
		t.Error("an image that is small enough was changed")
	}
	if !slices.Equal(images.At(2), shrink(testPixels(2, 20, 20), Frame{Height: 20, Width: 20}, Frame{Height: 16, Width: 16})) {
		t.Error("an image is not what shrink makes of it")
	}
	if _, err := Folder(t.Context(), dir, FolderOptions{ShortSide: -2}); err == nil {
		t.Error("ShortSide -2 is no error")
	}
}

func TestFolderLinks(t *testing.T) {
	ownHome(t)
	elsewhere := writeFiles(t, map[string][]byte{"real/2.png": asPNG(t, 1, 3, 3), "real/data": asPNG(t, 2, 3, 3)})
	dir := writeFiles(t, map[string][]byte{"a/1.png": asPNG(t, 0, 3, 3)})
	for link, target := range map[string]string{
		"b":          filepath.Join(elsewhere, "real"),
		"a/2.png":    filepath.Join(elsewhere, "real", "data"),
		"a/3.txt":    filepath.Join(elsewhere, "real", "data"),
		"a/z_circle": filepath.Join(dir, "a"),
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	images, err := Folder(t.Context(), dir, FolderOptions{Warn: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a/1.png", "b/2.png", "a/2.png"}, images.Files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestFolderErrors(t *testing.T) {
	ownHome(t)
	picture := asPNG(t, 0, 2, 2)
	for _, test := range []struct {
		name  string
		files map[string][]byte
		want  string
	}{
		{"empty", nil, "DIR: no folders of classes: want images in DIR/<class>/<image>.jpg, or FolderOptions.Unlabelled for images without classes"},
		{"no folders", map[string][]byte{"1.png": picture}, "DIR: no folders of classes: want images in DIR/<class>/<image>.jpg, or FolderOptions.Unlabelled for images without classes"},
		{"class without images", map[string][]byte{"a/1.png": picture, "b/1.heic": picture},
			"DIR/b: no images: want files that end in .jpg, .jpeg, .jfif, .png, .webp, .gif, .bmp, .tif or .tiff; DIR has 1 .heic (b/1.heic); images in these formats have to be converted, to JPEG for example"},
	} {
		dir := writeFiles(t, test.files)
		_, err := Folder(t.Context(), dir, FolderOptions{})
		want := "dataset: " + filepath.FromSlash(strings.ReplaceAll(test.want, "DIR", dir))
		if err == nil || err.Error() != want {
			t.Errorf("%s: got error %v, want %s", test.name, err, want)
		}
	}
	if _, err := Folder(t.Context(), filepath.Join(t.TempDir(), "no"), FolderOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: got error %v", err)
	}
}

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

// Whatever lies below the folder is an image without class, in the order of names.
func TestFolderUnlabelled(t *testing.T) {
	ownHome(t)
	files := map[string][]byte{"notes.txt": []byte("no image"), ".hidden/x.png": nil, "2024/empty/notes.txt": nil}
	order := []string{"2023/may/1.png", "2023/z.JPG", "2024/a.png", "loose.jpeg", "z.png"}
	for i, name := range order {
		files[name] = asPNG(t, i, 4+i, 6)
	}
	dir := writeFiles(t, files)
	for _, from := range []string{"files", "cache", "files, in memory"} {
		images, err := Folder(t.Context(), dir, FolderOptions{
			Unlabelled: true, NoCache: from == "files, in memory",
			Warn: func(text string) {
				if want := "read: 2 .txt (2024/empty/notes.txt)"; !strings.HasSuffix(text, want) {
					t.Errorf("from %s: warned %q, want %q", from, text, want)
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if images.Classes != nil || !slices.Equal(images.Labels, make([]int32, 5)) || !slices.Equal(images.Files, order) {
			t.Errorf("from %s: classes %q, labels %v, files %q, want no class and %q", from, images.Classes, images.Labels, images.Files, order)
		}
		for i := range order {
			if !slices.Equal(images.At(i), testPixels(i, 4+i, 6)) {
				t.Errorf("from %s: %s has other pixels", from, order[i])
			}
		}
	}
	// Both readings of one folder may be in the cache.
	labelled, err := Folder(t.Context(), dir+"/2023", FolderOptions{Warn: func(string) {}})
	if err != nil || !slices.Equal(labelled.Classes, []string{"may"}) {
		t.Fatalf("classes %+v, error %v", labelled, err)
	}
	images, err := Folder(t.Context(), dir+"/2023", FolderOptions{Unlabelled: true})
	if err != nil || images.Classes != nil || !slices.Equal(images.Files, []string{"may/1.png", "z.JPG"}) {
		t.Errorf("without classes %+v, error %v", images, err)
	}
}

func TestFolderUnlabelledErrors(t *testing.T) {
	ownHome(t)
	dir := writeFiles(t, map[string][]byte{"deep/notes.txt": nil})
	if _, err := Folder(t.Context(), dir, FolderOptions{Unlabelled: true}); err == nil ||
		err.Error() != "dataset: "+dir+": no images: want files that end in .jpg, .jpeg, .jfif, .png, .webp, .gif, .bmp, .tif or .tiff; "+dir+" has 1 .txt (deep/notes.txt)" {
		t.Errorf("nothing there: error %v", err)
	}
	dir = writeFiles(t, map[string][]byte{"a.png": []byte("broken"), "b/c.png": []byte("broken, too")})
	if _, err := Folder(t.Context(), dir, FolderOptions{}); err == nil || errors.Is(err, ErrNoClasses) {
		t.Errorf("b is a class: error %v", err)
	}
	if _, err := Folder(t.Context(), dir+"/b", FolderOptions{}); !errors.Is(err, ErrNoClasses) {
		t.Errorf("no class: error %v, want ErrNoClasses", err)
	}
	_, err := Folder(t.Context(), dir, FolderOptions{Unlabelled: true, SkipCorrupt: true})
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || len(corrupt.Files) != 2 || !strings.Contains(err.Error(), "no image of the folder is left") {
		t.Errorf("nothing but corrupt files: error %v", err)
	}
}

// Skipped files leave the others in order.
func TestFolderUnlabelledSkips(t *testing.T) {
	ownHome(t)
	dir := writeFiles(t, map[string][]byte{"a.png": asPNG(t, 0, 3, 3), "b.png": []byte("broken"), "c/d.png": asPNG(t, 1, 3, 3)})
	images, err := Folder(t.Context(), dir, FolderOptions{Unlabelled: true, SkipCorrupt: true})
	if err != nil {
		t.Fatal(err)
	}
	want := &Images{
		Pixels: slices.Concat(testPixels(0, 3, 3), testPixels(1, 3, 3)), Labels: []int32{0, 0}, Height: 3, Width: 3,
		Files: []string{"a.png", "c/d.png"}, Skipped: []string{"b.png"},
	}
	if diff := cmp.Diff(want, images); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
}
