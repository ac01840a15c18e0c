package show

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/gossl/gossl/sslkit/train"
)

// Benchmark shows many runs in one picture: kNN accuracy by epoch and by time,
// and training loss. A colour is a method, a kind of line a batch size; several
// seeds look the same. Losses of different methods mean different things: each
// is drawn from its highest value to its lowest.
func Benchmark(results ...*train.Result) error {
	return benchmark(results).show("benchmark: shown in a notebook; show.SaveBenchmark keeps it")
}

// BenchmarkImage returns the picture that [Benchmark] shows.
func BenchmarkImage(results ...*train.Result) (image.Image, error) {
	return benchmark(results).image()
}

// SaveBenchmark writes what [Benchmark] shows to a file, whose name ends in .png
// or .svg.
func SaveBenchmark(path string, results ...*train.Result) error { return benchmark(results).save(path) }

func benchmark(results []*train.Result) figure {
	return figure{22 * vg.Centimeter, 8 * vg.Centimeter, func(canvas draw.Canvas) error { return drawBenchmark(canvas, results) }}
}

// dashes tell batch sizes apart.
var dashes = [][]vg.Length{nil, {vg.Points(6), vg.Points(3)}, {vg.Points(2), vg.Points(2)}, {vg.Points(8), vg.Points(2), vg.Points(2), vg.Points(2)}}

// drawBenchmark fills the canvas with the three panels.
func drawBenchmark(canvas draw.Canvas, results []*train.Result) error {
	if len(results) == 0 {
		return errors.New("show: benchmark: no result")
	}
	byEpoch, byTime, loss := panel("kNN accuracy"), panel("kNN accuracy"), panel("training loss, highest to lowest")
	byTime.X.Label.Text, byTime.X.Tick.Marker = "minutes", plot.TickerFunc(ticks)
	loss.Legend.Top = true
	var names []string
	var batches []int
	for _, r := range results {
		if !slices.Contains(names, r.Recipe.Name) {
			names = append(names, r.Recipe.Name)
		}
		if !slices.Contains(batches, r.Recipe.Batch) {
			batches = append(batches, r.Recipe.Batch)
		}
	}
	slices.Sort(batches)
	labelled := map[string]bool{}
	for _, r := range results {
		style := draw.LineStyle{
			Color: color.Color(palette[slices.Index(names, r.Recipe.Name)%len(palette)]), Width: vg.Points(1.5),
			Dashes: dashes[slices.Index(batches, r.Recipe.Batch)%len(dashes)],
		}
		label := r.Recipe.Name
		if len(batches) > 1 {
			label = fmt.Sprintf("%s, batch %d", label, r.Recipe.Batch)
		}
		if labelled[label] {
			label = ""
		}
		labelled[label] = true
		knn, losses := points(r)
		for _, curve := range []struct {
			panel *plot.Plot
			xys   plotter.XYs
			label string
		}{{byEpoch, knn, ""}, {byTime, overTime(r), ""}, {loss, spanned(losses), label}} {
			if err := addLine(curve.panel, curve.xys, style, curve.label); err != nil {
				return err
			}
		}
	}
	third, edge := canvas.Size().X/3, 3*vg.Millimeter
	for i, p := range []*plot.Plot{byEpoch, byTime, loss} {
		p.X.Min = 0
		frame(p)
		at := vg.Length(i)
		p.Draw(draw.Crop(canvas, at*third+edge, -(2-at)*third-edge, edge, -edge))
	}
	return nil
}

// addLine draws a curve, and puts it into the legend unless label is "".
func addLine(p *plot.Plot, xys plotter.XYs, style draw.LineStyle, label string) error {
	if len(xys) == 0 {
		return nil
	}
	line, err := plotter.NewLine(xys)
	if err != nil {
		return fmt.Errorf("show: benchmark: %w", err)
	}
	line.LineStyle = style
	p.Add(line)
	if label != "" {
		p.Legend.Add(label, line)
	}
	return nil
}

// overTime is kNN accuracy by the minutes that training and measuring took.
func overTime(r *train.Result) plotter.XYs {
	var xys plotter.XYs
	seconds := r.CompileSeconds
	for _, e := range r.Epochs {
		seconds += e.TrainSeconds + e.KNNSeconds
		if !math.IsNaN(e.KNN) {
			xys = append(xys, plotter.XY{X: seconds / 60, Y: e.KNN})
		}
	}
	return xys
}

// spanned maps the highest value to 1 and the lowest to 0.
func spanned(xys plotter.XYs) plotter.XYs {
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range xys {
		low, high = min(low, p.Y), max(high, p.Y)
	}
	if high == low {
		high = low + 1
	}
	for i := range xys {
		xys[i].Y = (xys[i].Y - low) / (high - low)
	}
	return xys
}
