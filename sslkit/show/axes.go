package show

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

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
	const between = 22 * px
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
