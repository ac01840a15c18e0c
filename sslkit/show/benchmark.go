package show

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"

	"github.com/gossl/gossl/sslkit/train"
)

// Benchmark shows many runs in one picture: kNN accuracy by epoch and by time,
// and training loss. A colour is a method, a kind of line a batch size; several
// seeds look the same. Losses of different methods mean different things: each
// is drawn from its highest value to its lowest. Runs of more than 200 epochs are
// drawn as means of a few epochs each, so that the kinds of lines can be seen.
func Benchmark(results ...*train.Result) Picture {
	if err := checkRuns(results); err != nil {
		return failed("show: Benchmark: %w", err)
	}
	results = asOfNow(results)
	b := newLooks(results)
	names := b.legend()
	return Picture{what: "benchmark", width: wide, height: 300*px + names.height(wide-2*edge), draw: func(canvas draw.Canvas) error {
		return b.drawBenchmark(names.below(draw.Crop(canvas, edge, -edge, edge, -edge)), results)
	}}
}

// looks are the methods and batch sizes of runs, in the order of their colours
// and dashes.
type looks struct {
	methods []string
	batches []int
}

func newLooks(results []*train.Result) looks {
	var l looks
	for _, r := range results {
		if !slices.Contains(l.methods, r.Recipe.Name) {
			l.methods = append(l.methods, r.Recipe.Name)
		}
		if !slices.Contains(l.batches, r.Recipe.Batch) {
			l.batches = append(l.batches, r.Recipe.Batch)
		}
	}
	slices.Sort(l.batches)
	return l
}

// of is the look of a run.
func (l looks) of(r *train.Result) draw.LineStyle {
	style := stroke(slices.Index(l.methods, r.Recipe.Name) % len(colours))
	style.Width, style.Dashes = 1.5*px, dashes[slices.Index(l.batches, r.Recipe.Batch)%len(dashes)]
	return style
}

func (l looks) legend() legend {
	var names legend
	for i, method := range l.methods {
		names.line(method, stroke(i%len(colours)))
	}
	if len(l.batches) > 1 {
		for i, batch := range l.batches {
			names.line(fmt.Sprintf("batch %d", batch), draw.LineStyle{Color: faint, Width: 1.5 * px, Dashes: dashes[i%len(dashes)]})
		}
	}
	return names
}

// drawBenchmark fills the canvas with the three panels.
func (l looks) drawBenchmark(canvas draw.Canvas, results []*train.Result) error {
	byEpoch, byTime := panel("kNN accuracy", "epoch"), panel("kNN accuracy by time", "time (minutes)")
	loss := panel("training loss, highest to lowest", "epoch")
	last := 0.0
	for _, r := range results {
		last = max(last, float64(r.Last().Epoch))
		style := l.of(r)
		knn, losses := points(r)
		err := errors.Join(addCurve(byEpoch, style, thinned(knn), false),
			addCurve(byTime, style, thinned(overTime(r)), false), addCurve(loss, style, spanned(thinned(losses)), false))
		if err != nil {
			return fmt.Errorf("show: Benchmark: %w", err)
		}
	}
	byEpoch.X.Tick.Marker, loss.X.Tick.Marker = ticks{most: 6, whole: true}, ticks{most: 6, whole: true}
	byTime.X.Tick.Marker = ticks{most: 6}
	for _, p := range []*plot.Plot{byEpoch, byTime, loss} {
		p.X.Min = 0
		if p != byTime {
			p.X.Max = last
		}
		frame(p)
	}
	drawPanels(canvas, byEpoch, byTime, loss)
	return nil
}

// overTime is kNN accuracy by the minutes that training and measuring took.
func overTime(r *train.Result) plotter.XYs {
	var xys plotter.XYs
	seconds := r.CompileSeconds
	for _, e := range r.Epochs {
		seconds += e.TrainSeconds + e.KNNSeconds
		if r.Recipe.Eval.On() && !math.IsNaN(e.KNN) {
			xys = append(xys, plotter.XY{X: seconds / 60, Y: e.KNN})
		}
	}
	return xys
}

// thinned puts the mean in place of every few points, so that no more than 200
// are left.
func thinned(xys plotter.XYs) plotter.XYs {
	const most = 200
	if len(xys) <= most {
		return xys
	}
	var few plotter.XYs
	for part := range slices.Chunk(xys, (len(xys)+most-1)/most) {
		var mean plotter.XY
		for _, p := range part {
			mean.X += p.X / float64(len(part))
			mean.Y += p.Y / float64(len(part))
		}
		few = append(few, mean)
	}
	return few
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
