package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
)

// A pass over pixels leaves nothing in memory but what somebody has written to.
func TestPassLeavesNoMemory(t *testing.T) {
	if pagemap() == nil {
		t.Skip("the system does not tell of pages")
	}
	before := shardBytes
	shardBytes, mappedLimit = 16*os.Getpagesize(), 0
	t.Cleanup(func() { shardBytes, mappedLimit = before, 64<<20 })
	home := ownHome(t)
	files := map[string][]byte{}
	for i := range 6 {
		files[fmt.Sprintf("a/%d.png", i)] = asPNG(t, i, 200, 100)
	}
	images, err := Folder(t.Context(), writeFiles(t, files), FolderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := make([][]uint8, 6)
	for i := range want {
		want[i] = testPixels(i, 200, 100)
	}
	from, end := images.Span(1)
	images.Pixels[from+30_000]++
	want[1][30_000]++
	stored := make([]uint8, end-from)
	picked := images.Pick(5, 4, 3, 2, 1, 0)
	ways := map[string]func(i int) []uint8{
		"stored":         func(i int) []uint8 { images.Stored(stored, i); return stored },
		"shrunk":         func(i int) []uint8 { return images.Shrunk(i, Frame{Height: 200, Width: 100}) },
		"picked, stored": func(i int) []uint8 { picked.Stored(stored, 5-i); return stored },
		"picked, shrunk": func(i int) []uint8 { return picked.Shrunk(5-i, Frame{Height: 200, Width: 100}) },
	}
	for _, gone := range []bool{false, true} {
		for way, pixels := range ways {
			for i := range want {
				if !slices.Equal(pixels(i), want[i]) {
					t.Errorf("%s, with files gone %t: image %d has other pixels", way, gone, i)
				}
			}
			if n := residentPages(t, images.Pixels); n != 1 {
				t.Errorf("%s, with files gone %t: %d pages are in memory, want the one that was written to", way, gone, n)
			}
		}
		if gone {
			break
		}
		for _, m := range []*Images{images, picked} {
			mean, _ := m.MeanStd()
			if n := residentPages(t, images.Pixels); n != 1 || mean[0] == 0 {
				t.Errorf("after the mean %d pages are in memory", n)
			}
		}
		for _, name := range shardNames(t, home) { // of what is open already, too
			if err := os.Remove(filepath.Join(home, "cache", "images", name)); err != nil {
				t.Fatal(err)
			}
		}
		images.mapping().files = make([]atomic.Pointer[os.File], len(images.mapping().shards))
	}
}

// residentPages counts the pages of memory that are there.
func residentPages(t *testing.T, data []byte) int {
	t.Helper()
	rows, _ := pagesOf(data)
	n := 0
	for at := pageEntry - 1; at < len(rows); at += pageEntry {
		if rows[at]&pagePresent != 0 {
			n++
		}
	}
	return n
}
