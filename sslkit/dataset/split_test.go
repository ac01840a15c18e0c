package dataset

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mixed are images of these sizes with the pixels of testPixels, in the form that
// images of several sizes have if the sizes differ.
func mixed(sizes ...Frame) *Images {
	images := &Images{Classes: []string{"even", "odd"}}
	images.arrange(sizes)
	images.Labels = make([]int32, len(sizes))
	images.Pixels = make([]uint8, images.bytes(len(sizes)))
	for i, size := range sizes {
		images.Labels[i] = int32(i % 2)
		images.Files = append(images.Files, string(rune('a'+i))+".png")
		from, to := images.Span(i)
		images.Pack(images.Pixels[from:to], testPixels(i, size.Height, size.Width), i)
	}
	return images
}

func TestPick(t *testing.T) {
	wide, high, square := Frame{Height: 4, Width: 9}, Frame{Height: 7, Width: 5}, Frame{Height: 4, Width: 4}
	for name, images := range map[string]*Images{
		"one size": mixed(square, square, square, square), "several": mixed(wide, high, square, wide),
	} {
		for _, which := range [][]int{{2, 0, 2}, {3}, {0, 3}, {0, 1, 2, 3}, nil} {
			got := images.Pick(which...)
			if got.Len() != len(which) || len(got.Pixels) != got.bytes(len(which)) || !slices.Equal(got.Classes, images.Classes) {
				t.Errorf("%s, %v: %d images in %d bytes", name, which, got.Len(), len(got.Pixels))
			}
			for j, i := range which {
				if got.Labels[j] != images.Labels[i] || got.Files[j] != images.Files[i] || !slices.Equal(got.At(j), images.At(i)) {
					t.Errorf("%s, %v: image %d is not image %d", name, which, j, i)
				}
			}
		}
	}
	// Those that are left may have one size.
	if got := mixed(wide, high, wide).Pick(0, 2); got.Frames != nil || got.Height != 4 || got.Width != 9 {
		t.Errorf("two images of one size: %+v", got)
	}
	images := mixed(square, square)
	images.Pick(1).Pixels[0]++
	if !slices.Equal(images.At(1), testPixels(1, 4, 4)) {
		t.Error("a picked image shares its pixels")
	}
}

func TestSplit(t *testing.T) {
	sizes := make([]Frame, 20)
	for i := range sizes {
		sizes[i] = Frame{Height: 2, Width: 1 + i%3}
	}
	images := mixed(sizes...)
	seen := map[string]int{}
	for seed := range uint64(50) {
		set, err := Split("mine", images, 6, seed)
		if err != nil {
			t.Fatal(err)
		}
		if set.Name != "mine" || set.Train.Len() != 14 || set.Test.Len() != 6 ||
			!slices.IsSorted(set.Train.Files) || !slices.IsSorted(set.Test.Files) {
			t.Fatalf("split %+v", set)
		}
		all := slices.Sorted(slices.Values(slices.Concat(set.Train.Files, set.Test.Files)))
		if diff := cmp.Diff(images.Files, all); diff != "" {
			t.Errorf("files of both splits (-want +got):\n%s", diff)
		}
		for _, file := range set.Test.Files {
			seen[file]++
		}
		again, err := Split("mine", images, 6, seed)
		if diff := cmp.Diff(set, again); diff != "" || err != nil {
			t.Errorf("a second time (error %v):\n%s", err, diff)
		}
	}
	for _, file := range images.Files { // 15 times of 50 each; less than 3 has a chance of 1e-6
		if n := seen[file]; n < 3 || n > 29 {
			t.Errorf("%s was held out %d times of 50, want about 15", file, n)
		}
	}
	if set, err := Split("mine", images, 0, 1); err != nil || set.Train.Len() != 20 || set.Test.Len() != 0 {
		t.Errorf("none held out: %+v, error %v", set, err)
	}
	for _, test := range []int{-1, 20, 21} {
		if _, err := Split("mine", images, test, 1); err == nil || !strings.Contains(err.Error(), "want 0 to 19") {
			t.Errorf("%d of 20: error %v", test, err)
		}
	}
	if _, err := Split("mine", nil, 0, 1); err == nil {
		t.Error("no images at all: no error")
	}
}

func TestMeanStd(t *testing.T) {
	for name, images := range map[string]*Images{
		"one size": mixed(Frame{Height: 5, Width: 4}, Frame{Height: 5, Width: 4}),
		"several":  mixed(Frame{Height: 5, Width: 4}, Frame{Height: 2, Width: 9}, Frame{Height: 7, Width: 3}),
	} {
		mean, std := images.MeanStd()
		for c := range 3 {
			var values []float64
			for i := range images.Len() {
				for p, level := range images.At(i) {
					if p%3 == c {
						values = append(values, float64(level)/255)
					}
				}
			}
			sum, squares := 0.0, 0.0
			for _, v := range values {
				sum += v
			}
			for _, v := range values {
				squares += (v - sum/float64(len(values))) * (v - sum/float64(len(values)))
			}
			if want := sum / float64(len(values)); math.Abs(mean[c]-want) > 1e-12 {
				t.Errorf("%s: mean of channel %d is %g, want %g", name, c, mean[c], want)
			}
			if want := math.Sqrt(squares / float64(len(values))); math.Abs(std[c]-want) > 1e-12 {
				t.Errorf("%s: standard deviation of channel %d is %g, want %g", name, c, std[c], want)
			}
		}
	}
	var none [3]float64
	if mean, std := (&Images{}).MeanStd(); mean != none || std != none {
		t.Errorf("of no images: %v and %v", mean, std)
	}
}
