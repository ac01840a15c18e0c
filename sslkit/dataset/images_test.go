package dataset

import (
	"slices"
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
