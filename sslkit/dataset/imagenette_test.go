package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writeImagenette writes a small ImageNette, with two training images and one
// test image of each class, and returns the directory to read it from. The
// seed of a training image is where it comes in the order.
func writeImagenette(t *testing.T) string {
	t.Helper()
	files := map[string][]byte{}
	for i, class := range imagenetteClasses {
		for turn, name := range []string{"a", "b"} {
			size := 8 + turn*i // the first ten have one size
			files[fmt.Sprintf("imagenette2-160/train/%s/%s.JPEG", class.folder, name)] = asPNG(t, 10*turn+i, 8, size)
		}
		files[fmt.Sprintf("imagenette2-160/val/%s/c.JPEG", class.folder)] = asPNG(t, 100+i, 8, 8)
	}
	return writeFiles(t, files)
}

func TestReadImagenette(t *testing.T) {
	ownHome(t)
	dir := writeImagenette(t)
	t.Setenv("SSLKIT_DATA", dir)
	var done []string
	counts := map[string]int64{}
	note := steps(t, &done)
	set, err := Load(t.Context(), Imagenette, 13, 4, func(what string, done, total int64) {
		note(what, done, total)
		counts[what] = total
	})
	if counts["decoding train"] != 13 || counts["decoding val"] != 4 {
		t.Errorf("%v images were decoded, want 13 and 4", counts)
	}
	if err != nil {
		t.Fatal(err)
	}
	if set.Name != Imagenette || set.Train.Len() != 13 || set.Test.Len() != 4 {
		t.Fatalf("got %s with %d and %d images", set.Name, set.Train.Len(), set.Test.Len())
	}
	for i := range 13 {
		if !slices.Equal(set.Train.At(i), testPixels(i, 8, 8+i/10*(i%10))) || set.Train.Labels[i] != int32(i%10) {
			t.Errorf("training image %d, of class %d, is another one", i, set.Train.Labels[i])
		}
	}
	if set.Test.Frames != nil || !slices.Equal(set.Test.At(3), testPixels(103, 8, 8)) || set.Test.Files[3] != "n03000684/c.JPEG" {
		t.Errorf("the last test image is another one: %s", set.Test.Files[3])
	}
	names := []string{"tench", "English springer", "cassette player", "chain saw", "church",
		"French horn", "garbage truck", "gas pump", "golf ball", "parachute"}
	if diff := cmp.Diff([][]string{names, names}, [][]string{set.Train.Classes, set.Test.Classes}); diff != "" {
		t.Errorf("classes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"listing train", "listing val", "looking at train", "decoding train", "looking at val", "decoding val"}, done); diff != "" {
		t.Errorf("what was done (-want +got):\n%s", diff)
	}
}

func TestReadImagenetteWithoutTest(t *testing.T) {
	ownHome(t)
	dir := writeImagenette(t)
	if err := os.RemoveAll(filepath.Join(dir, imagenetteFolder, "val")); err != nil {
		t.Fatal(err)
	}
	set, err := ReadImagenette(t.Context(), dir, 1, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if set.Train.Len() != 1 || set.Test.Len() != 0 || len(set.Test.Pixels) != 0 {
		t.Errorf("got %d and %d images", set.Train.Len(), set.Test.Len())
	}
}

func TestReadImagenetteErrors(t *testing.T) {
	ownHome(t)
	for _, test := range []struct {
		name        string
		train, test int
		spoil       func(folder string) error
		want        string
	}{
		{"no training images", 0, 1, nil, "dataset: imagenette: 0 training images asked for, want 1 to 20"},
		{"too many training images", 21, 1, nil, "dataset: imagenette: 21 training images asked for, there are 20"},
		{"negative", 1, -1, nil, "dataset: imagenette: -1 test images asked for, want 0 to 10"},
		{"too many test images", 1, 11, nil, "dataset: imagenette: 11 test images asked for, there are 10"},
		{"other class", 1, 1, func(folder string) error {
			return os.Rename(filepath.Join(folder, "val", "n03888257"), filepath.Join(folder, "val", "n03888258"))
		}, "dataset: imagenette: FOLDER/val/n03888257 (parachute): file does not exist\n"},
		{"class too many", 1, 1, func(folder string) error {
			return os.CopyFS(filepath.Join(folder, "train", "n03417043"), os.DirFS(filepath.Join(folder, "train", "n03417042")))
		}, "dataset: imagenette: FOLDER/train/n03417043: is not a class of ImageNette, want n01440764 to n03888257 only"},
		{"corrupt", 17, 1, func(folder string) error {
			return os.WriteFile(filepath.Join(folder, "train", "n03417042", "b.JPEG"), []byte("?"), 0o644)
		}, "dataset: imagenette: FOLDER/train: 1 of 20 files cannot be decoded:\n\tn03417042/b.JPEG: neither JPEG, PNG, WebP, GIF, BMP nor TIFF\n"},
	} {
		dir := writeImagenette(t)
		folder := filepath.Join(dir, imagenetteFolder)
		if test.spoil != nil {
			if err := test.spoil(folder); err != nil {
				t.Fatal(err)
			}
		}
		set, err := ReadImagenette(t.Context(), dir, test.train, test.test, nil)
		want := strings.ReplaceAll(test.want, "FOLDER", folder)
		if err == nil || set != nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got error %v, want %s", test.name, err, want)
		}
	}
}

func TestReadImagenetteMissing(t *testing.T) {
	ownHome(t)
	dir := writeImagenette(t)
	for _, gone := range []string{"val/n03028079", "val", ""} {
		if err := os.RemoveAll(filepath.Join(dir, imagenetteFolder, gone)); err != nil {
			t.Fatal(err)
		}
		_, err := ReadImagenette(t.Context(), dir, 1, 1, nil)
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%q missing: got error %v, want %v", gone, err, fs.ErrNotExist)
		}
		for _, want := range []string{
			"dataset: imagenette: ", "SSLKIT_DATA", imagenettePage, imagenetteArchive, "into " + dir + ",", "n01440764 to n03888257",
			filepath.Join(dir, "imagenette2-160", "train", "<class>"), filepath.Join(dir, "imagenette2-160", "val", "<class>"),
			filepath.Join(dir, "imagenette2-160", gone),
		} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q missing: error does not contain %q:\n%v", gone, want, err)
			}
		}
	}
}

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
