package show

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Confusion shows what classes images were taken for: a row for each true class,
// a column for each predicted one, both in the order of classes. A cell holds
// the number of images and, where there is room, its fraction of the row, which
// is also its colour. Above stands the accuracy. truth and predicted are indices
// into classes, one for each image; it is an error if they differ in length, are
// empty, or hold anything else.
func Confusion(truth, predicted []int32, classes []string) error {
	f, err := confusion(truth, predicted, classes)
	if err != nil {
		return err
	}
	return f.show("confusion matrix: shown in a notebook; show.SaveConfusion keeps it")
}

// ConfusionImage returns the picture that [Confusion] shows.
func ConfusionImage(truth, predicted []int32, classes []string) (image.Image, error) {
	f, err := confusion(truth, predicted, classes)
	if err != nil {
		return nil, err
	}
	return f.image()
}

// SaveConfusion writes what [Confusion] shows to a file, whose name ends in .png
// or .svg.
func SaveConfusion(path string, truth, predicted []int32, classes []string) error {
	f, err := confusion(truth, predicted, classes)
	if err != nil {
		return err
	}
	return f.save(path)
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
		return nil, errors.New("show: Confusion: no images, want at least 1")
	case len(truth) != len(predicted):
		return nil, fmt.Errorf("show: Confusion: %d true and %d predicted classes, want as many", len(truth), len(predicted))
	}
	n := len(classes)
	c := &counts{classes: classes, cells: make([][]int, n), rows: make([]int, n), all: len(truth)}
	for i := range c.cells {
		c.cells[i] = make([]int, n)
	}
	for i, t := range truth {
		p := predicted[i]
		if min(t, p) < 0 || int(max(t, p)) >= n {
			return nil, fmt.Errorf("show: Confusion: image %d has the true class %d and the predicted class %d, want two of %d",
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

func confusion(truth, predicted []int32, classes []string) (figure, error) {
	c, err := tally(truth, predicted, classes)
	if err != nil {
		return figure{}, err
	}
	n := len(classes)
	cell := min(vg.Length(min(46, max(7, 640/n))), 860/vg.Length(n)) * px
	side := max(vg.Length(n)*cell, 140*px)
	cell = side / vg.Length(n)
	const names = 130 * px // for the longest, at most
	style := letters(smallSize, ink)
	var widest vg.Length
	for _, class := range classes {
		widest = max(widest, whole(min(names, style.Width(class))))
	}
	left, bottom := edge+textSize+18*px+widest, edge+textSize+18*px+widest
	width := left + side + 18*px + barRoom + edge
	return figure{width: width, height: bottom + side + heading + edge, draw: func(canvas draw.Canvas) error {
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
	}}, nil
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
