package show

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/train"
)

// Curves shows kNN accuracy and training loss by epoch, side by side. Epoch 0
// is the untrained network, whose accuracy a dashed line carries along. Several
// runs share the axes and get a legend; runs of different methods, whose losses
// mean different things, show the spread of their embeddings in place of the
// loss. So do runs without kNN accuracy in place of that. Below follow the meters
// of the methods' own, by name.
func Curves(results ...*train.Result) Picture {
	if err := checkRuns(results); err != nil {
		return failed("show: Curves: %w", err)
	}
	results = asOfNow(results)
	names, meters := curvesLegend(results), meterNames(results)
	rows := vg.Length(1 + (len(meters)+1)/2)
	return Picture{what: "curves", width: wide, height: rows*curvesRow + names.height(wide-2*edge), draw: func(canvas draw.Canvas) error {
		return drawCurves(names.below(draw.Crop(canvas, edge, -edge, edge, -edge)), results, meters)
	}}
}

// curvesRow is the height of a row of panels, with the room below it.
const curvesRow = 300 * px

// checkRuns says what is wrong with results that are to be drawn.
func checkRuns(results []*train.Result) error {
	if len(results) == 0 {
		return errors.New("no results, want at least 1")
	}
	for i, r := range results {
		if r == nil {
			return fmt.Errorf("result %d of %d is nil, want that of a run", i, len(results))
		}
	}
	return nil
}

// asOfNow are results that do not change when their runs go on.
func asOfNow(results []*train.Result) []*train.Result {
	copies := make([]*train.Result, len(results))
	for i, r := range results {
		c := *r
		c.Epochs = slices.Clone(r.Epochs)
		copies[i] = &c
	}
	return copies
}

// curvesLegend names the runs, if there are several, and the dashed lines.
func curvesLegend(results []*train.Result) legend {
	var l legend
	measured := false
	for i, result := range results {
		if len(results) > 1 {
			l.line(runName(results, i), stroke(i))
		}
		measured = measured || untrained(result)
	}
	if measured {
		style := level(0)
		if len(results) > 1 {
			style.Color = faint
		}
		l.line("untrained network", style)
	}
	return l
}

// drawCurves fills the canvas with the two panels, and those of meters below.
func drawCurves(canvas draw.Canvas, results []*train.Result, meters []string) error {
	const spread = "spread of the embeddings (0: collapsed)"
	accuracy, loss := panel("kNN accuracy", "epoch"), panel("training loss", "epoch")
	comparable, measured := sameMethod(results), accurate(results)
	if !comparable {
		loss.Title.Text = spread
	}
	if !measured {
		accuracy.Title.Text = spread
	}
	top := 1.0
	for _, result := range results {
		top = max(top, float64(result.Recipe.Epochs))
	}
	for i, result := range results {
		knn, losses := points(result)
		if !comparable {
			losses = spreads(result)
		}
		if !measured {
			knn = spreads(result)
		}
		if untrained(result) {
			y := result.Epochs[0].KNN
			if err := addCurve(accuracy, level(i), plotter.XYs{{X: 0, Y: y}, {X: top, Y: y}}, false); err != nil {
				return fmt.Errorf("show: Curves: %w", err)
			}
		}
		if err := errors.Join(addCurve(accuracy, stroke(i), knn, true), addCurve(loss, stroke(i), losses, true)); err != nil {
			return fmt.Errorf("show: Curves: %w", err)
		}
	}
	panels := []*plot.Plot{accuracy, loss}
	if !measured && !comparable { // they are the same
		panels = panels[:1]
	}
	rows := [][]*plot.Plot{panels}
	for pair := range slices.Chunk(meters, 2) {
		var row []*plot.Plot
		for _, name := range pair {
			p, err := meterPanel(results, name)
			if err != nil {
				return fmt.Errorf("show: Curves: %w", err)
			}
			row = append(row, p)
		}
		rows = append(rows, row)
	}
	drawRows(canvas, rows, top)
	return nil
}

// drawRows draws rows of panels, one below the other, for epochs up to the last one.
func drawRows(canvas draw.Canvas, rows [][]*plot.Plot, last float64) {
	for i, row := range rows {
		for _, p := range row {
			p.X.Min, p.X.Max = 0, last
			p.X.Tick.Marker = ticks{most: 8, whole: true}
			frame(p)
		}
		above := vg.Length(i) * curvesRow
		bottom := vg.Length(len(rows)-1-i) * curvesRow
		part := draw.Crop(canvas, 0, 0, bottom, -above)
		if i > 0 && len(row) == 1 { // as wide as those above it
			part.Max.X = part.Center().X - between/2
		}
		drawPanels(part, row...)
	}
}

// meterNames are those of the methods' own meters, sorted.
func meterNames(results []*train.Result) []string {
	names := map[string]bool{}
	for _, r := range results {
		for _, e := range r.Epochs {
			for name := range e.Meters {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// meterPanel draws a meter of all runs that have it.
func meterPanel(results []*train.Result, name string) (*plot.Plot, error) {
	p := panel(name, "epoch")
	for i, r := range results {
		var xys plotter.XYs
		for _, e := range r.Epochs {
			if y, ok := e.Meters[name]; ok {
				xys = append(xys, plotter.XY{X: float64(e.Epoch), Y: y})
			}
		}
		if err := addCurve(p, stroke(i), xys, true); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// accurate tells whether kNN accuracy was measured in any run.
func accurate(results []*train.Result) bool {
	return slices.ContainsFunc(results, func(r *train.Result) bool { return r.Recipe.Eval.On() })
}

// untrained tells whether the network was measured before training.
func untrained(r *train.Result) bool {
	return r.Recipe.Eval.On() && len(r.Epochs) > 0 && r.Epochs[0].Epoch == 0 && !math.IsNaN(r.Epochs[0].KNN)
}

// level is the look of the untrained network of run i.
func level(i int) draw.LineStyle {
	style := stroke(i)
	style.Width, style.Dashes = 1.5*px, []vg.Length{5 * px, 4 * px}
	return style
}

// addCurve draws a curve, and its points if one asks and they do not pile up.
func addCurve(p *plot.Plot, style draw.LineStyle, xys plotter.XYs, dots bool) error {
	if len(xys) == 0 {
		return nil
	}
	line, marks, err := plotter.NewLinePoints(xys)
	if err != nil {
		return err
	}
	line.LineStyle = style
	p.Add(line)
	if dots && len(xys) <= 60 || len(xys) == 1 {
		marks.GlyphStyle = draw.GlyphStyle{Color: style.Color, Radius: 2.5 * px, Shape: draw.CircleGlyph{}}
		p.Add(marks)
	}
	return nil
}

// points are the accuracies, the untrained network's first, if they were measured,
// and the losses of trained epochs.
func points(result *train.Result) (knn, loss plotter.XYs) {
	measured := result.Recipe.Eval.On()
	for _, e := range result.Epochs {
		x := float64(e.Epoch)
		if measured && !math.IsNaN(e.KNN) {
			knn = append(knn, plotter.XY{X: x, Y: e.KNN})
		}
		if e.Epoch > 0 && !math.IsNaN(e.Loss) && !math.IsInf(e.Loss, 0) {
			loss = append(loss, plotter.XY{X: x, Y: e.Loss})
		}
	}
	return knn, loss
}

// spreads are those of trained epochs.
func spreads(result *train.Result) plotter.XYs {
	var xys plotter.XYs
	for _, e := range result.Epochs {
		if e.Epoch > 0 {
			xys = append(xys, plotter.XY{X: float64(e.Epoch), Y: e.EmbeddingSpread})
		}
	}
	return xys
}

// sameMethod tells whether losses can share an axis: those of one method can,
// whatever the runs are called.
func sameMethod(results []*train.Result) bool {
	for _, r := range results {
		if methodName(r) != methodName(results[0]) {
			return false
		}
	}
	return true
}

// methodName is the method's, or the recipe's where there is no method.
func methodName(r *train.Result) string {
	if r.Recipe.Method == nil {
		return r.Recipe.Name
	}
	return method.Name(r.Recipe.Method)
}

// runName names run i among others; "" if it is alone.
func runName(results []*train.Result, i int) string {
	same := 0
	for _, r := range results {
		if r.Recipe.Name == results[i].Recipe.Name {
			same++
		}
	}
	switch {
	case len(results) == 1:
		return ""
	case same == 1:
		return results[i].Recipe.Name
	}
	return fmt.Sprintf("%s, run %d", results[i].Recipe.Name, i+1)
}
