package dataset

import (
	"fmt"
	"image"
	"image/color"
)

// An rgbReader turns pictures of any kind that image/jpeg and image/png return
// into RGB, as Pillow's convert("RGB") does: alpha is dropped and not applied,
// gray is repeated, of 16 bits the upper 8 are kept, and colour profiles are
// ignored. It is for one goroutine.
type rgbReader struct{ ycbcr ycbcrReader }

// read returns a picture's pixels, [height, width, 3].
func (r *rgbReader) read(picture image.Image) ([]uint8, error) {
	size := picture.Bounds().Size()
	pixels := make([]uint8, size.X*size.Y*3)
	switch p := picture.(type) {
	case *image.YCbCr:
		r.ycbcr.read(pixels, p)
	case *image.Gray:
		repack(pixels, size, p.Pix, p.Stride, 1, func(to, from []uint8) { to[0], to[1], to[2] = from[0], from[0], from[0] })
	case *image.Gray16: // big-endian, as all with 16 bits
		repack(pixels, size, p.Pix, p.Stride, 2, func(to, from []uint8) { to[0], to[1], to[2] = from[0], from[0], from[0] })
	case *image.RGBA: // opaque, so that nothing is premultiplied
		repack(pixels, size, p.Pix, p.Stride, 4, func(to, from []uint8) { copy(to, from[:3]) })
	case *image.NRGBA:
		repack(pixels, size, p.Pix, p.Stride, 4, func(to, from []uint8) { copy(to, from[:3]) })
	case *image.RGBA64: // opaque
		repack(pixels, size, p.Pix, p.Stride, 8, func(to, from []uint8) { to[0], to[1], to[2] = from[0], from[2], from[4] })
	case *image.NRGBA64:
		repack(pixels, size, p.Pix, p.Stride, 8, func(to, from []uint8) { to[0], to[1], to[2] = from[0], from[2], from[4] })
	case *image.CMYK:
		repack(pixels, size, p.Pix, p.Stride, 4, fromCMYK)
	case *image.Paletted:
		colours := paletteRGB(p.Palette)
		repack(pixels, size, p.Pix, p.Stride, 1, func(to, from []uint8) { copy(to, colours[from[0]][:]) })
	default:
		return nil, fmt.Errorf("pixels of unknown kind %T", picture)
	}
	return pixels, nil
}

// repack calls convert for every pixel with its three bytes of pixels and its
// bytes in the picture, depth of them.
func repack(pixels []uint8, size image.Point, picture []uint8, stride, depth int, convert func(to, from []uint8)) {
	for y := range size.Y {
		line := picture[y*stride:][:size.X*depth]
		row := pixels[3*y*size.X:][:3*size.X]
		for x := range size.X {
			convert(row[3*x:3*x+3], line[depth*x:depth*x+depth])
		}
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

// paletteRGB returns the colours of a PNG's palette; what it lacks is black.
func paletteRGB(palette color.Palette) *[256][3]uint8 {
	var colours [256][3]uint8
	for i, entry := range palette {
		c := color.NRGBAModel.Convert(entry).(color.NRGBA) // exact for what image/png has in palettes, RGBA and NRGBA
		colours[i] = [3]uint8{c.R, c.G, c.B}
	}
	return &colours
}
