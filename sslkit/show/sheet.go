package show

import (
	"image"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/gossl/gossl/sslkit/dataset"
)

// A tile is an image of a sheet, with words below it.
type tile struct {
	img   *image.NRGBA
	words []string // lines, cut where the cell ends
	wrong bool     // has a mark: a frame, and a cross before the words
}

// A sheet is rows of images in cells of one size, small ones enlarged.
type sheet struct {
	title, note string   // above everything, on two lines
	heads       []string // above the columns
	labels      []string // left of the rows
	rows        [][]tile
	apart       bool // the first column stands apart
}

const (
	gap       = 6 * px   // between cells
	largest   = 128      // pixels of the page for the longer side of an image
	smallest  = 48       // the same in a sheet of many columns
	enlarged  = 96       // the same if the image has fewer pixels
	labelRoom = 150 * px // for the text at the left of rows, at most
	titleRow  = 24 * px
	caption   = smallSize + 3*px
)

// figure draws the sheet.
func (s sheet) figure() figure {
	g := s.layout()
	return figure{width: g.width, height: g.height, coarse: g.zoom == 0, draw: func(canvas draw.Canvas) error {
		top := canvas.Max.Y - edge
		if s.title != "" {
			style := letters(titleSize, ink)
			write(canvas, style, edge, top-titleSize+2*px, fit(s.title, style, g.width-2*edge))
			top -= titleRow
		}
		if s.note != "" {
			write(canvas, letters(textSize, faint), edge, top-textSize+2*px, s.note)
		}
		for i, head := range s.heads {
			style := letters(smallSize, faint)
			style.XAlign = text.XCenter
			write(canvas, style, g.x(i)+g.cell/2, canvas.Max.Y-g.top+6*px, fit(head, style, g.cell+gap))
		}
		for i, row := range s.rows {
			y := canvas.Max.Y - g.top - vg.Length(i)*g.step
			if i < len(s.labels) {
				style := letters(smallSize, ink)
				style.YAlign = text.YCenter
				write(canvas, style, edge, y-g.image/2, fit(s.labels[i], style, labelRoom))
			}
			for j, t := range row {
				t.draw(canvas, &g, g.x(j), y)
			}
		}
		return nil
	}}
}

// draw draws a tile with its upper left corner at a point.
func (t tile) draw(canvas draw.Canvas, g *layout, x, y vg.Length) {
	size := g.shown(t.img.Rect.Size())
	at := vg.Rectangle{Min: vg.Point{X: x, Y: y - vg.Length(size.Y)*px}, Max: vg.Point{X: x + vg.Length(size.X)*px, Y: y}}
	canvas.DrawImage(at, t.img)
	style := letters(smallSize, faint)
	if t.wrong {
		style.Color = wrong
		outline(canvas, at, draw.LineStyle{Color: wrong, Width: 3 * px})
	}
	for i, line := range t.words {
		below := y - g.image - vg.Length(i+1)*caption
		if t.wrong && i == 0 {
			line = "× " + line
		}
		write(canvas, style, x, below, fit(line, style, g.cell+gap/2))
	}
}

// outline draws a frame on a rectangle's inside.
func outline(canvas draw.Canvas, r vg.Rectangle, style draw.LineStyle) {
	half := style.Width / 2
	x0, y0, x1, y1 := r.Min.X+half, r.Min.Y+half, r.Max.X-half, r.Max.Y-half
	canvas.StrokeLines(style, []vg.Point{{X: x0 - half, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}, {X: x0, Y: y0}})
}

// className is the class of image i, or "" if its class has no name.
func className(images *dataset.Images, i int) string {
	if label := int(images.Labels[i]); label >= 0 && label < len(images.Classes) {
		return images.Classes[label]
	}
	return ""
}
