package dataset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

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
