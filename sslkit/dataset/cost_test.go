package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// plainPNG returns a gray picture of any size.
func plainPNG(t testing.TB, height, width int) []byte {
	t.Helper()
	var data bytes.Buffer
	if err := png.Encode(&data, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// What a folder takes in memory follows ShortSide, not its largest or longest file.
func TestFolderCost(t *testing.T) {
	ownHome(t)
	files := map[string][]byte{
		"a/large.png": plainPNG(t, 1500, 2000), "a/long.png": plainPNG(t, 1, 20_000), "a/high.png": plainPNG(t, 50_000, 2), "a/small.png": plainPNG(t, 100, 100),
	}
	dir := writeFiles(t, files)
	for _, test := range []struct {
		side int
		want []Frame // of large, high, long and small; 0: as large as it is
	}{
		{0, []Frame{{0, 40, 2}, {40, 512, 682}, {722, 1, 20}, {742, 100, 100}}},
		{64, []Frame{{0, 40, 2}, {40, 64, 85}, {125, 1, 20}, {145, 64, 64}}},
		{FullSize, []Frame{{0, 40, 2}, {40, 1500, 2000}, {2040, 1, 20}, {2060, 100, 100}}},
	} {
		for _, from := range []string{"files", "cache", "memory"} {
			var heard string
			images, err := Folder(t.Context(), dir, FolderOptions{ShortSide: test.side, NoCache: from == "memory", Warn: func(text string) { heard += text }})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, images.Frames); diff != "" {
				t.Errorf("side %d from %s: frames (-want +got):\n%s", test.side, from, diff)
			}
			if want := "more than 20 times as long as wide only the middle is read: 2 (a/high.png)"; !strings.HasSuffix(heard, want) {
				t.Errorf("side %d from %s: warned %q, want %q", test.side, from, heard, want)
			}
		}
	}
}

// A long picture alone is what it is among others, and its middle.
func TestLongestAlone(t *testing.T) {
	ownHome(t)
	dir := writeFiles(t, map[string][]byte{"a/1.png": asPNG(t, 3, 2, 101)})
	images, err := Folder(t.Context(), dir, FolderOptions{Warn: func(string) {}})
	if err != nil || images.Height != 2 || images.Width != 40 {
		t.Fatalf("got %+v, error %v, want 2×40 pixels", images, err)
	}
	all := testPixels(3, 2, 101)
	want := slices.Concat(all[3*30:3*70], all[3*131:3*171])
	one, err := File(filepath.Join(dir, "a", "1.png"))
	if err != nil || !slices.Equal(images.Pixels, want) || !slices.Equal(one.Pixels, want) {
		t.Errorf("not the middle; error %v", err)
	}
}

// The first images are those of the whole folder, corrupt ones left out, and no
// more files are opened than they take.
func TestFolderLimit(t *testing.T) {
	ownHome(t)
	files := map[string][]byte{}
	for i := range 30 {
		files[fmt.Sprintf("%c/%02d.png", 'a'+i%3, i)] = asPNG(t, i, 3+i%4, 5)
	}
	files["a/03.png"], files["b/01.png"] = []byte("broken"), files["b/01.png"][:60] // by header, and when it is decoded
	dir := writeFiles(t, files)
	all, err := Folder(t.Context(), dir, FolderOptions{SkipCorrupt: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{1, 2, 4, 7, 28, 100} {
		for _, from := range []string{"files", "cache"} {
			opened := map[string]int64{}
			few, err := Folder(t.Context(), dir, FolderOptions{
				SkipCorrupt: true, Limit: limit, Progress: func(what string, done, total int64) { opened[what] = total },
			})
			if err != nil {
				t.Fatal(err)
			}
			n := min(limit, all.Len())
			if !slices.Equal(few.Files, all.Files[:n]) || !slices.Equal(few.Labels, all.Labels[:n]) || !slices.Equal(few.Classes, all.Classes) {
				t.Errorf("limit %d from %s: %q, want %q", limit, from, few.Files, all.Files[:n])
			}
			for i := range few.Len() {
				if !slices.Equal(few.At(i), all.At(i)) {
					t.Errorf("limit %d from %s: image %d has other pixels", limit, from, i)
				}
			}
			if done := opened["decoding "+filepath.Base(dir)]; done > int64(limit)+2 {
				t.Errorf("limit %d from %s: %d images were decoded", limit, from, done)
			}
		}
	}
	if _, err := Folder(t.Context(), dir, FolderOptions{Limit: 1}); err != nil {
		t.Errorf("the first image alone, which is well: %v", err)
	}
	if _, err := Folder(t.Context(), dir, FolderOptions{Limit: 5}); !errors.As(err, new(*CorruptError)) {
		t.Errorf("with a corrupt one: error %v", err)
	}
	if _, err := Folder(t.Context(), dir, FolderOptions{Limit: -1}); err == nil {
		t.Error("Limit -1 is no error")
	}
}

// The cache forgets what was not used for longest, but never what was just made.
func TestCacheLimit(t *testing.T) {
	home := ownHome(t)
	var dirs []string
	for i := range 4 { // of 300 kB each
		dirs = append(dirs, writeFiles(t, map[string][]byte{"a/1.png": asPNG(t, i, 250, 400)}))
	}
	stranger := filepath.Join(home, "cache", "images", "stranger")
	if err := errors.Join(os.MkdirAll(filepath.Dir(stranger), 0o755), os.WriteFile(stranger, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	read := func(i int, want ...int) { // the cache holds these afterwards
		t.Helper()
		if _, err := Folder(t.Context(), dirs[i], FolderOptions{Warn: func(text string) { t.Error(text) }}); err != nil {
			t.Fatal(err)
		}
		var held []int
		for k, dir := range dirs {
			path := newCache(&listing{dir: dir}, FolderOptions{}).sizes.path
			if info, err := os.Stat(path); err == nil {
				held = append(held, k)
				earlier := info.ModTime().Add(-time.Minute) // the clock may be coarse
				if err := os.Chtimes(path, earlier, earlier); err != nil {
					t.Fatal(err)
				}
			}
		}
		if !slices.Equal(held, want) {
			t.Errorf("after folder %d the cache holds %v, want %v", i, held, want)
		}
	}
	t.Setenv("SSLKIT_IMAGE_CACHE", "0.00065") // GB
	read(0, 0)
	read(1, 0, 1)
	read(0, 0, 1) // used again
	read(2, 0, 2)
	t.Setenv("SSLKIT_IMAGE_CACHE", "0")
	read(3, 3)
	if _, err := os.Stat(stranger); err != nil {
		t.Errorf("a file that is not the cache's: %v", err)
	}
	t.Setenv("SSLKIT_IMAGE_CACHE", "much")
	var heard string
	if _, err := Folder(t.Context(), dirs[0], FolderOptions{Warn: func(text string) { heard += text }}); err != nil || !strings.Contains(heard, `SSLKIT_IMAGE_CACHE is "much": want a number of GB`) {
		t.Errorf("warned %q, error %v", heard, err)
	}
}
