package dataset

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// peakMemory is the most memory that the process has had, in MB, since the last call.
func peakMemory(t *testing.T) (peak int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		_, _ = fmt.Sscanf(line, "VmHWM: %d kB", &peak)
	}
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skipf("the system does not forget its peak: %v", err)
	}
	return peak >> 10
}

// As many files as ImageNet has, small ones, are listed, decoded and read in any order
// with memory for what is known of each file, and none for the pixels, 3 GB.
func TestAMillionFiles(t *testing.T) {
	if os.Getenv("SSLKIT_LONG") == "" {
		t.Skip("takes minutes and 4 GB of disk: SSLKIT_LONG=1 runs it; TestShards and TestPassLeavesNoMemory are the short ones")
	}
	const classes, each, kinds, most = 1000, 1300, 500, 700
	ownHome(t)
	dir := t.TempDir()
	linkPictures(t, dir, classes, each, kinds)
	peakMemory(t)
	for _, from := range []string{"files", "cache"} {
		start, doing := time.Now(), ""
		within := func(what string) {
			t.Helper()
			peak := peakMemory(t)
			t.Logf("from %s, %s: %d MB of memory, %.0f s", from, what, peak, time.Since(start).Seconds())
			if peak > most {
				t.Errorf("that is more than %d MB", most)
			}
			start = time.Now()
		}
		images, err := Folder(t.Context(), filepath.Join(dir, "train"), FolderOptions{Progress: func(what string, _, _ int64) {
			if doing != "" && what != doing {
				within(doing)
			}
			doing = what
		}})
		if err != nil || images.Len() != classes*each {
			t.Fatalf("%d images, error %v", images.Len(), err)
		}
		within(doing)
		set, err := Split("half", images, images.Len()/2, 1)
		if err != nil {
			t.Fatal(err)
		}
		within("split")
		stored := make([]uint8, 3*images.Side*32)
		for _, some := range []*Images{images, set.Train, set.Test} {
			for _, i := range rand.Perm(some.Len())[:images.Len()/4] {
				some.Stored(stored, i)
			}
		}
		within("read in any order")
		for _, some := range []*Images{images, set.Train, set.Test} {
			some.Fingerprint()
		}
		within("fingerprints")
		unmap(images.Pixels)
	}
}

// linkPictures makes small pictures of several kinds, and a folder train of classes that have
// links to them.
func linkPictures(t *testing.T, dir string, classes, each, kinds int) {
	t.Helper()
	for k := range kinds {
		var data bytes.Buffer
		m := &Images{Pixels: testPixels(k, 16+k%17, 32-k%13), Labels: []int32{0}, Height: 16 + k%17, Width: 32 - k%13}
		if err := jpeg.Encode(&data, m.NRGBA(0), nil); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(k)), data.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for c := range classes {
		class := filepath.Join(dir, "train", fmt.Sprintf("n%08d", c))
		if err := os.MkdirAll(class, 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range each {
			if err := os.Link(filepath.Join(dir, fmt.Sprint((c*each+i*7)%kinds)), filepath.Join(class, fmt.Sprintf("n%08d_%d.JPEG", c, i))); err != nil {
				t.Fatal(err)
			}
		}
	}
}
