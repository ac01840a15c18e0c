package show

import (
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The look that all pictures share. They are dark on an opaque white card:
// notebooks show SVG as an image, which does not learn the colours of the page.
const (
	px   = vg.Inch / 96 // a pixel of a page
	wide = 864 * px     // a picture as wide as a notebook has room for
	edge = 14 * px      // between the card's edge and what is on it

	titleSize = 15 * px
	textSize  = 13 * px
	smallSize = 11 * px
)

var (
	ink   = color.Gray{Y: 0x22} // of titles
	faint = color.Gray{Y: 0x55} // of numbers and words that explain
	axis  = color.Gray{Y: 0x99}
	rule  = color.Gray{Y: 0xe4} // lines behind curves
	wrong = color.NRGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}
)

// colours are Okabe and Ito's, which colour-blind readers can tell apart, without
// the yellow, which is too light for lines on white.
var colours = []color.Color{
	color.NRGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff},
	color.NRGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff},
	color.NRGBA{R: 0x00, G: 0x9e, B: 0x73, A: 0xff},
	color.NRGBA{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff},
	color.NRGBA{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff},
	color.NRGBA{R: 0x56, G: 0xb4, B: 0xe9, A: 0xff},
	color.NRGBA{R: 0x44, G: 0x44, B: 0x44, A: 0xff},
}

// dashes tell curves of one colour apart.
var dashes = [][]vg.Length{
	nil,
	{6 * px, 3 * px},
	{2 * px, 2.5 * px},
	{10 * px, 3 * px, 2 * px, 3 * px},
}

// glyphs tell points of one colour apart.
var glyphs = []draw.GlyphDrawer{
	draw.CircleGlyph{}, draw.PyramidGlyph{}, draw.BoxGlyph{}, draw.RingGlyph{},
	draw.CrossGlyph{}, draw.TriangleGlyph{}, draw.SquareGlyph{}, draw.PlusGlyph{},
}

// stroke is the look of curve i of many: first the colour changes, then the dashes.
func stroke(i int) draw.LineStyle {
	n := len(colours)
	return draw.LineStyle{Color: colours[i%n], Width: 2 * px, Dashes: dashes[i/n%len(dashes)]}
}

// mark is the look of the points of class i: first the colour changes, then the shape.
func mark(i int, radius vg.Length) draw.GlyphStyle {
	n := len(colours)
	return draw.GlyphStyle{Color: colours[i%n], Radius: radius, Shape: glyphs[i/n%len(glyphs)]}
}

// whole is a length rounded up to pixels of the page, so that what comes behind
// it is sharp.
func whole(length vg.Length) vg.Length { return vg.Length(math.Ceil(float64(length/px))) * px }

// letters is the style of text that begins at a point and stands on it.
func letters(size vg.Length, c color.Color) text.Style {
	return text.Style{
		Color:   c,
		Font:    font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size),
		Handler: plot.DefaultTextHandler,
	}
}

// fit takes the middle out of text that is wider than there is room for: names
// often differ in their ends.
func fit(words string, style text.Style, room vg.Length) string {
	if style.Width(words) <= room {
		return words
	}
	runes := []rune(words)
	for n := len(runes) - 1; n > 0; n-- {
		behind := n / 3
		short := strings.TrimSpace(string(runes[:n-behind])) + "…" + strings.TrimSpace(string(runes[len(runes)-behind:]))
		if style.Width(short) <= room {
			return short
		}
	}
	return ""
}

// number writes a number with so many digits, and a minus sign that is one.
func number(x float64, format byte, digits int) string {
	return strings.ReplaceAll(strconv.FormatFloat(x, format, digits, 64), "-", "−")
}
