package dataset

import (
	"bytes"
	"errors"
	"fmt"
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

// shardNames are the files of all caches but those that every cache has, by the name
// of the cache.
func shardNames(t testing.TB, home string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(home, "cache", "images", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	hidden, err := filepath.Glob(filepath.Join(home, "cache", "images", "*", ".*"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range append(paths, hidden...) {
		if name := filepath.Base(path); name != "lock" && name != "sizes" {
			names = append(names, filepath.Join(filepath.Base(filepath.Dir(path)), name))
		}
	}
	return names
}

// cachedFile is the only shard in the cache.
func cachedFile(t testing.TB, home string) string {
	t.Helper()
	names := shardNames(t, home)
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
	looked    bool // files' headers were read the last time
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
	if slices.Contains(done, "decoding "+base) != decoded || !slices.Contains(done, "listing "+base) {
		c.Errorf("done was %q, want images decoded: %v", done, decoded)
	}
	c.looked = slices.Contains(done, "looking at "+base)
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
		"empty":        func([]byte) []byte { return nil },
		"foreign":      func(data []byte) []byte { return bytes.Repeat([]byte("foreign "), 1000) },
		"a byte short": func(data []byte) []byte { return data[:len(data)-1] },
		"half":         func(data []byte) []byte { return data[:len(data)/2] },
		"front gone":   func(data []byte) []byte { return data[30:] },
		"long":         func(data []byte) []byte { return append(data, 0) },
		"first pixel":  func(data []byte) []byte { data[0] ^= 1; return data },
		"padding":      func(data []byte) []byte { data[3*7-1] ^= 0x80; return data },
		"sums":         func(data []byte) []byte { data[len(data)-len(shardMagic)-16-4-20] ^= 1; return data },
		"checksum":     func(data []byte) []byte { data[len(data)-len(shardMagic)-16-1] ^= 1; return data },
		"key":          func(data []byte) []byte { data[len(data)-len(shardMagic)-1] ^= 1; return data },
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
			if cachedFile(t, c.home) != path || c.looked {
				t.Error("the shard has another name, or files were looked at again")
			}
		})
	}
}

// A file under the right name may still be about other images.
func TestCacheOfOtherImages(t *testing.T) {
	c := newCacheCase(t)
	c.read(true, 0)
	other := cachedFile(t, c.home)
	data, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	c.write("a/1.png", asPNG(t, 9, 8, 5))
	c.read(true, 0)
	if err := os.WriteFile(cachedFile(t, c.home), data, 0o644); err != nil {
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

// What dead processes and former versions left goes; what is not the cache's stays.
func TestCacheLeftovers(t *testing.T) {
	c := newCacheCase(t)
	c.read(true, 0)
	folder := filepath.Dir(cachedFile(t, c.home))
	c.write("a/1.png", asPNG(t, 9, 8, 5))
	root := filepath.Dir(folder)
	const former = "0123456789abcdef-0123456789abcdef"
	for _, path := range []string{
		filepath.Join(folder, ".0123456789abcdef0123456789abcdef123"), filepath.Join(root, former), filepath.Join(root, "."+former+"123"),
		filepath.Join(root, "other"),
	} {
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c.read(true, 0)
	cachedFile(t, c.home)
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) != 2 {
		t.Errorf("there are %v, error %v, want the cache and other", entries, err)
	}
}

// A cache's name tells folder and options, a shard's what it is made from.
func TestCacheNames(t *testing.T) {
	seen := map[string]string{}
	for _, dir := range []string{"/a", "/b"} {
		for side := range 2 {
			for _, unlabelled := range []bool{false, true} {
				opts := FolderOptions{ShortSide: side, Unlabelled: unlabelled}
				name := newCache(&listing{dir: dir}, opts).dir
				which := fmt.Sprint(dir, side, unlabelled)
				if other := seen[name]; other != "" {
					t.Errorf("%s and %s have one name", which, other)
				}
				seen[name] = which
				opts.SkipCorrupt = true
				if newCache(&listing{dir: dir}, opts).dir != name {
					t.Errorf("%s: the name changes with what may be left out", which)
				}
			}
		}
	}
	clear(seen)
	for which, file := range map[string]imageFile{
		"one": {name: "c/1.png"}, "a name": {name: "c/2.png"}, "bytes": {name: "c/1.png", bytes: 1}, "a time": {name: "c/1.png", modified: 1},
		"a turn": {name: "c/1.png", header: header{turn: 3}}, "a size": {name: "c/1.png", header: header{height: 4}},
	} {
		file.header.height, file.header.width = max(file.header.height, 2), 2
		l := &listing{files: []imageFile{file, {name: "c/3.png", header: header{height: 1, width: 1}}}}
		key := cutShards("", l, l.decoded(FolderOptions{}).images)[0].path
		if other := seen[key]; other != "" {
			t.Errorf("%s and %s have one shard", which, other)
		}
		seen[key] = which
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
		}, 1},
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
	cachedFile(t, c.home)
}

func TestCacheFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no /dev/full: %v", err)
	}
	defer full.Close()
	var broken *cacheError
	if err := new(shard).write(full, []byte("pixels"), 0); !errors.As(err, &broken) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk: got error %v", err)
	}
	if err := (&cache{dir: t.TempDir()}).checkRoom(1 << 60); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "1.15e+09 GB") {
		t.Errorf("an exabyte: got error %v", err)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := reserve(file, 1<<60); err == nil {
		t.Error("there is room for an exabyte")
	}
}
