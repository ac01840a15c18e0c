package dataset

import (
	"fmt"
	"image"
	"image/color"
)

// An rgbReader turns pictures of any kind that decoders return into RGB, as
// Pillow's convert("RGB") does: alpha is dropped and not applied, gray is
// repeated, of 16 bits the upper 8 are kept, and colour profiles are ignored. It
// is for one goroutine.
type rgbReader struct {
	ycbcr ycbcrReader
	line  []uint8
}

// lines returns what gives the rows of a picture, [width, 3]. Each is valid until
// the next is asked for.
func (r *rgbReader) lines(picture image.Image) (func(y int) []uint8, error) {
	switch p := picture.(type) {
	case *image.YCbCr:
		return r.ycbcr.lines(p, jfif), nil
	case studio:
		return r.ycbcr.lines(p.YCbCr, bt601), nil
	case *image.Gray:
		return r.repack(p.Rect, p.Pix, p.Stride, 1, func(to, from []uint8) { to[0], to[1], to[2] = from[0], from[0], from[0] }), nil
	case *image.Gray16: // big-endian, as all with 16 bits
		return r.repack(p.Rect, p.Pix, p.Stride, 2, func(to, from []uint8) { to[0], to[1], to[2] = from[0], from[0], from[0] }), nil
	case *image.RGBA:
		return r.repack(p.Rect, p.Pix, p.Stride, 4, func(to, from []uint8) {
			to[0], to[1], to[2] = from[0], from[1], from[2]
			divide(to, from[3])
		}), nil
	case *image.NRGBA:
		return r.repack(p.Rect, p.Pix, p.Stride, 4, func(to, from []uint8) { copy(to, from[:3]) }), nil
	case *image.RGBA64:
		return r.repack(p.Rect, p.Pix, p.Stride, 8, func(to, from []uint8) {
			to[0], to[1], to[2] = from[0], from[2], from[4]
			divide(to, from[6])
		}), nil
	case *image.NRGBA64:
		return r.repack(p.Rect, p.Pix, p.Stride, 8, func(to, from []uint8) { to[0], to[1], to[2] = from[0], from[2], from[4] }), nil
	case *image.CMYK:
		return r.repack(p.Rect, p.Pix, p.Stride, 4, fromCMYK), nil
	case *image.Paletted:
		colours := paletteRGB(p.Palette)
		return r.repack(p.Rect, p.Pix, p.Stride, 1, func(to, from []uint8) { copy(to, colours[from[0]][:]) }), nil
	}
	return nil, fmt.Errorf("pixels of unknown kind %T", picture)
}

// repack returns what calls convert for every pixel of a row with its three bytes
// and its bytes in the picture, depth of them.
func (r *rgbReader) repack(bounds image.Rectangle, picture []uint8, stride, depth int, convert func(to, from []uint8)) func(y int) []uint8 {
	width := bounds.Dx()
	r.line = resize(r.line, 3*width)
	return func(y int) []uint8 {
		line := picture[y*stride:][:width*depth]
		for x := range width {
			convert(r.line[3*x:3*x+3], line[depth*x:depth*x+depth])
		}
		return r.line
	}
}

// divide takes back that colours were multiplied by alpha, of which nothing is
// left where that is 0.
func divide(colour []uint8, alpha uint8) {
	if alpha == 0 || alpha == 0xff {
		return
	}
	for c, value := range colour {
		colour[c] = uint8(min((uint32(value)*0xff+uint32(alpha)/2)/uint32(alpha), 0xff))
	}
}

// fromCMYK mixes inks as Pillow does.
func fromCMYK(to, from []uint8) {
	white := 255 - uint32(from[3])
	for c := range to {
		product := uint32(from[c])*white + 128
		to[c] = uint8(white - (product+product>>8)>>8)
	}
}

// paletteRGB returns the colours of a palette; what it lacks is black.
func paletteRGB(palette color.Palette) *[256][3]uint8 {
	var colours [256][3]uint8
	for i, entry := range palette {
		c := color.NRGBAModel.Convert(entry).(color.NRGBA) // exact for what image/png has in palettes, RGBA and NRGBA
		colours[i] = [3]uint8{c.R, c.G, c.B}
	}
	return &colours
}

// A chromaReader gives the colour of a JPEG's pixels, which is stored at half
// the resolution or less in most photographs, at full resolution: a row at a
// time, one plane each. It interpolates linearly as libjpeg and so Pillow do
// ("fancy upsampling", jdsample.c), to the same numbers; image/jpeg itself
// only repeats the nearest colour.
type chromaReader struct {
	across, down  int // pixels of the image per value of the plane, each way
	columns, rows int // of the plane
	stride        int
	sums          []uint16 // a row of the plane, and a copy of its ends at both ends
	full          []uint8  // a row of the image
}

// begin prepares for a picture.
func (c *chromaReader) begin(picture *image.YCbCr) {
	c.across, c.down = 1, 1
	switch picture.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		c.across = 2
	case image.YCbCrSubsampleRatio420:
		c.across, c.down = 2, 2
	case image.YCbCrSubsampleRatio440:
		c.down = 2
	case image.YCbCrSubsampleRatio411:
		c.across = 4
	case image.YCbCrSubsampleRatio410:
		c.across, c.down = 4, 2
	}
	size := picture.Rect.Size()
	c.columns = (size.X + c.across - 1) / c.across
	c.rows = (size.Y + c.down - 1) / c.down
	c.stride = picture.CStride
	c.sums = resize(c.sums, c.columns+2)
	c.full = resize(c.full, c.columns*c.across)
}

// resize returns a slice of n values, in the memory of old if that is enough.
func resize[T any](old []T, n int) []T {
	if cap(old) < n {
		return make([]T, n)
	}
	return old[:n]
}

// row returns row y of the image from a plane. It is valid until the next call.
func (c *chromaReader) row(plane []uint8, y int) []uint8 {
	near := y / c.down
	line := plane[near*c.stride:][:c.columns]
	switch {
	case c.across == 1 && c.down == 1:
		return line
	case c.across > 2 || c.across == 2 && c.columns <= 2:
		for x := range c.full { // libjpeg, too, repeats these
			c.full[x] = line[x/c.across]
		}
		return c.full
	}
	weight := uint16(1) // of line in sums
	if c.down == 2 {
		far := min(max(near-1+y%2*2, 0), c.rows-1)
		c.blend(line, plane[far*c.stride:][:c.columns])
		weight = 4
	} else {
		for x, value := range line {
			c.sums[x+1] = uint16(value)
		}
	}
	c.sums[0], c.sums[c.columns+1] = c.sums[1], c.sums[c.columns]
	switch {
	case c.across == 1:
		c.spread1(uint16(1 + y%2))
	case weight == 1:
		c.spread2(1, 2, 2)
	default:
		c.spread2(8, 7, 4)
	}
	return c.full
}

// blend mixes a row with one of its neighbours, 3 to 1, in quarters.
func (c *chromaReader) blend(near, far []uint8) {
	sums := c.sums[1 : 1+len(near)]
	far = far[:len(near)]
	for x, value := range near {
		sums[x] = 3*uint16(value) + uint16(far[x])
	}
}

// spread1 rounds quarters to values.
func (c *chromaReader) spread1(bias uint16) {
	for x := range c.full {
		c.full[x] = uint8((c.sums[x+1] + bias) >> 2)
	}
}

// spread2 makes two values of each: it mixes it with its left and with its
// right neighbour, 3 to 1, and divides by 1<<shift after adding a bias each.
func (c *chromaReader) spread2(left, right uint16, shift uint) {
	before, at := c.sums[0], c.sums[1]
	for x, after := range c.sums[2:] {
		pair := c.full[2*x : 2*x+2]
		pair[0] = uint8((3*at + before + left) >> shift)
		pair[1] = uint8((3*at + after + right) >> shift)
		before, at = at, after
	}
}

// A ycbcrReader converts the pictures of colour JPEGs and of lossy WebP files.
type ycbcrReader struct {
	blue, red chromaReader
	line      []uint8
}

// A studio picture has the range of television: black is 16 and white 235, as in
// WebP files (RFC 6386, 9.2), of which golang.org/x/image says nothing.
type studio struct{ *image.YCbCr }

// A matrix converts colours, in units of 1/65536.
type matrix struct{ black, luma, redRed, greenBlue, greenRed, blueBlue int32 }

var (
	// jfif are the constants of the JFIF standard, 1.402, 0.34414, 0.71414 and
	// 1.772, as libjpeg has them (jdcolor.c).
	jfif = matrix{0, 1 << 16, 91881, 22554, 46802, 116130}
	// bt601 are those of ITU-R BT.601 for a [studio] picture: 255/219 times as
	// much of luma, 255/224 times as much of the rest.
	bt601 = matrix{16, 76309, 104597, 25675, 53279, 132201}
)

// lines returns what gives the rows of a picture, [width, 3]. Each is valid until
// the next is asked for.
func (c *ycbcrReader) lines(picture *image.YCbCr, m matrix) func(y int) []uint8 {
	c.blue.begin(picture)
	c.red.begin(picture)
	width := picture.Rect.Dx()
	c.line = resize(c.line, 3*width)
	return func(y int) []uint8 {
		luma, line := picture.Y[y*picture.YStride:][:width], c.line
		blue, red := c.blue.row(picture.Cb, y)[:width], c.red.row(picture.Cr, y)[:width]
		for x, value := range luma {
			const half = 1 << 15
			l, b, r := (int32(value)-m.black)*m.luma+half, int32(blue[x])-128, int32(red[x])-128
			pixel := line[3*x : 3*x+3]
			pixel[0] = clip((l + m.redRed*r) >> 16)
			pixel[1] = clip((l - m.greenBlue*b - m.greenRed*r) >> 16)
			pixel[2] = clip((l + m.blueBlue*b) >> 16)
		}
		return line
	}
}

// clip returns the nearest possible value.
func clip(value int32) uint8 { return uint8(min(max(value, 0), 255)) }
