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
	peakMemory(t)
	for _, from := range []string{"files", "cache"} {
		images, err := Folder(t.Context(), filepath.Join(dir, "train"), FolderOptions{})
		if err != nil || images.Len() != classes*each {
			t.Fatalf("%d images, error %v", images.Len(), err)
		}
		if peak := peakMemory(t); peak > most {
			t.Errorf("from %s: %d MB of memory", from, peak)
		}
		stored := make([]uint8, 3*images.Side*32)
		for _, i := range rand.Perm(images.Len())[:images.Len()/4] {
			images.Stored(stored, i)
		}
		if peak := peakMemory(t); peak > most {
			t.Errorf("from %s, in any order: %d MB of memory", from, peak)
		}
		unmap(images.Pixels)
	}
}
