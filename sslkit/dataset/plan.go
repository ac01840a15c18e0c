package dataset

// DefaultShortSide is the shorter side in pixels that [Folder] shrinks images to
// unless it is told otherwise. It is more than twice what networks of ImageNet
// take, 224, and more than most of ImageNet's own images have.
const DefaultShortSide = 512

// FullSize as a ShortSide keeps all images in their own scale.
const FullSize = -1

// LongestRatio is how many times as long as its shorter side an image of a
// [Folder] is at most. Of one that is longer, the middle is kept.
const LongestRatio = 20

// A plan is what becomes of the picture in a file: a part of it is shrunk, and
// then turned.
type plan struct {
	height, width int // of the picture
	top, left     int // where the part begins
	part          Frame
	to            Frame // its size once it is shrunk
	turn          turn
}

// plan returns what becomes of a picture under the options.
func (o FolderOptions) plan(h header) plan {
	p := plan{height: h.height, width: h.width, turn: h.turn}
	p.part = Frame{Height: min(h.height, LongestRatio*h.width), Width: min(h.width, LongestRatio*h.height)}
	p.top, p.left = (h.height-p.part.Height)/2, (h.width-p.part.Width)/2
	p.to = p.part.Within(o.shortSide())
	return p
}

// shortSide is the shorter side that images have at most, FullSize for any.
func (o FolderOptions) shortSide() int {
	if o.ShortSide == 0 {
		return DefaultShortSide
	}
	return o.ShortSide
}

// Within returns the size that an image has once its shorter side has at most
// short pixels: the other side keeps the proportion, rounded down. Any size will do
// if short is not positive. Row is 0.
func (f Frame) Within(short int) Frame {
	if short <= 0 || f.short() <= short {
		return Frame{Height: f.Height, Width: f.Width}
	}
	// One of the two divisions is exact.
	return Frame{Height: f.Height * short / f.short(), Width: f.Width * short / f.short()}
}

// frame is the size of the image in the end.
func (p plan) frame() Frame { return p.turn.frame(p.to) }

// cut tells whether the image is but a part of the picture.
func (p plan) cut() bool { return p.part.Height < p.height || p.part.Width < p.width }

// take returns the pixels of the image, from the lines of the picture.
func (p plan) take(lines func(y int) []uint8) []uint8 {
	part := func(y int) []uint8 { return lines(p.top + y)[3*p.left : 3*(p.left+p.part.Width)] }
	if p.to == p.part {
		pixels := make([]uint8, 0, 3*p.to.Height*p.to.Width)
		for y := range p.to.Height {
			pixels = append(pixels, part(y)...)
		}
		return p.turn.pixels(pixels, p.to)
	}
	return p.turn.pixels(shrinkLines(part, p.part, p.to), p.to)
}
