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
		if done < 0 || done > total {
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
