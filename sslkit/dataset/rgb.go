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
