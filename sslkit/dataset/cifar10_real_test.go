package dataset

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRealCIFAR10 checks all of the real data set, if it is there. The means of
// the training channels are the well-known 0.4914, 0.4822 and 0.4465 of 255.
func TestRealCIFAR10(t *testing.T) {
	if os.Getenv("SSLKIT_DATA") == "" {
		t.Skip("SSLKIT_DATA is not set: no real CIFAR-10 to read")
	}
	if _, err := os.Stat(filepath.Join(Dir(), cifarFolder, cifarTest[0])); err != nil {
		t.Skipf("no CIFAR-10 below SSLKIT_DATA: %v", err)
	}
	set, err := Load(t.Context(), CIFAR10, 50_000, 10_000, nil)
	if err != nil {
		t.Fatal(err)
	}
	compareAbout(t, set)
	for _, split := range []struct {
		name     string
		images   *Images
		perClass int
		sums     [3]uint64 // of all pixels, a channel each
	}{
		{"train", set.Train, 5000, [3]uint64{6415714204, 6295060180, 5829907619}},
		{"test", set.Test, 1000, [3]uint64{1290492328, 1266775083, 1176108223}},
	} {
		counts := make([]int, len(split.images.Classes))
		for _, label := range split.images.Labels {
			counts[label]++
		}
		for class, count := range counts {
			if count != split.perClass {
				t.Errorf("%s: %d images of class %s, want %d", split.name, count, split.images.Classes[class], split.perClass)
			}
		}
		var sums [3]uint64
		for i, value := range split.images.Pixels {
			sums[i%3] += uint64(value)
		}
		if sums != split.sums {
			t.Errorf("%s: sums of the channels are %d, want %d", split.name, sums, split.sums)
		}
	}
}
