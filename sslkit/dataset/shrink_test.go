package dataset

import (
	"bytes"
	"image"
	"math"
	"testing"

	"golang.org/x/image/draw"
)

// One colour stays as it is, whatever the sizes.
func TestShrinkKeepsColours(t *testing.T) {
	for _, c := range []uint8{0, 1, 2, 100, 254, 255} {
		for _, size := range []Frame{{0, 20, 31}, {0, 7, 10}, {0, 19, 30}, {0, 1, 1}, {0, 1, 31}} {
			got := shrink(bytes.Repeat([]uint8{c}, 20*31*3), Frame{Height: 20, Width: 31}, size)
			if want := bytes.Repeat([]uint8{c}, size.Height*size.Width*3); !bytes.Equal(got, want) {
				t.Fatalf("colour %d at %d×%d: got %v", c, size.Width, size.Height, got)
			}
		}
	}
}

// A ramp stays a ramp, and each channel keeps to itself.
func TestShrinkRamp(t *testing.T) {
	const height, width = 40, 60
	pixels := make([]uint8, height*width*3)
	for y := range height {
		for x := range width {
			copy(pixels[3*(y*width+x):], []uint8{uint8(4 * x), uint8(6 * y), 9})
		}
	}
	got := shrink(pixels, Frame{Height: height, Width: width}, Frame{Height: height / 4, Width: width / 4})
	for y := 2; y < height/4-2; y++ {
		for x := 2; x < width/4-2; x++ {
			pixel := got[3*(y*width/4+x):][:3]
			wantR, wantG := 4*(4*float64(x)+1.5), 6*(4*float64(y)+1.5)
			if math.Abs(float64(pixel[0])-wantR) > 1 || math.Abs(float64(pixel[1])-wantG) > 1 || pixel[2] != 9 {
				t.Fatalf("at %d, %d: got %v, want %.1f, %.1f, 9", x, y, pixel, wantR, wantG)
			}
		}
	}
}

// golang.org/x/image has the same filter, at a third of the speed.
func TestShrinkAsDraw(t *testing.T) {
	for _, c := range []struct{ from, to Frame }{
		{Frame{0, 37, 50}, Frame{0, 16, 21}},
		{Frame{0, 64, 20}, Frame{0, 60, 19}},
		{Frame{0, 9, 90}, Frame{0, 1, 10}},
		{Frame{0, 30, 30}, Frame{0, 30, 29}},
	} {
		picture := testImages(c.from).NRGBA(0)
		want := image.NewRGBA64(image.Rect(0, 0, c.to.Width, c.to.Height)) // to 8 bits, draw would not round
		draw.CatmullRom.Scale(want, want.Rect, picture, picture.Rect, draw.Src, nil)
		got := shrink(testPixels(0, c.from.Height, c.from.Width), c.from, c.to)
		for p := range c.to.Height * c.to.Width {
			colour := want.RGBA64At(p%c.to.Width, p/c.to.Width)
			for i, value := range []uint16{colour.R, colour.G, colour.B} {
				if math.Abs(float64(got[3*p+i])-float64(value)/257) > 0.51 {
					t.Fatalf("%v to %v: pixel %d, channel %d is %d, want %.2f", c.from, c.to, p, i, got[3*p+i], float64(value)/257)
				}
			}
		}
	}
}
