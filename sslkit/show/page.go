package show

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"

	"gonum.org/v1/plot/plotter"

	"github.com/gossl/gossl/sslkit/train"
)

const chartWidth, chartHeight, chartMargin = 340, 150, 34

// page is the live display of a run in a notebook: status, bar and curves. It
// needs neither scripts nor anything from elsewhere.
func page(e train.Event, left time.Duration) string {
	text := status(e)
	fraction := 0.0
	if done, total := steps(e); total > 0 {
		fraction = float64(done) / float64(total)
	}
	if e.Phase == train.Finished {
		fraction = 1
	} else if left > 0 {
		text += ", " + duration(left.Seconds()) + " left"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<div style="font-family:sans-serif;max-width:%dpx"><div>%s</div>`, 2*chartWidth, html.EscapeString(text))
	fmt.Fprintf(&b, `<div style="background:#e4e7ec;height:8px;border-radius:4px;margin:6px 0">`+
		`<div style="background:#2f6fde;height:8px;border-radius:4px;width:%.1f%%"></div></div>`, 100*fraction)
	if e.Result != nil && len(e.Result.Epochs) > 0 {
		knn, loss := points(e.Result)
		b.WriteString(chart("kNN accuracy", "#2f6fde", knn, e.Epochs))
		b.WriteString(chart("training loss", "#d1603d", loss, e.Epochs))
	}
	b.WriteString("</div>")
	return b.String()
}

// chart is an SVG of one curve over the epochs of the run.
func chart(title, color string, xys plotter.XYs, epochs int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="11">`+
		`<rect width="100%%" height="100%%" fill="white"/>`, chartWidth, chartHeight)
	last := ""
	if len(xys) > 0 {
		last = fmt.Sprintf(" %.3f", xys[len(xys)-1].Y)
	}
	fmt.Fprintf(&b, `<text x="%d" y="14" fill="#333">%s%s</text>`, chartMargin, title, last)
	if len(xys) == 0 {
		return b.String() + "</svg>"
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range xys {
		low, high = min(low, p.Y), max(high, p.Y)
	}
	if high-low < 1e-9 {
		low, high = low-0.01, high+0.01
	}
	const bottom, top, right = chartHeight - 20, 26, chartWidth - 10
	x := func(epoch float64) float64 {
		return chartMargin + (right-chartMargin)*epoch/float64(max(epochs, 1))
	}
	y := func(value float64) float64 { return bottom - (bottom-top)*(value-low)/(high-low) }
	for _, value := range []float64{low, high} {
		fmt.Fprintf(&b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/>`, chartMargin, right, y(value), y(value))
		fmt.Fprintf(&b, `<text x="2" y="%.1f" fill="#777">%.2f</text>`, y(value)+4, value)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" fill="#777">0</text><text x="%d" y="%d" fill="#777" text-anchor="end">epoch %d</text>`,
		chartMargin, chartHeight-5, right, chartHeight-5, epochs)
	fmt.Fprintf(&b, `<polyline fill="none" stroke="%s" stroke-width="2" points="`, color)
	for _, p := range xys {
		fmt.Fprintf(&b, "%.1f,%.1f ", x(p.X), y(p.Y))
	}
	b.WriteString(`"/>`)
	end := xys[len(xys)-1]
	fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/></svg>`, x(end.X), y(end.Y), color)
	return b.String()
}
