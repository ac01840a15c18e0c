package value

import (
	"encoding/binary"
	"image"
	"image/color"
	"testing"
)

// foreign has no more than the methods of an image.
type foreign struct{ model color.Model }

func (f foreign) ColorModel() color.Model { return f.model }
func (f foreign) Bounds() image.Rectangle { return image.Rect(-1, 2, 1, 3) }
func (f foreign) At(x, y int) color.Color { return color.NRGBA{uint8(x + 1), uint8(y), 3, 0x80} }

func TestPixels(t *testing.T) {
	nrgba := image.NewNRGBA(image.Rect(0, 0, 4, 4))
	nrgba.SetNRGBA(2, 1, color.NRGBA{1, 2, 3, 4})
	gray16 := image.NewGray16(image.Rect(0, 0, 1, 1))
	gray16.SetGray16(0, 0, color.Gray16{Y: 0x1234})
	for _, c := range []struct {
		m          image.Image
		model      byte
		wide, high uint32
		pixels     string // that it begins with
	}{
		{nrgba.SubImage(image.Rect(2, 1, 4, 3)), NRGBA, 2, 2, "\x01\x02\x03\x04\x00"},
		{gray16, Gray16, 1, 1, "\x12\x34"},
		{image.NewGray(image.Rect(0, 0, 3, 1)), Gray, 3, 1, "\x00\x00\x00"},
		{image.NewRGBA64(image.Rect(0, 0, 1, 1)), NRGBA64, 1, 1, "\x00\x00\x00\x00\x00\x00\x00\x00"},
		{image.NewPaletted(image.Rect(0, 0, 1, 1), color.Palette{color.NRGBA{9, 8, 7, 255}}), NRGBA, 1, 1, "\x09\x08\x07\xff"},
		{image.NewYCbCr(image.Rect(0, 0, 2, 2), image.YCbCrSubsampleRatio420), NRGBA, 2, 2, "\x00\x87\x00\xff"},
		{foreign{color.NRGBAModel}, NRGBA, 2, 1, "\x00\x02\x03\x80\x01\x02\x03\x80"},
	} {
		data, step := pixels(c.m)
		if step != 1 || len(data) != Header+int(c.wide*c.high)*Size(c.model) {
			t.Errorf("%T: %d bytes, step %d", c.m, len(data), step)
			continue
		}
		wide, high := binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:])
		if wide != c.wide || high != c.high || data[8] != c.model || string(data[Header:Header+len(c.pixels)]) != c.pixels {
			t.Errorf("%T: %d×%d of %d: %x, want %d×%d of %d: %x", c.m, wide, high, data[8], data[Header:], c.wide, c.high, c.model, c.pixels)
		}
	}
	if data, _ := pixels(image.NewGray(image.Rectangle{})); data != nil {
		t.Error("a picture without pixels has some")
	}
}

// A picture without end is shown, with rows and columns left out.
func TestPixelsAreBounded(t *testing.T) {
	data, step := pixels(image.NewUniform(color.Gray{Y: 7}))
	if step < 1000 || len(data) > Header+8*mostPixels {
		t.Errorf("%d bytes, step %d", len(data), step)
	}
}
