package show

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot/plotter"
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
