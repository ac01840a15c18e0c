package dataset

import (
	"fmt"
	"image"
)

// Images are RGB images with their labels, in memory. They take one of two forms.
//
// Images of one size: Frames is nil, and Pixels is [n, Height, Width, 3].
//
// Images of several sizes: Pixels is [rows, Side, 3], Height and Width are 0,
// and Frames says where each image lies. Images follow one another without a
// row between them; each takes as many rows as its longer side has pixels. One
// that is wider than it is high is stored transposed, its columns as rows, so
// that the longer side always runs down the rows. The rest of the rows of an
// image whose shorter side is less than Side is 0.
//
// Rows go from top to bottom, channels are R, G, B. The pixels of a [Folder]
// come straight from a file: only those that are looked at take memory, and
// writing to them changes this process's images only. They stay valid until
// the process ends.
type Images struct {
	Pixels        []uint8  // [n, Height, Width, 3], or with Frames [rows, Side, 3]
	Labels        []int32  // class of each image, an index into Classes; 0 without classes
	Classes       []string // name of each class; nil: the images have no classes
	Height, Width int      // of one image, in pixels; 0 with Frames

	Frames []Frame // place and size of each image; nil if all are Height × Width
	Side   int     // pixels in a row of Pixels, the longest shorter side of an image; 0 without Frames

	Files   []string // of each image, relative to the split's folder, with slashes; nil if images are not files
	Skipped []string // files left out because they cannot be decoded, sorted; see [FolderOptions]
}

// A Frame is the place and size of one image among others of other sizes.
type Frame struct {
	Row           int // the first of its rows in Pixels
	Height, Width int // of the image the right way up, in pixels
}

// long and short are the image's longer and its shorter side.
func (f Frame) long() int  { return max(f.Height, f.Width) }
func (f Frame) short() int { return min(f.Height, f.Width) }

// newImages returns n black images of class 0.
func newImages(n, height, width int, classes []string) *Images {
	return &Images{
		Pixels:  make([]uint8, n*height*width*3),
		Labels:  make([]int32, n),
		Classes: classes,
		Height:  height,
		Width:   width,
	}
}

// arrange gives images of these heights and widths their form, without pixels.
func (m *Images) arrange(sizes []Frame) {
	m.Pixels, m.Frames = nil, nil
	m.Height, m.Width, m.Side = 0, 0, 0
	uniform := true
	for _, size := range sizes {
		uniform = uniform && size.Height == sizes[0].Height && size.Width == sizes[0].Width
	}
	if uniform && len(sizes) > 0 {
		m.Height, m.Width = sizes[0].Height, sizes[0].Width
		return
	}
	m.Stack(sizes)
}

// Stack gives the images places one below the other, as images of several sizes
// have them, and heights and widths that may be those of smaller copies. Pixels
// stays as it is.
func (m *Images) Stack(sizes []Frame) {
	m.Frames, m.Height, m.Width, m.Side = make([]Frame, len(sizes)), 0, 0, 0
	row := 0
	for i, size := range sizes {
		m.Frames[i] = Frame{Row: row, Height: size.Height, Width: size.Width}
		m.Side = max(m.Side, size.short())
		row += size.long()
	}
}

// Len returns the number of images, 0 for nil.
func (m *Images) Len() int {
	if m == nil {
		return 0
	}
	return len(m.Labels)
}

// Size returns the height and width of image i, in pixels.
// It panics if there is no image i.
func (m *Images) Size(i int) (height, width int) {
	if m.Frames == nil {
		_ = m.Labels[i]
		return m.Height, m.Width
	}
	return m.Frames[i].Height, m.Frames[i].Width
}

// Span returns where image i begins and ends in Pixels. It panics if there is no
// image i of several sizes.
func (m *Images) Span(i int) (from, to int) {
	if m.Frames == nil {
		size := m.Height * m.Width * 3
		return i * size, (i + 1) * size
	}
	from = m.Frames[i].Row * m.Side * 3
	return from, from + m.Frames[i].long()*m.Side*3
}

// bytes returns how many bytes the first n images take in Pixels.
func (m *Images) bytes(n int) int {
	if n == 0 {
		return 0
	}
	_, to := m.Span(n - 1)
	return to
}

// At returns the pixels of image i the right way up, [height, width, 3]. They
// are shared if all images have one size; with Frames they are a copy.
// It panics if there is no image i.
func (m *Images) At(i int) []uint8 {
	_ = m.Labels[i]
	from, to := m.Span(i)
	stored := m.Pixels[from:to:to]
	if m.Frames == nil {
		return stored
	}
	height, width := m.Size(i)
	pixels := make([]uint8, height*width*3)
	if width > height {
		for y := range height {
			for x := range width {
				copy(pixels[3*(y*width+x):][:3], stored[3*(x*m.Side+y):])
			}
		}
		return pixels
	}
	for y := range height {
		copy(pixels[3*y*width:3*(y+1)*width], stored[3*y*m.Side:])
	}
	return pixels
}

// Shrunk returns a copy of image i, [height, width, 3] the right way up, scaled to
// a size as [Folder] does it. It panics if there is no image i, or the size is larger.
func (m *Images) Shrunk(i int, to Frame) []uint8 {
	height, width := m.Size(i)
	if to.Height > height || to.Width > width {
		panic(fmt.Errorf("dataset: Shrunk: %d×%d pixels of an image of %d×%d", to.Width, to.Height, width, height))
	}
	return shrink(m.At(i), Frame{Height: height, Width: width}, to)
}

// Pack writes the pixels of image i, [height, width, 3] the right way up, as Pixels
// holds them, to as many bytes as [Images.Span] tells.
func (m *Images) Pack(stored, pixels []uint8, i int) {
	if m.Frames == nil {
		copy(stored, pixels)
		return
	}
	clear(stored)
	height, width := m.Size(i)
	if width > height {
		for y := range height {
			for x := range width {
				copy(stored[3*(x*m.Side+y):], pixels[3*(y*width+x):][:3])
			}
		}
		return
	}
	for y := range height {
		copy(stored[3*y*m.Side:], pixels[3*y*width:3*(y+1)*width])
	}
}

// First returns the first n images, sharing memory with all of them. Side stays
// as it is, though the images that need it may be among the others.
// It panics if n is negative or more than there are.
func (m *Images) First(n int) *Images {
	few := *m
	few.Labels = m.Labels[:n:n]
	end := m.bytes(n)
	few.Pixels = m.Pixels[:end:end]
	if m.Frames != nil {
		few.Frames = m.Frames[:n:n]
	}
	if m.Files != nil {
		few.Files = m.Files[:n:n]
	}
	return &few
}

// NRGBA returns a copy of image i as a picture, to be drawn or encoded.
// It panics if there is no image i.
func (m *Images) NRGBA(i int) *image.NRGBA {
	height, width := m.Size(i)
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	pixels := m.At(i)
	for p := range height * width {
		copy(picture.Pix[4*p:], pixels[3*p:3*p+3])
		picture.Pix[4*p+3] = 0xff
	}
	return picture
}
