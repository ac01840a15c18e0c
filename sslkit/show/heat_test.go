package show

import (
	"image/color"
	"testing"

	"gonum.org/v1/plot/palette"
)

// Scales have their colours from end to end, and −limit to limit is grey in the middle.
func TestScales(t *testing.T) {
	for name, scale := range map[string]palette.ColorMap{"diverging": diverging(0.3), "rising": rising()} {
		list := tonesOf(scale)
		if len(list) != shades {
			t.Fatalf("%s: %d colours, want %d", name, len(list), shades)
		}
		for i, c := range list {
			if c == nil {
				t.Errorf("%s: colour %d is missing", name, i)
			} else if i > 0 && !near(c, list[i-1], 12) {
				t.Errorf("%s: colours %d and %d, %v and %v, are far apart", name, i-1, i, list[i-1], c)
			}
		}
	}
	middle := color.NRGBAModel.Convert(tonesOf(diverging(7))[shades/2]).(color.NRGBA)
	if !near(middle, color.Gray{Y: middle.G}, 2) {
		t.Errorf("the middle is %v, want grey", middle)
	}
	if white := tonesOf(rising())[0]; !near(white, color.White, 1) {
		t.Errorf("0 is %v, want white", white)
	}
}
