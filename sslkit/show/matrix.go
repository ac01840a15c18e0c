package show

import (
	"fmt"
	"image"
	"math"

	"github.com/janpfeifer/gonb/gonbui"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Matrix shows a square matrix as colours, row after row from the top: blue
// below 0, red above, grey at 0. Colours end at −limit and limit, and stay there
// for values beyond, so that pictures with one limit can be compared. It is an
// error if values are not those of a square matrix, one is not a number, or
// limit is not positive.
func Matrix(title string, values []float32, limit float64) error {
	f, err := matrix(title, values, limit)
	if err != nil {
		return err
	}
	return f.show("matrix: shown in a notebook; show.SaveMatrix keeps it")
}

// MatrixImage returns the picture that [Matrix] shows.
func MatrixImage(title string, values []float32, limit float64) (image.Image, error) {
	f, err := matrix(title, values, limit)
	if err != nil {
		return nil, err
	}
	return f.image()
}

// SaveMatrix writes what [Matrix] shows to a file, whose name ends in .png or
// .svg.
func SaveMatrix(path, title string, values []float32, limit float64) error {
	f, err := matrix(title, values, limit)
	if err != nil {
		return err
	}
	return f.save(path)
}

// LiveMatrix returns a function that shows one matrix after the other, each in
// place of the one before, for a loop that changes it. A picture takes longer
// than many a step: show every tenth or so. Outside notebooks it shows nothing.
func LiveMatrix(limit float64) func(title string, values []float32) error {
	id := "sslkit_" + gonbui.UniqueId()
	return func(title string, values []float32) error {
		f, err := matrix(title, values, limit)
		if err != nil {
			return err
		}
		return f.update(id)
	}
}

func matrix(title string, values []float32, limit float64) (figure, error) {
	n := int(math.Round(math.Sqrt(float64(len(values)))))
	if n == 0 || n*n != len(values) {
		return figure{}, fmt.Errorf("show: Matrix: %d values, want those of a square matrix", len(values))
	}
	if !(limit > 0) || math.IsInf(limit, 0) {
		return figure{}, fmt.Errorf("show: Matrix: limit %g, want a positive number", limit)
	}
	for i, x := range values {
		if x != x {
			return figure{}, fmt.Errorf("show: Matrix: row %d, column %d is not a number", i/n, i%n)
		}
	}
	side := matrixSide(n)
	left, bottom := edge+36*px, edge+20*px
	width := left + side + 18*px + barRoom + edge - textSize
	return figure{width: width, height: bottom + side + heading + edge, draw: func(canvas draw.Canvas) error {
		style := letters(titleSize, ink)
		write(canvas, style, left, canvas.Max.Y-edge-titleSize+2*px, fit(title, style, width-left-edge))
		cells := draw.Crop(canvas, left, left+side-canvas.Max.X, bottom, bottom+side-canvas.Max.Y)
		square{n, func(row, column int) float64 { return float64(values[row*n+column]) }}.draw(cells, diverging(limit))
		drawIndices(cells, n)
		bar := canvas
		bar.Min, bar.Max = vg.Point{X: left + side + 18*px, Y: cells.Min.Y}, vg.Point{X: canvas.Max.X, Y: cells.Max.Y}
		drawBar(bar, diverging(limit), "")
		return nil
	}}, nil
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
