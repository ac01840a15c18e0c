package show

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/gossl/gossl/sslkit/train"
)

const curvesWidth, curvesHeight = 24 * vg.Centimeter, 9 * vg.Centimeter

// Curves shows kNN accuracy and training loss by epoch, side by side. Epoch 0
// is the untrained network, whose accuracy a dashed line carries along. Several
// runs share the axes and get a legend.
func Curves(results ...*train.Result) error {
	picture, err := CurvesImage(results...)
	if err != nil {
		return err
	}
	return display(picture, "curves: shown in a notebook; show.SaveCurves keeps them")
}

// CurvesImage returns the picture that [Curves] shows.
func CurvesImage(results ...*train.Result) (image.Image, error) {
	canvas := vgimg.New(curvesWidth, curvesHeight)
	if err := drawCurves(draw.New(canvas), results); err != nil {
		return nil, err
	}
	return canvas.Image(), nil
}

// SaveCurves writes what [Curves] shows to a file, whose name ends in .png or .svg.
func SaveCurves(path string, results ...*train.Result) error {
	var canvas interface {
		vg.CanvasSizer
		io.WriterTo
	}
	switch filepath.Ext(path) {
	case ".png":
		canvas = vgimg.PngCanvas{Canvas: vgimg.New(curvesWidth, curvesHeight)}
	case ".svg":
		canvas = vgsvg.New(curvesWidth, curvesHeight)
	default:
		return fmt.Errorf("show: SaveCurves: %s: want a name that ends in .png or .svg", path)
	}
	if err := drawCurves(draw.New(canvas), results); err != nil {
		return err
	}
	var file bytes.Buffer
	if _, err := canvas.WriteTo(&file); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, file.Bytes(), 0o644)
}

// drawCurves fills the canvas with the two panels.
func drawCurves(canvas draw.Canvas, results []*train.Result) error {
	if len(results) == 0 {
		return errors.New("show: curves: no result")
	}
	accuracy, loss := panel("kNN accuracy"), panel("training loss")
	loss.Legend.Top = true
	top := 1.0
	for i, result := range results {
		name := fmt.Sprintf("%s, run %d", result.Recipe.Name, i+1)
		knn, losses := points(result)
		if len(knn) > 0 {
			top = max(top, knn[len(knn)-1].X)
			if knn[0].X == 0 {
				addLevel(accuracy, i, knn[0].Y)
			}
		}
		if err := addCurve(accuracy, i, knn, name, len(results) > 1); err != nil {
			return err
		}
		if err := addCurve(loss, i, losses, name, len(results) > 1); err != nil {
			return err
		}
	}
	for _, p := range []*plot.Plot{accuracy, loss} {
		p.X.Min, p.X.Max = 0, top
		if math.IsInf(p.Y.Min, 0) { // nothing to draw yet
			p.Y.Min, p.Y.Max = 0, 1
		}
		margin := 0.06 * (p.Y.Max - p.Y.Min) // room for the legend, and for ends of curves
		p.Y.Min, p.Y.Max = p.Y.Min-margin, p.Y.Max+margin
	}
	left, right := draw.Crop(canvas, 0, -canvas.Size().X/2, 0, 0), draw.Crop(canvas, canvas.Size().X/2, 0, 0, 0)
	accuracy.Draw(draw.Crop(left, 0, -vg.Millimeter*4, 0, 0))
	loss.Draw(draw.Crop(right, vg.Millimeter*4, 0, 0, 0))
	return nil
}

func panel(title string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text = title, "epoch"
	p.Y.Tick.Marker = plot.TickerFunc(ticks)
	p.Add(plotter.NewGrid())
	return p
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

// points are the accuracies, the untrained network's first, and the losses of trained epochs.
func points(result *train.Result) (knn, loss plotter.XYs) {
	for _, e := range result.Epochs {
		x := float64(e.Epoch)
		if !math.IsNaN(e.KNN) {
			knn = append(knn, plotter.XY{X: x, Y: e.KNN})
		}
		if e.Epoch > 0 && !math.IsNaN(e.Loss) && !math.IsInf(e.Loss, 0) {
			loss = append(loss, plotter.XY{X: x, Y: e.Loss})
		}
	}
	return knn, loss
}

func addCurve(p *plot.Plot, i int, xys plotter.XYs, name string, legend bool) error {
	if len(xys) == 0 {
		return nil
	}
	line, dots, err := plotter.NewLinePoints(xys)
	if err != nil {
		return fmt.Errorf("show: curves: %w", err)
	}
	line.Color, dots.Color = plotutil.DarkColors[i%len(plotutil.DarkColors)], plotutil.DarkColors[i%len(plotutil.DarkColors)]
	line.Width, dots.Shape, dots.Radius = vg.Points(1.5), draw.CircleGlyph{}, vg.Points(2)
	p.Add(line, dots)
	if legend {
		p.Legend.Add(name, line)
	}
	return nil
}

// addLevel draws the dashed line of the untrained network.
func addLevel(p *plot.Plot, i int, y float64) {
	level := plotter.NewFunction(func(float64) float64 { return y })
	level.Color = plotutil.DarkColors[i%len(plotutil.DarkColors)]
	level.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
	p.Add(level)
	if i == 0 {
		p.Legend.Add("untrained", level)
	}
}
