package show

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/gossl/gossl/sslkit/train"
)

// palette is Okabe and Ito's, which colour-blind readers can tell apart.
var palette = []color.Color{
	color.NRGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff},
	color.NRGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff},
	color.NRGBA{R: 0x00, G: 0x9e, B: 0x73, A: 0xff},
	color.NRGBA{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff},
	color.NRGBA{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff},
	color.NRGBA{R: 0x56, G: 0xb4, B: 0xe9, A: 0xff},
}

// Curves shows kNN accuracy and training loss by epoch, side by side. Epoch 0
// is the untrained network, whose accuracy a dashed line carries along. Several
// runs share the axes and get a legend; runs of different methods, whose losses
// mean different things, show the spread of their embeddings in place of the
// loss. Notebooks keep it as SVG and as PNG.
func Curves(results ...*train.Result) error {
	return curves(results).show("curves: shown in a notebook; show.SaveCurves keeps them")
}

// CurvesImage returns the picture that [Curves] shows.
func CurvesImage(results ...*train.Result) (image.Image, error) { return curves(results).image() }

// SaveCurves writes what [Curves] shows to a file, whose name ends in .png or .svg.
func SaveCurves(path string, results ...*train.Result) error { return curves(results).save(path) }

func curvesSVG(results []*train.Result) (string, error) { return curves(results).svg() }

func curves(results []*train.Result) figure {
	return figure{22 * vg.Centimeter, 8 * vg.Centimeter, func(canvas draw.Canvas) error { return drawCurves(canvas, results) }}
}

// drawCurves fills the canvas with the two panels.
func drawCurves(canvas draw.Canvas, results []*train.Result) error {
	if len(results) == 0 {
		return errors.New("show: curves: no result")
	}
	accuracy, loss := panel("kNN accuracy"), panel("training loss")
	comparable := sameMethod(results)
	if !comparable {
		loss = panel("spread of the embeddings (0: collapsed)")
	}
	loss.Legend.Top = true
	top := 1.0
	for i, result := range results {
		name := runName(results, i)
		knn, losses := points(result)
		if !comparable {
			losses = spreads(result)
		}
		top = max(top, float64(result.Recipe.Epochs))
		if err := addCurve(accuracy, i, knn, ""); err != nil {
			return err
		}
		if err := addCurve(loss, i, losses, name); err != nil {
			return err
		}
	}
	if err := addLevels(accuracy, results, top); err != nil {
		return err
	}
	for _, p := range []*plot.Plot{accuracy, loss} {
		p.X.Min, p.X.Max = 0, top
		frame(p)
	}
	half, edge := canvas.Size().X/2, 3*vg.Millimeter
	accuracy.Draw(draw.Crop(canvas, edge, -half-edge, edge, -edge))
	loss.Draw(draw.Crop(canvas, half+edge, -edge, edge, -edge))
	return nil
}

// frame makes room for ends of curves and for words.
func frame(p *plot.Plot) {
	if math.IsInf(p.Y.Min, 0) { // nothing to draw yet
		p.Y.Min, p.Y.Max = 0, 1
	}
	if p.X.Max <= p.X.Min {
		p.X.Max = p.X.Min + 1
	}
	margin := 0.08 * (p.Y.Max - p.Y.Min)
	if margin == 0 {
		margin = 0.05
	}
	p.Y.Min, p.Y.Max = p.Y.Min-margin, p.Y.Max+margin
}

func panel(title string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text = title, "epoch"
	p.Title.Padding = 2 * vg.Millimeter
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(epochTicks), plot.TickerFunc(ticks)
	for _, style := range []*text.Style{
		&p.Title.TextStyle, &p.X.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle,
	} {
		style.Font.Variant = "Sans"
	}
	p.Legend.TextStyle.Font.Size, p.Legend.Padding = vg.Points(10), vg.Points(2)
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{Y: 0xdd}, color.Gray{Y: 0xdd}
	p.Add(grid)
	return p
}

// epochTicks are whole numbers, at most ten.
func epochTicks(low, high float64) []plot.Tick {
	step := 1.0
	for _, wider := range []float64{2, 5, 10, 20, 50, 100, 200, 500} {
		if (high-low)/step <= 10 {
			break
		}
		step = wider
	}
	var marks []plot.Tick
	for x := math.Ceil(low/step) * step; x <= high; x += step {
		marks = append(marks, plot.Tick{Value: x, Label: strconv.FormatFloat(x, 'f', 0, 64)})
	}
	return marks
}

// ticks are gonum's, with as many digits as tell neighbours apart.
func ticks(low, high float64) []plot.Tick {
	marks := plot.DefaultTicks{}.Ticks(low, high)
	digits := int(min(max(1-math.Floor(math.Log10(high-low)), 0), 6))
	for i := range marks {
		if marks[i].Label != "" {
			marks[i].Label = strconv.FormatFloat(marks[i].Value, 'f', digits, 64)
		}
	}
	return marks
}

// addCurve draws the curve of run i, and puts its name, if any, into the legend.
func addCurve(p *plot.Plot, i int, xys plotter.XYs, name string) error {
	if len(xys) == 0 {
		return nil
	}
	line, dots, err := plotter.NewLinePoints(xys)
	if err != nil {
		return fmt.Errorf("show: curves: %w", err)
	}
	line.Color, dots.Color = palette[i%len(palette)], palette[i%len(palette)]
	line.Width, dots.Shape, dots.Radius = vg.Points(1.5), draw.CircleGlyph{}, vg.Points(2)
	p.Add(line, dots)
	if name != "" {
		p.Legend.Add(name, line)
	}
	return nil
}

// addLevels draws the dashed lines of the untrained networks that were measured.
func addLevels(p *plot.Plot, results []*train.Result, top float64) error {
	lowest := math.Inf(1)
	for i, result := range results {
		if len(result.Epochs) == 0 || result.Epochs[0].Epoch != 0 || math.IsNaN(result.Epochs[0].KNN) {
			continue
		}
		y := result.Epochs[0].KNN
		level, err := plotter.NewLine(plotter.XYs{{X: 0, Y: y}, {X: top, Y: y}})
		if err != nil {
			return fmt.Errorf("show: curves: %w", err)
		}
		level.Color, level.Dashes = palette[i%len(palette)], []vg.Length{vg.Points(4), vg.Points(3)}
		p.Add(level)
		lowest = min(lowest, y)
	}
	if math.IsInf(lowest, 1) {
		return nil
	}
	word, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: top, Y: lowest}}, Labels: []string{"untrained"}})
	if err != nil {
		return fmt.Errorf("show: curves: %w", err)
	}
	style := &word.TextStyle[0]
	style.Font.Variant, style.XAlign, style.YAlign = "Sans", text.XRight, text.YTop
	word.Offset.Y = -vg.Points(2)
	p.Add(word)
	return nil
}
