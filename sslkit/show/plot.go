package show

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Series is a curve with a name.
type Series struct {
	Name string
	Y    []float64
	X    []float64 // of each value; nil: 0, 1, 2, …
}

// Lines shows curves on common axes. y is what they show and stands above, x
// what they run along, with its unit, as in "time (minutes)". More than one
// series, or one with a name, gets a legend. It is an error if there is no
// value, a value is no finite number, or X and Y differ in length.
func Lines(y, x string, series ...Series) Picture {
	if len(series) == 0 {
		return failed("show: Lines: no series, want at least 1")
	}
	const width = 600 * px
	var names legend
	var curves []plotter.XYs
	whole := true
	for i, s := range series {
		xys, err := s.points()
		if err != nil {
			return failed("show: Lines: series %d %q: %w", i, s.Name, err)
		}
		curves = append(curves, xys)
		for _, xy := range xys {
			whole = whole && xy.X == math.Trunc(xy.X)
		}
		if s.Name != "" {
			names.line(s.Name, stroke(i))
		} else if len(series) > 1 {
			names.line(fmt.Sprintf("series %d", i), stroke(i))
		}
	}
	return Picture{what: "lines", width: width, height: 320*px + names.height(width-2*edge), draw: func(canvas draw.Canvas) error {
		p := panel(y, x)
		for i, xys := range curves {
			if err := addCurve(p, stroke(i), xys, true); err != nil {
				return fmt.Errorf("show: Lines: series %d: %w", i, err)
			}
		}
		p.X.Tick.Marker = ticks{most: 10, whole: whole}
		frame(p)
		drawPanels(names.below(draw.Crop(canvas, edge, -edge, edge, -edge)), p)
		return nil
	}}
}

// points are the values with their places.
func (s Series) points() (plotter.XYs, error) {
	if len(s.Y) == 0 {
		return nil, errors.New("no values, want at least 1")
	}
	if s.X != nil && len(s.X) != len(s.Y) {
		return nil, fmt.Errorf("%d values of X for %d of Y, want as many, or none", len(s.X), len(s.Y))
	}
	xys := make(plotter.XYs, len(s.Y))
	for i, y := range s.Y {
		xys[i] = plotter.XY{X: float64(i), Y: y}
		if s.X != nil {
			xys[i].X = s.X[i]
		}
		if sum := xys[i].X + y; math.IsNaN(sum) || math.IsInf(sum, 0) {
			return nil, fmt.Errorf("value %d is (%g, %g), want finite numbers", i, xys[i].X, y)
		}
	}
	return xys, nil
}

// panel returns an empty plot. Its title says what goes up, x what goes to the right.
func panel(title, x string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text = title, x
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks{most: 8}, ticks{most: 6}
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font, a.Label.TextStyle.Color = letters(textSize, faint).Font, faint
		a.Tick.Label.Font, a.Tick.Label.Color = letters(smallSize, faint).Font, faint
		a.LineStyle = draw.LineStyle{Color: axis, Width: px}
		a.Tick.LineStyle, a.Tick.Length = a.LineStyle, 4*px
		a.Label.Padding, a.Padding = 4*px, 0
	}
	grid := plotter.NewGrid()
	grid.Horizontal, grid.Vertical = draw.LineStyle{Color: rule, Width: px}, draw.LineStyle{Color: rule, Width: px}
	p.Add(grid)
	return p
}

// frame makes room for the ends of curves.
func frame(p *plot.Plot) {
	if math.IsInf(p.Y.Min, 0) { // nothing to draw yet
		p.Y.Min, p.Y.Max = 0, 1
	}
	if p.X.Max <= p.X.Min {
		p.X.Max = p.X.Min + 1
	}
	margin := 0.08 * (p.Y.Max - p.Y.Min)
	if margin == 0 {
		margin = max(0.05, 0.05*math.Abs(p.Y.Min))
	}
	p.Y.Min, p.Y.Max = p.Y.Min-margin, p.Y.Max+margin
}

// drawPanels draws plots side by side, their axes on one line and their titles
// above the left ends.
func drawPanels(canvas draw.Canvas, panels ...*plot.Plot) {
	style := letters(titleSize, ink)
	tiles := draw.Tiles{Cols: len(panels), Rows: 1, PadX: between}
	below := draw.Crop(canvas, 0, 0, 0, -heading)
	var titles []string
	for _, p := range panels {
		titles = append(titles, p.Title.Text)
		p.Title.Text, p.BackgroundColor = "", nil
	}
	for i, c := range plot.Align([][]*plot.Plot{panels}, tiles, below)[0] {
		left := panels[i].DataCanvas(c).Min.X
		canvas.FillText(style, vg.Point{X: left, Y: canvas.Max.Y - titleSize}, fit(titles[i], style, c.Max.X-left+between))
		panels[i].Draw(c)
	}
}

// between is the room between panels.
const between = 22 * px

// heading is the height of a title with the room below it.
const heading = titleSize + 10*px

// ticks are round numbers on an axis, 1, 2 or 5 times a power of ten apart.
type ticks struct {
	most  int  // there are no more steps than these
	whole bool // numbers that count something
}

// Ticks returns the marks between two numbers.
func (t ticks) Ticks(low, high float64) []plot.Tick {
	span := high - low
	if !(span > 0) || math.IsInf(span, 0) {
		return nil
	}
	step, digits := t.step(span)
	kind := byte('f')
	if digits > 5 || step >= 1e6 {
		kind, digits = 'g', 1+int(math.Ceil(math.Log10(max(math.Abs(low), math.Abs(high))/step)))
	}
	var marks []plot.Tick
	const slack = 1e-9
	for i := math.Ceil(low/step - slack); i*step <= high+slack*span; i++ {
		x := i*step + 0 // not −0
		marks = append(marks, plot.Tick{Value: x, Label: number(x, kind, digits)})
	}
	return marks
}

// step is the distance of marks, and how many digits they need behind the point.
func (t ticks) step(span float64) (step float64, digits int) {
	power := int(math.Floor(math.Log10(span / float64(t.most))))
	for _, factor := range []float64{1, 2, 5, 10} {
		if step = factor * math.Pow10(power); span/step <= float64(t.most)*(1+1e-9) {
			if factor == 10 {
				power++
			}
			break
		}
	}
	if t.whole && step < 1 {
		return 1, 0
	}
	return step, max(0, -power)
}

// write puts a line of text on the canvas, from a point to the right or,
// aligned otherwise, around it.
func write(canvas draw.Canvas, style text.Style, x, y vg.Length, words string) {
	if style.YAlign == text.YCenter && style.Rotation == 0 {
		y += style.Font.Size / 10 // gonum's middle is a little below that of capitals and numbers
	}
	canvas.FillText(style, vg.Point{X: x, Y: y}, words)
}

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
