package dataset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// cacheNames are the names of the files in the cache.
func cacheNames(t testing.TB, home string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(home, "cache", "images"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// cachedFile is the only file in the cache.
func cachedFile(t testing.TB, home string) string {
	t.Helper()
	names := cacheNames(t, home)
	if len(names) != 1 {
		t.Fatalf("the cache holds %v, want one file", names)
	}
	return filepath.Join(home, "cache", "images", names[0])
}

// A cacheCase is a folder of images and how it is read.
type cacheCase struct {
	*testing.T
	home, dir string
	opts      FolderOptions
}

func newCacheCase(t *testing.T) *cacheCase {
	return &cacheCase{T: t, home: ownHome(t), dir: writeFiles(t, map[string][]byte{
		"a/1.png": asPNG(t, 0, 8, 5), "a/2.png": asPNG(t, 1, 5, 8), "b/1.png": asPNG(t, 2, 7, 7), "b/2.png": asPNG(t, 3, 2, 3),
	})}
}

// read reads the folder. It checks whether images were decoded and with how
// many warnings.
func (c *cacheCase) read(decoded bool, warnings int) *Images {
	c.Helper()
	var done, warned []string
	opts := c.opts
	opts.Progress = steps(c, &done)
	opts.Warn = func(text string) { warned = append(warned, text) }
	images, err := Folder(c.Context(), c.dir, opts)
	if err != nil {
		c.Fatal(err)
	}
	base := filepath.Base(c.dir)
	if slices.Contains(done, "decoding "+base) != decoded || slices.Contains(done, "looking at "+base) != decoded {
		c.Errorf("done was %q, want images decoded: %v", done, decoded)
	}
	if len(warned) != warnings {
		c.Errorf("warnings are %q, want %d of them", warned, warnings)
	}
	for _, text := range warned {
		if !strings.HasPrefix(text, "dataset: "+c.dir+": ") || strings.Contains(text, "\n") {
			c.Errorf("the warning %q does not name the folder in one line", text)
		}
	}
	return images
}

// write writes a file of the folder.
func (c *cacheCase) write(name string, data []byte) {
	c.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), data, 0o644); err != nil {
		c.Fatal(err)
	}
}

func (c *cacheCase) same(want, got *Images) {
	c.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		c.Errorf("other images (-want +got):\n%s", diff)
	}
}

func TestCacheSavesDecoding(t *testing.T) {
	c := newCacheCase(t)
	first := c.read(true, 0)
	c.same(first, c.read(false, 0))

	// Not even the files' content counts, as long as size and time are the same.
	path := filepath.Join(c.dir, "a", "1.png")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	c.write("a/1.png", bytes.Repeat([]byte{'x'}, int(info.Size())))
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	c.same(first, c.read(false, 0))
}

func TestCacheIsRenewed(t *testing.T) {
	c := newCacheCase(t)
	before := c.read(true, 0)
	mapped := slices.Clone(before.Pixels)
	old := cachedFile(t, c.home)

	c.write("a/1.png", asPNG(t, 9, 8, 5))
	if got := c.read(true, 0); !slices.Equal(got.At(0), testPixels(9, 8, 5)) {
		t.Error("a changed file: the old pixels come back")
	}
	if !slices.Equal(before.Pixels, mapped) {
		t.Error("images that were read before have changed")
	}
	if now := cachedFile(t, c.home); now == old {
		t.Error("the cache has the same name")
	}
	c.write("b/3.png", asPNG(t, 4, 3, 3))
	if got := c.read(true, 0); got.Len() != 5 {
		t.Errorf("a new file: %d images", got.Len())
	}
	if err := os.Remove(filepath.Join(c.dir, "a", "2.png")); err != nil {
		t.Fatal(err)
	}
	if got := c.read(true, 0); got.Len() != 4 {
		t.Errorf("a file less: %d images", got.Len())
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(c.dir, "a", "1.png"), later, later); err != nil {
		t.Fatal(err)
	}
	c.read(true, 0)
	cachedFile(t, c.home)
}

func TestCacheForOtherOptions(t *testing.T) {
	c := newCacheCase(t)
	large := c.read(true, 0)
	c.opts.ShortSide = 4
	small := c.read(true, 0)
	if small.Side != 4 {
		t.Errorf("side %d, want 4", small.Side)
	}
	c.same(small, c.read(false, 0))
	c.opts.ShortSide = 0
	c.same(large, c.read(false, 0)) // both are kept
	c.opts.SkipCorrupt = true
	c.same(large, c.read(false, 0)) // nothing was skipped
	c.opts.NoCache = true
	c.same(large, c.read(true, 0))
}

// Whatever happened to the cache's file, the images come back and the next
// start has a cache again.
func TestCacheDamaged(t *testing.T) {
	for name, damage := range map[string]func(data []byte) []byte{
		"empty":        func(data []byte) []byte { return nil },
		"foreign":      func(data []byte) []byte { return bytes.Repeat([]byte("foreign "), 1000) },
		"a byte short": func(data []byte) []byte { return data[:len(data)-1] },
		"half":         func(data []byte) []byte { return data[:len(data)/2] },
		"front gone":   func(data []byte) []byte { return data[30:] },
		"long":         func(data []byte) []byte { return append(data, 0) },
		"first pixel":  func(data []byte) []byte { data[0] ^= 1; return data },
		"padding":      func(data []byte) []byte { data[3*7-1] ^= 0x80; return data },
		"index":        func(data []byte) []byte { data[len(data)-cacheFooter-20] ^= 1; return data },
		"length":       func(data []byte) []byte { data[len(data)-cacheFooter+7] ^= 0x80; return data },
		"checksum":     func(data []byte) []byte { data[len(data)-cacheFooter+8] ^= 1; return data },
		"magic":        func(data []byte) []byte { data[len(data)-1] ^= 1; return data },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCacheCase(t)
			want := c.read(true, 0)
			want.Pixels = slices.Clone(want.Pixels)
			path := cachedFile(t, c.home)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(data), 0o644); err != nil {
				t.Fatal(err)
			}
			c.same(want, c.read(true, 1))
			c.same(want, c.read(false, 0))
			cachedFile(t, c.home)
		})
	}
}

// A file under the right name may still be about other images.
func TestCacheOfOtherImages(t *testing.T) {
	c := newCacheCase(t)
	c.read(true, 0)
	other := cachedFile(t, c.home)
	c.write("a/1.png", asPNG(t, 9, 8, 5))
	l, err := listFolder(t.Context(), c.dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(other, newCache(l, c.opts).path()); err != nil {
		t.Fatal(err)
	}
	if got := c.read(true, 1); !slices.Equal(got.At(0), testPixels(9, 8, 5)) {
		t.Error("the other images come back")
	}
}

func TestCacheConcurrently(t *testing.T) {
	c := newCacheCase(t)
	all := make([]*Images, 8)
	var readers sync.WaitGroup
	for i := range all {
		readers.Go(func() {
			var err error
			if all[i], err = Folder(t.Context(), c.dir, FolderOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	readers.Wait()
	want := c.read(false, 0)
	for _, images := range all {
		c.same(want, images)
	}
	cachedFile(t, c.home)
}

// What dead processes left goes, what living ones write stays.
func TestCacheLeftovers(t *testing.T) {
	c := newCacheCase(t)
	dir := filepath.Join(c.home, "cache", "images")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, age := range map[string]time.Duration{".dead123": 2 * cacheAbandoned, ".alive123": 0, "other": 2 * cacheAbandoned} {
		path, when := filepath.Join(dir, name), time.Now().Add(-age)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	c.read(true, 0)
	if names := cacheNames(t, c.home); len(names) != 3 || slices.Contains(names, ".dead123") {
		t.Errorf("the cache holds %q, want other, .alive123 and a file of its own", names)
	}
}

// The first part of a file's name tells folder and options, the second the rest.
func TestCacheName(t *testing.T) {
	seen := map[string]string{}
	for _, dir := range []string{"/a", "/b"} {
		for side := range 2 {
			for bytes := range int64(2) {
				l := &listing{dir: dir, files: []*imageFile{{name: "c/1.png", bytes: bytes}}}
				for _, unlabelled := range []bool{false, true} {
					c := newCache(l, FolderOptions{ShortSide: side, Unlabelled: unlabelled})
					which := fmt.Sprint(dir, side, bytes, unlabelled)
					if other := seen[c.key]; other != "" {
						t.Errorf("%s and %s have one key", which, other)
					}
					seen[c.key] = which
					if c.name != newCache(&listing{dir: dir}, FolderOptions{ShortSide: side, SkipCorrupt: true, Unlabelled: unlabelled}).name {
						t.Errorf("%s: the name changes with the files", which)
					}
				}
			}
		}
	}
}

// A cache that cannot be written costs time, not images.
func TestCacheUnwritable(t *testing.T) {
	for _, test := range []struct {
		name     string
		spoil    func(c *cacheCase) error
		warnings int
	}{
		{"a file in the way", func(c *cacheCase) error {
			return os.WriteFile(filepath.Join(c.home, "cache"), nil, 0o644)
		}, 2}, // it can be neither read nor written
		{"a link to nowhere", func(c *cacheCase) error {
			return os.Symlink("/proc/nowhere/to/write", filepath.Join(c.home, "cache"))
		}, 1},
		{"read-only", func(c *cacheCase) error {
			if os.Geteuid() == 0 {
				c.Skip("root may write to what is read-only")
			}
			c.Cleanup(func() { os.Chmod(c.home, 0o755) })
			return os.Chmod(c.home, 0o555)
		}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCacheCase(t)
			want := c.read(true, 0)
			c.home = ownHome(t)
			if err := test.spoil(c); err != nil {
				t.Fatal(err)
			}
			c.same(want, c.read(true, test.warnings))
			c.same(want, c.read(true, test.warnings))
		})
	}
}

// A directory under the file's name can be neither read nor replaced.
func TestCacheUnnameable(t *testing.T) {
	c := newCacheCase(t)
	want := c.read(true, 0)
	path := cachedFile(t, c.home)
	if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o755)); err != nil {
		t.Fatal(err)
	}
	c.same(want, c.read(true, 2))
	if names := cacheNames(t, c.home); len(names) != 1 {
		t.Errorf("the cache holds %q, want the directory alone", names)
	}
}

func TestCacheFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no /dev/full: %v", err)
	}
	defer full.Close()
	var broken *cacheError
	if err := (cacheSink{full}).put([]byte("pixels"), 0); !errors.As(err, &broken) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("put on a full disk: got error %v", err)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := (cacheSink{file}).begin(1 << 60); !errors.As(err, &broken) {
		t.Errorf("an exabyte: got error %v", err)
	}
}

// Any bytes at all are images or an error.
func FuzzCache(f *testing.F) {
	const key = "key"
	whole := func(pixels, index []byte) []byte {
		data := append(bytes.Clone(pixels), index...)
		data = binary.LittleEndian.AppendUint64(data, uint64(len(index)))
		data = binary.LittleEndian.AppendUint32(data, crc32.Checksum(index, castagnoli))
		return append(data, cacheMagic...)
	}
	const index = `{"Key":"key","Classes":["a"],"Files":["a/1"],"Labels":[0],"Heights":[2],"Widths":[1],"Sums":[0]}`
	f.Add(make([]byte, 6), []byte(index), true)
	f.Add(make([]byte, 5), []byte(index), true)
	f.Add(make([]byte, 6), []byte(strings.Replace(index, `"a/1"`, `["YS//"]`, 1)), true) // a name that is not UTF-8
	f.Add(make([]byte, 6), []byte(strings.Replace(index, `"a/1"`, `[]`, 1)), true)
	f.Add([]byte(nil), []byte(`{"Key":"key"}`), true)
	f.Add([]byte(nil), []byte(`{"Key":"key","Labels":[-1],"Files":[""],"Heights":[0],"Widths":[-1],"Sums":[0]}`), true)
	f.Add(whole(nil, nil), []byte(nil), false)
	f.Fuzz(func(t *testing.T, pixels, index []byte, complete bool) {
		data := pixels
		if complete {
			data = whole(pixels, index)
		}
		c := &cache{dir: t.TempDir(), name: "x-", key: key + "0123456789abcdef"}
		if err := os.WriteFile(c.path(), data, 0o644); err != nil {
			t.Fatal(err)
		}
		c.key = key
		file, err := os.Open(filepath.Join(c.dir, "x-key0123456789abc"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		_, images, err := c.readIndex(file)
		if err == nil && images.bytes(images.Len()) != len(pixels) {
			t.Fatalf("%d bytes of pixels for %+v", len(pixels), images)
		}
	})
}
