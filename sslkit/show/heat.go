package show

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Matrix shows a square matrix as colours, row after row from the top: blue
// below 0, red above, grey at 0. Colours end at −limit and limit, and stay there
// for values beyond, so that pictures with one limit can be compared. It is an
// error if values are not those of a square matrix, one is not a number, or
// limit is not positive.
func Matrix(title string, values []float32, limit float64) Picture {
	n := int(math.Round(math.Sqrt(float64(len(values)))))
	if n == 0 || n*n != len(values) {
		return failed("show: Matrix: %d values, want those of a square matrix", len(values))
	}
	if !(limit > 0) || math.IsInf(limit, 0) {
		return failed("show: Matrix: limit %g, want a positive number", limit)
	}
	for i, x := range values {
		if x != x {
			return failed("show: Matrix: row %d, column %d is not a number", i/n, i%n)
		}
	}
	values = slices.Clone(values)
	side := matrixSide(n)
	left, bottom := edge+36*px, edge+20*px
	width := left + side + 18*px + barRoom + edge - textSize
	return Picture{what: "matrix", width: width, height: bottom + side + heading + edge, draw: func(canvas draw.Canvas) error {
		style := letters(titleSize, ink)
		write(canvas, style, left, canvas.Max.Y-edge-titleSize+2*px, fit(title, style, width-left-edge))
		cells := draw.Crop(canvas, left, left+side-canvas.Max.X, bottom, bottom+side-canvas.Max.Y)
		square{n, func(row, column int) float64 { return float64(values[row*n+column]) }}.draw(cells, diverging(limit))
		drawIndices(cells, n)
		bar := canvas
		bar.Min, bar.Max = vg.Point{X: left + side + 18*px, Y: cells.Min.Y}, vg.Point{X: canvas.Max.X, Y: cells.Max.Y}
		drawBar(bar, diverging(limit), "")
		return nil
	}}
}

// matrixSide is about 420 pixels of the page, but so many that cells are of one
// size on a fine screen, as long as there are as many of its pixels.
func matrixSide(n int) vg.Length {
	const dots = 2 * 420
	if n > dots {
		return dots / 2 * px
	}
	return vg.Length((dots+n/2)/n*n) / 2 * px
}

// drawIndices numbers rows and columns from 0.
func drawIndices(cells draw.Canvas, n int) {
	style := draw.LineStyle{Color: axis, Width: px}
	beside, below := letters(smallSize, faint), letters(smallSize, faint)
	beside.XAlign, beside.YAlign = text.XRight, text.YCenter
	below.XAlign, below.YAlign = text.XCenter, text.YTop
	indices := ticks{most: 8, whole: true}.Ticks(0, float64(n)-0.5)
	if n == 1 {
		indices = indices[:1]
	}
	for _, t := range indices {
		at := vg.Length((t.Value+0.5)/float64(n)) * cells.Size().X
		x, y := cells.Min.X+at, cells.Max.Y-at
		cells.StrokeLine2(style, cells.Min.X-4*px, y, cells.Min.X, y)
		cells.StrokeLine2(style, x, cells.Min.Y-4*px, x, cells.Min.Y)
		write(cells, beside, cells.Min.X-7*px, y, t.Label)
		write(cells, below, x, cells.Min.Y-5*px, t.Label)
	}
}

// Confusion shows what classes images were taken for: a row for each true class,
// a column for each predicted one, both in the order of classes. A cell holds
// the number of images and, where there is room, its fraction of the row, which
// is also its colour. Above stands the accuracy. truth and predicted are indices
// into classes, one for each image; it is an error if they differ in length, are
// empty, or hold anything else.
func Confusion(truth, predicted []int32, classes []string) Picture {
	c, err := tally(truth, predicted, classes)
	if err != nil {
		return failed("show: Confusion: %w", err)
	}
	n := len(c.classes)
	cell := min(vg.Length(min(46, max(7, 640/n))), 860/vg.Length(n)) * px
	side := max(vg.Length(n)*cell, 140*px)
	cell = side / vg.Length(n)
	const names = 130 * px // for the longest, at most
	style := letters(smallSize, ink)
	var widest vg.Length
	for _, class := range c.classes {
		widest = max(widest, whole(min(names, style.Width(class))))
	}
	left, bottom := edge+textSize+18*px+widest, edge+textSize+18*px+widest
	width := left + side + 18*px + barRoom + edge
	return Picture{what: "confusion matrix", width: width, height: bottom + side + heading + edge, draw: func(canvas draw.Canvas) error {
		title := fmt.Sprintf("accuracy %.3f, %d of %d images", float64(c.right)/float64(c.all), c.right, c.all)
		titleStyle := letters(titleSize, ink)
		write(canvas, titleStyle, edge, canvas.Max.Y-edge-titleSize+2*px, fit(title, titleStyle, width-2*edge))
		matrix := draw.Crop(canvas, left, left+side-canvas.Max.X, bottom, bottom+side-canvas.Max.Y)
		square{n, c.fraction}.draw(matrix, rising())
		c.drawNumbers(matrix, cell)
		c.drawNames(matrix, cell, names)
		upright(canvas, edge+textSize/2, matrix.Center().Y, "true class")
		under := letters(textSize, faint)
		under.XAlign = text.XCenter
		write(canvas, under, matrix.Center().X, edge, "predicted class")
		bar := canvas
		bar.Min, bar.Max = vg.Point{X: left + side + 18*px, Y: matrix.Min.Y}, vg.Point{X: canvas.Max.X, Y: matrix.Max.Y}
		drawBar(bar, rising(), "fraction of the row")
		return nil
	}}
}

// counts are the numbers of images by true and predicted class.
type counts struct {
	classes []string
	cells   [][]int // [true][predicted]
	rows    []int   // sums
	right   int
	all     int
}

func tally(truth, predicted []int32, classes []string) (*counts, error) {
	switch {
	case len(truth) == 0:
		return nil, errors.New("no images, want at least 1")
	case len(truth) != len(predicted):
		return nil, fmt.Errorf("%d true and %d predicted classes, want as many", len(truth), len(predicted))
	}
	n := len(classes)
	c := &counts{classes: slices.Clone(classes), cells: make([][]int, n), rows: make([]int, n), all: len(truth)}
	for i := range c.cells {
		c.cells[i] = make([]int, n)
	}
	for i, t := range truth {
		p := predicted[i]
		if min(t, p) < 0 || int(max(t, p)) >= n {
			return nil, fmt.Errorf("image %d has the true class %d and the predicted class %d, want two of %d",
				i, t, p, n)
		}
		c.cells[t][p]++
		c.rows[t]++
		if t == p {
			c.right++
		}
	}
	return c, nil
}

// fraction is that of a row; 0 in a row without images.
func (c *counts) fraction(row, column int) float64 {
	return float64(c.cells[row][column]) / float64(max(1, c.rows[row]))
}

// drawNumbers fills the cells that are large enough. Empty ones stay empty.
func (c *counts) drawNumbers(matrix draw.Canvas, cell vg.Length) {
	style := letters(smallSize, ink)
	style.XAlign, style.YAlign = text.XCenter, text.YCenter
	for row := range c.cells {
		for column, n := range c.cells[row] {
			number := strconv.Itoa(n)
			if n == 0 && row != column || style.Width(number) > cell-2*px || smallSize > cell {
				continue
			}
			style.Color = color.Color(ink)
			if c.fraction(row, column) > 0.5 {
				style.Color = color.White
			}
			x, y := matrix.Min.X+(vg.Length(column)+0.5)*cell, matrix.Max.Y-(vg.Length(row)+0.5)*cell
			if cell < 40*px || c.rows[row] == 0 {
				write(matrix, style, x, y, number)
				continue
			}
			write(matrix, style, x, y+7*px, number)
			write(matrix, style, x, y-7*px, fmt.Sprintf("%.2f", c.fraction(row, column)))
		}
	}
}

// drawNames writes the classes beside rows and below columns, every so many
// where they would pile up.
func (c *counts) drawNames(matrix draw.Canvas, cell, room vg.Length) {
	every := int(math.Ceil(float64((smallSize + px) / cell)))
	beside, below := letters(smallSize, ink), letters(smallSize, ink)
	beside.XAlign, beside.YAlign = text.XRight, text.YCenter
	below.Rotation, below.XAlign, below.YAlign = math.Pi/2, text.XRight, text.YCenter
	for i := 0; i < len(c.classes); i += every {
		name, at := fit(c.classes[i], beside, room), (vg.Length(i)+0.5)*cell
		write(matrix, beside, matrix.Min.X-5*px, matrix.Max.Y-at, name)
		write(matrix, below, matrix.Min.X+at, matrix.Min.Y-5*px, name)
	}
}

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
