package show

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// legend names the looks of curves or points. It stands beside the plots, never
// over them.
type legend struct {
	names  []string
	thumbs []plot.Thumbnailer
}

const (
	legendRow  = textSize + 6*px // height of a row
	legendIcon = 26 * px
	legendGap  = 18 * px // between columns
)

// line adds the look of a curve.
func (l *legend) line(name string, style draw.LineStyle) {
	l.names, l.thumbs = append(l.names, name), append(l.thumbs, &plotter.Line{LineStyle: style})
}

// point adds the look of points.
func (l *legend) point(name string, style draw.GlyphStyle) {
	l.names, l.thumbs = append(l.names, name), append(l.thumbs, &plotter.Scatter{GlyphStyle: style})
}

// layout returns how many columns fit into a width, how many rows they have,
// and how wide a column is.
func (l *legend) layout(width vg.Length) (columns, rows int, column vg.Length) {
	n := len(l.names)
	if n == 0 {
		return 0, 0, 0
	}
	column = min(l.width(), width)
	columns = max(1, min(n, int((width+legendGap)/(column+legendGap))))
	rows = (n + columns - 1) / columns
	return (n + rows - 1) / rows, rows, column
}

// width is that of a column which has room for all names.
func (l *legend) width() vg.Length {
	style := letters(textSize, ink)
	var widest vg.Length
	for _, name := range l.names {
		widest = max(widest, style.Width(name))
	}
	return legendIcon + style.Width(" ") + widest + px
}

// height is that of all rows when the legend is so wide, with room above.
func (l *legend) height(width vg.Length) vg.Length {
	_, rows, _ := l.layout(width)
	if rows == 0 {
		return 0
	}
	return vg.Length(rows)*legendRow + 10*px
}

// draw draws the legend into the canvas, from the left, at the top.
func (l *legend) draw(canvas draw.Canvas) {
	columns, rows, width := l.layout(canvas.Size().X)
	style := letters(textSize, ink)
	for column := range columns {
		part := plot.NewLegend()
		part.TextStyle, part.Top, part.Left = style, true, true
		part.ThumbnailWidth, part.YPosition = legendIcon, draw.PosCenter
		part.Padding = legendRow - style.Rectangle("x").Max.Y
		for i := column * rows; i < min((column+1)*rows, len(l.names)); i++ {
			part.Add(fit(l.names[i], style, width-legendIcon-style.Width(" ")), l.thumbs[i])
		}
		part.Draw(draw.Crop(canvas, vg.Length(column)*(width+legendGap), 0, 0, 0))
	}
}

// below draws the legend at the bottom of a canvas, and returns the rest of it.
func (l *legend) below(canvas draw.Canvas) draw.Canvas {
	height := l.height(canvas.Size().X)
	if height == 0 {
		return canvas
	}
	l.draw(draw.Crop(canvas, 0, 0, 0, height-10*px-canvas.Size().Y))
	return draw.Crop(canvas, 0, 0, height, 0)
}
