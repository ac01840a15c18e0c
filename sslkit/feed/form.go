package feed

import (
	"slices"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
)

// longest is how many times as long as its shorter side an image may be for images
// of one size to be fed as such. Of longer ones a program would hold more than it
// needs of each.
const longest = 4

// A form is how images lie in a set, which may be smaller than in the data set.
type form struct {
	same          bool            // as in the data set
	count         int             // of the images
	height, width int             // of images of one size
	frames        []dataset.Frame // of images of several sizes, else nil
	side          int             // pixels in a row of these
	rows          int             // of all of these
}

// formOf returns the form of images whose shorter side has at most short pixels,
// or any number if that is 0.
func formOf(m *dataset.Images, short int) form {
	f := form{same: true, count: m.Len(), height: m.Height, width: m.Width}
	if m.Frames == nil {
		size := dataset.Frame{Height: m.Height, Width: m.Width}
		to := size.Within(short)
		f.same, f.height, f.width = to == size, to.Height, to.Width
		if max(f.height, f.width) <= longest*min(f.height, f.width) {
			return f
		}
		f.same, f.height, f.width = false, 0, 0
	}
	f.frames = make([]dataset.Frame, m.Len())
	for i := range f.frames {
		size := dataset.Frame{}
		size.Height, size.Width = m.Size(i)
		to := size.Within(short)
		f.same = f.same && to == size
		f.side = max(f.side, min(to.Height, to.Width))
		f.frames[i] = to
	}
	if f.same { // to the last row, and with the side of a set that these are but a part of
		f.frames, f.side, f.rows = m.Frames, m.Side, len(m.Pixels)/(3*m.Side)
		return f
	}
	for i := range f.frames {
		f.frames[i].Row = f.rows
		f.rows += max(f.frames[i].Height, f.frames[i].Width)
	}
	return f
}

// span is where image i begins and ends, in bytes.
func (f *form) span(i int) (from, to int) {
	if f.frames == nil {
		size := 3 * f.height * f.width
		return size * i, size * (i + 1)
	}
	from = 3 * f.side * f.frames[i].Row
	return from, from + 3*f.side*max(f.frames[i].Height, f.frames[i].Width)
}

// bytes is how many bytes all images take.
func (f *form) bytes() int {
	if f.frames == nil {
		return 3 * f.height * f.width * f.count
	}
	return 3 * f.side * f.rows
}

// spare is how many bytes have to follow them.
func (f *form) spare() int {
	if f.frames == nil {
		return 0
	}
	return 3 * f.side * augment.SpareRows(f.side)
}

// room is how many bytes the largest of the images take, a batch of them.
func (f *form) room(batch int) int {
	if f.frames == nil {
		return 3 * f.height * f.width * batch
	}
	rows := f.lengths()
	total := 0
	for _, n := range rows[:min(batch, len(rows))] {
		total += n
	}
	return 3 * f.side * total
}

// lengths are the longer sides of images of several sizes, the longest first.
func (f *form) lengths() []int {
	rows := make([]int, len(f.frames))
	for i, size := range f.frames {
		rows[i] = max(size.Height, size.Width)
	}
	slices.SortFunc(rows, func(a, b int) int { return b - a })
	return rows
}

// batch is how many of at most most images need no more than limit bytes, but 1 at
// least.
func (f *form) batch(most, limit int) int {
	const number = 4 // bytes of a float32
	if f.frames == nil {
		return max(1, min(most, limit/(number*3*f.height*f.width)))
	}
	most = min(most, limit/(number*3*f.side*f.side))
	stored := 0
	for i, n := range f.lengths() {
		stored += 3 * f.side * n
		if i >= most || stored > limit {
			return max(1, i)
		}
	}
	return max(1, most)
}

// put writes image i as the form has it.
func (f *form) put(stored []uint8, m *dataset.Images, i int) {
	if f.same {
		from, to := f.span(i)
		copy(stored, m.Pixels[from:to])
		return
	}
	size := dataset.Frame{Height: f.height, Width: f.width}
	if f.frames != nil {
		size = dataset.Frame{Height: f.frames[i].Height, Width: f.frames[i].Width}
	}
	pixels := m.At(i)
	if height, width := m.Size(i); height != size.Height || width != size.Width {
		pixels = m.Shrunk(i, size)
	}
	switch {
	case f.frames == nil:
		copy(stored, pixels)
	case size.Width > size.Height:
		for y := range size.Height {
			for x := range size.Width {
				copy(stored[3*(x*f.side+y):], pixels[3*(y*size.Width+x):][:3])
			}
		}
	default:
		for y := range size.Height {
			copy(stored[3*y*f.side:], pixels[3*y*size.Width:3*(y+1)*size.Width])
		}
	}
}
