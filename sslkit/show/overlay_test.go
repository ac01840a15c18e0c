package show

import (
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/dataset"
)

// A cell of a map covers its part of the image, the larger the number the stronger.
func TestHeated(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 6, 6))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	img.SetNRGBA(0, 5, color.NRGBA{R: 255, A: 255})
	got := heated(img, []float32{0, 2, 0, 4}, 2)
	full := func(part float64) color.NRGBA {
		mix := func(level uint8) uint8 { return uint8((1-part)*255 + part*float64(level) + 0.5) }
		return color.NRGBA{R: mix(wrong.R), G: mix(wrong.G), B: mix(wrong.B), A: 255}
	}
	for at, want := range map[image.Point]color.NRGBA{
		{X: 2, Y: 2}: {R: 255, G: 255, B: 255, A: 255}, {X: 0, Y: 5}: {R: 76, G: 76, B: 76, A: 255},
		{X: 3, Y: 0}: full(0.35), {X: 3, Y: 3}: full(0.7), {X: 5, Y: 5}: full(0.7), {X: 5, Y: 2}: full(0.35),
	} {
		if c := got.NRGBAAt(at.X, at.Y); !near(c, want, 1) {
			t.Errorf("pixel %v is %v, want %v", at, c, want)
		}
	}
}

// Of an image that is no square, the middle is shown.
func TestCentral(t *testing.T) {
	wide := image.NewNRGBA(image.Rect(0, 0, 8, 2))
	wide.SetNRGBA(3, 1, color.NRGBA{G: 255, A: 255})
	if got := central(wide); got.Rect != image.Rect(0, 0, 2, 2) || got.NRGBAAt(0, 1).G != 255 || got.NRGBAAt(1, 1).G != 0 {
		t.Errorf("the middle is %v of %v", got.Pix, got.Rect)
	}
}

func TestOverlaysSayWhatIsWrong(t *testing.T) {
	one := images(t, 1)
	for want, picture := range map[string]Picture{
		"maps of 0 images for 1":           Overlays(nil, one, nil),
		"maps of 0 images for 0":           Overlays(nil, &dataset.Images{}, nil),
		"1 maps of image 0, want one for":  Overlays(nil, one, [][][]float32{{{1}}}),
		"map 0: 3 numbers, want those":     Overlays([]string{"a"}, one, [][][]float32{{{1, 2, 3}}}),
		"map 0: 0 numbers, want those":     Overlays([]string{"a"}, one, [][][]float32{{{}}}),
		"map 0: number 1 is -1, want 0 or": Overlays([]string{"a"}, one, [][][]float32{{{1, -1, 3, 1}}}),
	} {
		if _, err := picture.Image(); err == nil || !strings.Contains(err.Error(), "show: Overlays: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
