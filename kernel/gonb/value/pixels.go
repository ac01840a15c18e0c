package value

import (
	"encoding/binary"
	"image"
	"image/color"
	"math"
)

// What a pixel of a picture is, as in the image types of these names.
const (
	Gray = iota
	Gray16
	NRGBA
	NRGBA64
)

// Header is how many bytes come before a picture's pixels: its width and its
// height as little-endian uint32, and what a pixel is.
const Header = 9

// Size is the number of bytes of a pixel.
func Size(model byte) int { return [...]int{Gray: 1, Gray16: 2, NRGBA: 4, NRGBA64: 8}[model&3] }

// mostPixels are shown of a picture. Of a larger one, such as image.Uniform, some
// rows and columns are left out.
const mostPixels = 1 << 24

// pixels is a picture for another program to encode, since an encoder would cost
// each cell time to link: one of step×step pixels. The data are nil if the picture
// has none.
func pixels(m image.Image) (data []byte, step int) {
	box := m.Bounds()
	if box.Empty() {
		return nil, 0
	}
	wide, high := box.Dx(), box.Dy()
	for step = max(1, int(math.Sqrt(float64(wide)/mostPixels*float64(high)))); ceil(wide, step)*ceil(high, step) > mostPixels; step++ {
	}
	wide, high = ceil(wide, step), ceil(high, step)
	model := modelOf(m)
	data = make([]byte, Header, Header+wide*high*Size(model))
	binary.LittleEndian.PutUint32(data, uint32(wide))
	binary.LittleEndian.PutUint32(data[4:], uint32(high))
	data[8] = model
	if m, ok := m.(*image.NRGBA); ok && step == 1 {
		for y := range high {
			data = append(data, m.Pix[y*m.Stride:][:4*wide]...)
		}
		return data, step
	}
	at := colorAt(m)
	for y := range high {
		for x := range wide {
			data = appendPixel(data, model, at(box.Min.X+x*step, box.Min.Y+y*step))
		}
	}
	return data, step
}

func ceil(a, b int) int { return (a + b - 1) / b }

func modelOf(m image.Image) byte {
	switch m.ColorModel() {
	case color.GrayModel:
		return Gray
	case color.Gray16Model:
		return Gray16
	case color.RGBA64Model, color.NRGBA64Model, color.Alpha16Model:
		return NRGBA64
	}
	return NRGBA
}

// colorAt looks at a picture's pixels, in the quickest way that it offers.
func colorAt(m image.Image) func(x, y int) color.RGBA64 {
	if m, ok := m.(image.RGBA64Image); ok {
		return m.RGBA64At
	}
	return func(x, y int) color.RGBA64 {
		r, g, b, a := m.At(x, y).RGBA()
		return color.RGBA64{R: uint16(r), G: uint16(g), B: uint16(b), A: uint16(a)}
	}
}

func appendPixel(data []byte, model byte, c color.RGBA64) []byte {
	switch model {
	case Gray:
		return append(data, byte(c.R>>8))
	case Gray16:
		return append(data, byte(c.R>>8), byte(c.R))
	}
	if c.A != 0 && c.A != 0xffff { // pixels are not multiplied by their opacity
		whole := func(v uint16) uint16 { return uint16(min(0xffff, uint32(v)*0xffff/uint32(c.A))) }
		c.R, c.G, c.B = whole(c.R), whole(c.G), whole(c.B)
	}
	if model == NRGBA64 {
		return append(data, byte(c.R>>8), byte(c.R), byte(c.G>>8), byte(c.G), byte(c.B>>8), byte(c.B), byte(c.A>>8), byte(c.A))
	}
	return append(data, byte(c.R>>8), byte(c.G>>8), byte(c.B>>8), byte(c.A>>8))
}
