package dataset

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testPixels are the pixels, [height, width, 3], of an image that differs from
// others with another seed, and none of which is 0.
func testPixels(seed, height, width int) []uint8 {
	pixels := make([]uint8, height*width*3)
	for i := range pixels {
		pixels[i] = uint8(1 + (101*seed+17*i+i>>6)%255)
	}
	return pixels
}

// testImages are images of these sizes, of class 0, with their index as seed.
func testImages(sizes ...Frame) *Images {
	images := &Images{Labels: make([]int32, len(sizes)), Classes: []string{"only"}}
	images.arrange(sizes)
	images.Pixels = make([]uint8, images.bytes(len(sizes)))
	for i, size := range sizes {
		from, to := images.Span(i)
		images.Pack(images.Pixels[from:to], testPixels(i, size.Height, size.Width), i)
	}
	return images
}

func TestImages(t *testing.T) {
	images := newImages(2, 2, 3, []string{"only"})
	for i := range images.Pixels {
		images.Pixels[i] = uint8(i)
	}
	second := images.At(1)
	if len(second) != 18 || cap(second) != 18 || second[0] != 18 {
		t.Errorf("At(1) has length %d, capacity %d and starts with %d, want 18, 18 and 18", len(second), cap(second), second[0])
	}
	second[0] = 99
	if images.Pixels[18] != 99 {
		t.Error("At copies")
	}
	if height, width := images.Size(1); height != 2 || width != 3 {
		t.Errorf("the size is %d×%d, want 3×2", width, height)
	}
	picture := images.NRGBA(1)
	if size := picture.Bounds().Size(); size.X != 3 || size.Y != 2 {
		t.Errorf("the picture's size is %v, want 3×2", size)
	}
	// The pixel at x 2, y 1 is the last.
	if got := picture.NRGBAAt(2, 1); got.R != 33 || got.G != 34 || got.B != 35 || got.A != 255 {
		t.Errorf("the last pixel is %v, want {33 34 35 255}", got)
	}
}

func TestImagesOfOneSizeHaveNoFrames(t *testing.T) {
	images := testImages(Frame{Height: 2, Width: 5}, Frame{Height: 2, Width: 5})
	if images.Frames != nil || images.Side != 0 || images.Height != 2 || images.Width != 5 || len(images.Pixels) != 60 {
		t.Errorf("got %+v", images)
	}
}

// The pixels of three images that differ, written out: one higher than wide,
// one that is transposed, and one whose rows are padded.
func TestImagesWithFramesLayout(t *testing.T) {
	images := &Images{Labels: make([]int32, 3)}
	images.arrange([]Frame{{Height: 3, Width: 2}, {Height: 2, Width: 3}, {Height: 1, Width: 1}})
	images.Pixels = make([]uint8, images.bytes(3))
	for i, pixels := range [][]uint8{
		{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6},
		{11, 11, 11, 12, 12, 12, 13, 13, 13, 14, 14, 14, 15, 15, 15, 16, 16, 16},
		{7, 8, 9},
	} {
		from, to := images.Span(i)
		images.Pack(images.Pixels[from:to], pixels, i)
	}
	want := &Images{
		Labels: make([]int32, 3),
		Frames: []Frame{{Row: 0, Height: 3, Width: 2}, {Row: 3, Height: 2, Width: 3}, {Row: 6, Height: 1, Width: 1}},
		Side:   2,
		Pixels: []uint8{
			1, 1, 1, 2, 2, 2,
			3, 3, 3, 4, 4, 4,
			5, 5, 5, 6, 6, 6,
			11, 11, 11, 14, 14, 14,
			12, 12, 12, 15, 15, 15,
			13, 13, 13, 16, 16, 16,
			7, 8, 9, 0, 0, 0,
		},
	}
	if diff := cmp.Diff(want, images); diff != "" {
		t.Errorf("other images than wanted (-want +got):\n%s", diff)
	}
}

func TestImagesWithFrames(t *testing.T) {
	sizes := []Frame{{Height: 7, Width: 5}, {Height: 5, Width: 9}, {Height: 6, Width: 6}, {Height: 1, Width: 12}, {Height: 12, Width: 1}}
	images := testImages(sizes...)
	if images.Side != 6 || images.Height != 0 || images.Width != 0 || len(images.Pixels) != (7+9+6+12+12)*6*3 {
		t.Errorf("side %d, %d×%d, %d bytes", images.Side, images.Width, images.Height, len(images.Pixels))
	}
	row := 0
	for i, size := range sizes {
		if images.Frames[i].Row != row {
			t.Errorf("image %d begins in row %d, want %d", i, images.Frames[i].Row, row)
		}
		row += max(size.Height, size.Width)
		if height, width := images.Size(i); height != size.Height || width != size.Width {
			t.Errorf("image %d has size %d×%d, want %d×%d", i, width, height, size.Width, size.Height)
		}
		want := testPixels(i, size.Height, size.Width)
		got := images.At(i)
		if !slices.Equal(got, want) {
			t.Errorf("image %d: other pixels come back", i)
		}
		got[0]++
		if images.At(i)[0] != want[0] {
			t.Errorf("image %d: At shares memory", i)
		}
		picture := images.NRGBA(i)
		last := picture.NRGBAAt(size.Width-1, size.Height-1)
		if picture.Bounds().Dx() != size.Width || picture.Bounds().Dy() != size.Height || last.B != want[len(want)-1] || last.A != 255 {
			t.Errorf("image %d: the picture has bounds %v and ends with %v", i, picture.Bounds(), last)
		}
	}
}

func TestImagesFirst(t *testing.T) {
	for name, images := range map[string]*Images{
		"one size": testImages(Frame{Height: 2, Width: 3}, Frame{Height: 2, Width: 3}, Frame{Height: 2, Width: 3}),
		"sizes":    testImages(Frame{Height: 2, Width: 3}, Frame{Height: 3, Width: 2}, Frame{Height: 4, Width: 4}),
	} {
		images.Files = []string{"a", "b", "c"}
		for n := range 4 {
			few := images.First(n)
			if few.Len() != n || len(few.Files) != n || len(few.Pixels) != images.bytes(n) || cap(few.Pixels) != len(few.Pixels) ||
				few.Side != images.Side || (few.Frames == nil) != (images.Frames == nil) {
				t.Errorf("%s: First(%d) is %+v", name, n, few)
			}
			for i := range n {
				if !slices.Equal(few.At(i), images.At(i)) {
					t.Errorf("%s: First(%d) has another image %d", name, n, i)
				}
			}
		}
		if &images.First(1).Pixels[0] != &images.Pixels[0] {
			t.Errorf("%s: First copies", name)
		}
	}
}

func TestImagesPanic(t *testing.T) {
	for name, images := range map[string]*Images{
		"one size": testImages(Frame{Height: 2, Width: 3}),
		"sizes":    testImages(Frame{Height: 2, Width: 3}, Frame{Height: 3, Width: 2}).First(1),
	} {
		for what, call := range map[string]func(){
			"At":    func() { images.At(1) },
			"Size":  func() { images.Size(1) },
			"NRGBA": func() { images.NRGBA(-1) },
			"First": func() { images.First(3) },
		} {
			if !panics(call) {
				t.Errorf("%s: %s of an image that is not there does not panic", name, what)
			}
		}
	}
}

func panics(call func()) (did bool) {
	defer func() { did = recover() != nil }()
	call()
	return false
}

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

func TestValidateImages(t *testing.T) {
	uniform := func() *Images { return newImages(2, 3, 4, []string{"a", "b"}) }
	for want, images := range map[string]*Images{
		"there are no images":                           {},
		"height 0 and width 4, want at least 1":         {Labels: make([]int32, 2), Width: 4},
		"71 bytes of pixels, want 2×3×4×3 for 2 labels": func() *Images { m := uniform(); m.Pixels = m.Pixels[:71]; return m }(),
		"1 files for 2 labels":                          func() *Images { m := uniform(); m.Files = []string{"x"}; return m }(),
		"image 1: label 2, want 0 to 1":                 func() *Images { m := uniform(); m.Labels[1] = 2; return m }(),
		"image 0: label -1, want 0 to 1":                func() *Images { m := uniform(); m.Labels[0] = -1; return m }(),
		"4 frames for 3 labels":                         func() *Images { m := labelled(); m.Labels = m.Labels[:3]; return m }(),
		"frame 3, 2×2 from row 17, is not within 216 bytes of rows of 4 pixels": func() *Images {
			m := labelled()
			m.Pixels = m.Pixels[:len(m.Pixels)-3*m.Side]
			m.Frames[3].Row = 17
			return m
		}(),
		"frame 0, 4×6 from row 0, is not within 228 bytes of rows of 3 pixels": func() *Images { m := labelled(); m.Side = 3; return m }(),
	} {
		if err := images.Validate(); err == nil || err.Error() != "dataset: "+want {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	for _, images := range []*Images{uniform(), labelled(), labelled().First(2), labelled().Pick(2, 2), {Labels: []int32{5}, Pixels: make([]uint8, 3), Height: 1, Width: 1}} {
		if err := images.Validate(); err != nil {
			t.Errorf("good images: %v", err)
		}
	}
}
