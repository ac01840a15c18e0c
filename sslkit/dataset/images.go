package dataset

import (
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
)

// Images are RGB images with their labels. They take one of two forms.
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
//
// Images picked from many that are mapped from files have no Pixels, since those of
// From are theirs, too; all else is as if they had: see [Images.Pick].
type Images struct {
	Pixels        []uint8  // [n, Height, Width, 3], or with Frames [rows, Side, 3]
	Labels        []int32  // class of each image, an index into Classes; 0 without classes
	Classes       []string // name of each class; nil: the images have no classes
	Height, Width int      // of one image, in pixels; 0 with Frames

	Frames []Frame // place and size of each image; nil if all are Height × Width
	Side   int     // pixels in a row of Pixels, the longest shorter side of an image; 0 without Frames

	From  *Images // that these are picked from and share pixels with; nil: they are in Pixels
	Which []int32 // the index in From of each image; nil without From

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
// are shared if all images, or all that they were picked from, have one size; with
// Frames they are a copy. It panics if there is no image i.
func (m *Images) At(i int) []uint8 {
	_ = m.Labels[i]
	m, i = m.source(i)
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

// Stored writes the pixels of image i as Pixels has them, or would have them, as many
// bytes as [Images.Span] tells. If they are a [Folder]'s, nothing of them stays in memory.
// It panics if there is no image i.
func (m *Images) Stored(to []uint8, i int) {
	from, end := m.Span(i)
	to = to[:end-from]
	if source, k := m.source(i); source != m {
		if source.Side == m.Side { // both have the image in the same bytes
			source.Stored(to, k)
		} else {
			m.Pack(to, source.Shrunk(k, m.frame(i)), i)
		}
		return
	}
	if file := m.mapping(); file == nil || written(m.Pixels[from:end]) || !file.read(to, from) {
		copy(to, m.Pixels[from:end])
		m.release(i)
	}
}

// Shrunk returns a copy of image i, [height, width, 3] the right way up, scaled to
// a size as [Folder] does it, or as it is. Of a [Folder]'s pixels, nothing stays in memory
// but the copy. It panics if there is no image i, or the size is larger.
func (m *Images) Shrunk(i int, to Frame) []uint8 {
	height, width := m.Size(i)
	if to.Height > height || to.Width > width {
		panic(fmt.Errorf("dataset: Shrunk: %d×%d pixels of an image of %d×%d", to.Width, to.Height, width, height))
	}
	m, i = m.source(i)
	defer m.release(i)
	if from := (Frame{Height: height, Width: width}); to != from {
		return shrink(m.At(i), from, to)
	}
	if m.Frames != nil {
		return m.At(i)
	}
	return slices.Clone(m.At(i))
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
	if m.From != nil {
		few.Which = m.Which[:n:n]
	} else {
		end := m.bytes(n)
		few.Pixels = m.Pixels[:end:end]
	}
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

// MeanStd returns the mean and the standard deviation of the red, green and blue
// of all pixels, where 0 is black and 1 is full: what an augmentation's Mean and
// Std may be for images that differ much from photographs. Both are 0 if there
// are no images. It looks at every pixel.
func (m *Images) MeanStd() (mean, std [3]float64) {
	var sum, squares [3]float64 // of levels from 0 to 255
	pixels := 0
	for i := range m.Len() {
		levels := m.At(i)
		pixels += len(levels) / 3
		var s, q [3]uint64 // exact, as 100 million pixels are
		for p := 0; p < len(levels); p += 3 {
			for c := range 3 {
				level := uint64(levels[p+c])
				s[c] += level
				q[c] += level * level
			}
		}
		m.release(i)
		for c := range 3 {
			sum[c] += float64(s[c])
			squares[c] += float64(q[c])
		}
	}
	if pixels == 0 {
		return mean, std
	}
	for c := range 3 {
		level := sum[c] / float64(pixels)
		mean[c] = level / 255
		std[c] = math.Sqrt(max(0, squares[c]/float64(pixels)-level*level)) / 255
	}
	return mean, std
}

// Validate reports the first thing that makes no sense in images that somebody put
// together: sizes, pixels, frames, labels or files that do not go with each other.
func (m *Images) Validate() error {
	if err := m.validate(); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	return nil
}

func (m *Images) validate() error {
	n := m.Len()
	switch {
	case n == 0:
		return errors.New("there are no images")
	case m.Files != nil && len(m.Files) != n:
		return fmt.Errorf("%d files for %d labels", len(m.Files), n)
	case m.Frames == nil && (m.Height < 1 || m.Width < 1):
		return fmt.Errorf("height %d and width %d, want at least 1", m.Height, m.Width)
	case m.From == nil && m.Frames == nil && len(m.Pixels) != n*m.Height*m.Width*3:
		return fmt.Errorf("%d bytes of pixels, want %d×%d×%d×3 for %d labels", len(m.Pixels), n, m.Height, m.Width, n)
	case m.Frames != nil && len(m.Frames) != n:
		return fmt.Errorf("%d frames for %d labels", len(m.Frames), n)
	}
	pixels := len(m.Pixels)
	if m.From != nil {
		if err := m.validateWhich(); err != nil {
			return err
		}
		pixels = m.bytes(n)
	}
	for i, f := range m.Frames {
		if f.Row < 0 || f.short() < 1 || f.short() > m.Side || (f.Row+f.long())*m.Side*3 > pixels {
			return fmt.Errorf("frame %d, %s from row %d, is not within %d bytes of rows of %d pixels", i, f.text(), f.Row, pixels, m.Side)
		}
	}
	if m.Classes == nil {
		return nil
	}
	for i, label := range m.Labels {
		if label < 0 || int(label) >= len(m.Classes) {
			return fmt.Errorf("image %d: label %d, want 0 to %d", i, label, len(m.Classes)-1)
		}
	}
	return nil
}
