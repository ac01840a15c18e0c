package show

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// square is a matrix as a grid of a heat map, its first row on top.
type square struct {
	n  int
	at func(row, column int) float64
}

// Dims returns the numbers of columns and rows.
func (s square) Dims() (columns, rows int) { return s.n, s.n }

// Z returns the value in a column, and a row counted from below.
func (s square) Z(column, row int) float64 { return s.at(s.n-1-row, column) }

// X returns the middle of a column.
func (s square) X(column int) float64 { return float64(column) }

// Y returns the middle of a row, counted from below.
func (s square) Y(row int) float64 { return float64(row) }

// shades are how many colours a heat map has: an odd number, so that one of
// them is the middle.
const shades = 255

// tones are the colours of a scale, from the lowest value to the highest.
type tones []color.Color

// Colors returns them.
func (s tones) Colors() []color.Color { return s }

// tonesOf returns the colours of a scale. (A reversed scale's own Palette lacks
// the one in the middle.)
func tonesOf(scale palette.ColorMap) tones {
	var list tones
	for i := range shades {
		part := float64(i) / (shades - 1)
		c, err := scale.At(scale.Min() + part*(scale.Max()-scale.Min()))
		if err != nil {
			panic(err) // the value is within the bounds
		}
		list = append(list, c)
	}
	return list
}

// draw fills a part of the canvas with the cells.
func (s square) draw(canvas draw.Canvas, scale palette.ColorMap) {
	list := tonesOf(scale)
	heat := plotter.NewHeatMap(s, list)
	heat.Min, heat.Max, heat.Rasterized = scale.Min(), scale.Max(), true
	heat.Underflow, heat.Overflow = list[0], list[shades-1]
	p := plot.New()
	p.Add(heat)
	heat.Plot(canvas, p)
	outline(canvas, canvas.Rectangle, draw.LineStyle{Color: axis, Width: px})
}

// barRoom is the width of a colour bar with its numbers.
const barRoom = 66 * px

// drawBar draws a colour bar into the canvas from its left edge, with numbers
// beside it and what they mean along them.
func drawBar(canvas draw.Canvas, scale palette.ColorMap, meaning string) {
	bar := canvas
	bar.Max.X = bar.Min.X + 14*px
	p := plot.New()
	shade := &plotter.ColorBar{ColorMap: scale, Vertical: true, Colors: shades}
	p.Add(shade)
	shade.Plot(bar, p)
	outline(canvas, bar.Rectangle, draw.LineStyle{Color: axis, Width: px})
	style := letters(smallSize, faint)
	style.YAlign = text.YCenter
	for _, t := range (ticks{most: 5}).Ticks(scale.Min(), scale.Max()) {
		y := bar.Y((t.Value - scale.Min()) / (scale.Max() - scale.Min()))
		canvas.StrokeLine2(draw.LineStyle{Color: axis, Width: px}, bar.Max.X, y, bar.Max.X+3*px, y)
		write(canvas, style, bar.Max.X+6*px, y, t.Label)
	}
	upright(canvas, bar.Min.X+barRoom-textSize, bar.Center().Y, meaning)
}

// upright writes a line from below to above, around a point.
func upright(canvas draw.Canvas, x, y vg.Length, words string) {
	style := letters(textSize, faint)
	style.Rotation, style.XAlign, style.YAlign = math.Pi/2, text.XCenter, text.YCenter
	write(canvas, style, x, y, words)
}

// diverging are colours from −limit, blue, to limit, red, grey at 0.
func diverging(limit float64) palette.ColorMap {
	scale := moreland.SmoothBlueRed()
	scale.SetMin(-limit)
	scale.SetMax(limit)
	return scale
}

// rising are colours from white at 0 to dark blue at 1.
func rising() palette.ColorMap {
	scale, err := moreland.NewLuminance([]color.Color{
		color.NRGBA{R: 0x08, G: 0x30, B: 0x6b, A: 0xff}, color.NRGBA{R: 0x21, G: 0x71, B: 0xb5, A: 0xff},
		color.NRGBA{R: 0x6b, G: 0xae, B: 0xd6, A: 0xff}, color.NRGBA{R: 0xc6, G: 0xdb, B: 0xef, A: 0xff}, color.White,
	})
	if err != nil {
		panic(err) // the colours do get lighter
	}
	scale.SetMin(0)
	scale.SetMax(1)
	return palette.Reverse(scale)
}
