package dataset

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestRealImagenette checks all of the real data set, if it is there, decoded
// and from the cache.
func TestRealImagenette(t *testing.T) {
	if os.Getenv("SSLKIT_DATA") == "" {
		t.Skip("SSLKIT_DATA is not set: no real ImageNette to read")
	}
	if _, err := os.Stat(filepath.Join(Dir(), imagenetteFolder, "val")); err != nil {
		t.Skipf("no ImageNette below SSLKIT_DATA: %v", err)
	}
	if os.Getenv("SSLKIT_LONG") == "" {
		t.Skip("decodes 13,394 photographs: set SSLKIT_LONG=1")
	}
	ownHome(t)
	set, err := Load(t.Context(), Imagenette, 9469, 3925, nil)
	if err != nil {
		t.Fatal(err)
	}
	compareAbout(t, set)
	for _, split := range []struct {
		name   string
		images *Images
		counts []int
		means  [3]float64
	}{
		{"train", set.Train, []int{963, 955, 993, 858, 941, 956, 961, 931, 951, 960}, [3]float64{0.4628, 0.4572, 0.4309}},
		{"val", set.Test, []int{387, 395, 357, 386, 409, 394, 389, 419, 399, 390}, [3]float64{0.4604, 0.4541, 0.4285}},
	} {
		counts := make([]int, len(split.images.Classes))
		for _, label := range split.images.Labels {
			counts[label]++
		}
		if !slices.Equal(counts, split.counts) {
			t.Errorf("%s: classes have %d images, want %d", split.name, counts, split.counts)
		}
		for i := range split.images.Len() {
			if height, width := split.images.Size(i); min(height, width) != 160 {
				t.Errorf("%s: %s has %d×%d pixels, want a shorter side of 160", split.name, split.images.Files[i], width, height)
			}
		}
		for c, mean := range means(split.images) {
			if math.Abs(mean-split.means[c]) > 0.0005 {
				t.Errorf("%s: the mean of channel %d is %.4f, want %.4f as with Pillow", split.name, c, mean, split.means[c])
			}
		}
	}
	var done []string
	again, err := Load(t.Context(), Imagenette, 9469, 3925, steps(t, &done))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"checking train", "checking val"}; !slices.Equal(done, want) {
		t.Errorf("the second time did %q, want %q", done, want)
	}
	if !slices.Equal(again.Train.Pixels, set.Train.Pixels) || !slices.Equal(again.Test.Pixels, set.Test.Pixels) {
		t.Error("the second time other pixels came")
	}
}

// means are the means of the images' channels, 1 the most that there can be.
func means(images *Images) (means [3]float64) {
	for i := range images.Len() {
		var sums [3]int
		pixels := images.At(i)
		for p, value := range pixels {
			sums[p%3] += int(value)
		}
		for c, sum := range sums {
			means[c] += float64(sum) / 255 / float64(len(pixels)/3) / float64(images.Len())
		}
	}
	return means
}
