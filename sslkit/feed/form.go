package feed

import (
	"slices"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
)

// longest is the largest ratio of an image's sides for which images of one size lie
// in a set whole. Longer images are treated like images of several sizes, of which a
// program holds no more than the part that it needs.
const longest = 4

// A form is how images lie in a set, which may be smaller than in the data set.
type form struct {
	*dataset.Images      // those of the data set, or others without pixels
	same            bool // they are those of the data set
}

// formOf returns the form of images whose shorter side has at most short pixels,
// or any number if that is 0.
func formOf(m *dataset.Images, short int) form {
	small := &dataset.Images{Labels: m.Labels}
	if m.Frames == nil {
		size := dataset.Frame{Height: m.Height, Width: m.Width}
		to := size.Within(short)
		if max(to.Height, to.Width) <= longest*min(to.Height, to.Width) {
			if to == size {
				return form{m, true}
			}
			small.Height, small.Width = to.Height, to.Width
			return form{small, false}
		}
	}
	same := m.Frames != nil
	sizes := make([]dataset.Frame, m.Len())
	for i := range sizes {
		size := dataset.Frame{}
		size.Height, size.Width = m.Size(i)
		sizes[i] = size.Within(short)
		same = same && sizes[i] == size
	}
	if same {
		return form{m, true}
	}
	small.Stack(sizes)
	return form{small, false}
}

// bytes is how many bytes all images take.
func (f *form) bytes() int {
	_, end := f.Span(f.Len() - 1)
	return end
}

// spare is how many unused bytes have to follow the images, see [augment.SpareRows].
func (f *form) spare() int {
	if f.Frames == nil {
		return 0
	}
	return 3 * f.Side * augment.SpareRows(f.Side)
}

// room is how many bytes any batch of the images takes at most.
func (f *form) room(batch int) int {
	if f.Frames == nil {
		return 3 * f.Height * f.Width * batch
	}
	rows := f.lengths()
	total := 0
	for _, n := range rows[:min(batch, len(rows))] {
		total += n
	}
	return 3 * f.Side * total
}

// lengths are the longer sides of images of several sizes, the longest first.
func (f *form) lengths() []int {
	rows := make([]int, len(f.Frames))
	for i, size := range f.Frames {
		rows[i] = max(size.Height, size.Width)
	}
	slices.SortFunc(rows, func(a, b int) int { return b - a })
	return rows
}

// batch is how many images, whichever they are, need no more than limit bytes: no
// more than most, and 1 at least.
func (f *form) batch(most, limit int) int {
	const number = 4 // bytes of a float32
	if f.Frames == nil {
		return max(1, min(most, limit/(number*3*f.Height*f.Width)))
	}
	most = min(most, limit/(number*3*f.Side*f.Side))
	stored := 0
	for i, n := range f.lengths() {
		stored += 3 * f.Side * n
		if i >= most || stored > limit {
			return max(1, i)
		}
	}
	return max(1, most)
}

// put writes image i of a data set as the form has it.
func (f *form) put(stored []uint8, m *dataset.Images, i int) {
	if f.same {
		m.Stored(stored, i)
		return
	}
	var size dataset.Frame
	size.Height, size.Width = f.Size(i)
	f.Pack(stored, m.Shrunk(i, size), i)
}
