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
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/gossl/gossl/sslkit/dataset"
)

// Map shows points of a plane, such as features that PCA or t-SNE
// has brought there, a colour for each class. labels[i] is the
// class of points[i], an index into classes; nil: not known. Both axes have one
// scale; they have no numbers because those mean nothing. From the eighth class
// on shapes change, too; the 57th looks like the first again. It is an error if
// there are no points, one has not two finite coordinates, or a label is no
// class.
func Map(points [][]float64, labels []int32, classes []string) Picture {
	xys, err := places(points, labels, classes)
	if err != nil {
		return failed("show: Map: %w", err)
	}
	labels = slices.Clone(labels)
	radius := dotSize(len(points))
	return cardWithClasses("map", labels, classes, func(canvas draw.Canvas) error {
		scatter, err := plotter.NewScatter(xys)
		if err != nil {
			return fmt.Errorf("show: Map: %w", err)
		}
		scatter.GlyphStyleFunc = func(i int) draw.GlyphStyle {
			if labels == nil {
				return mark(0, radius)
			}
			return mark(int(labels[i]), radius)
		}
		return drawMany(canvas, len(xys), scatter, mapPlot(canvas, xys))
	})
}

const (
	mapWidth   = 660 * px
	mapHeight  = 520 * px
	mapEdge    = 10 * px // between the card's outline and what is drawn
	legendRows = 27      // beside a map
)

// places checks the points of a map, and their labels, if there are any.
func places(points [][]float64, labels []int32, classes []string) (plotter.XYs, error) {
	if len(points) == 0 {
		return nil, errors.New("no points, want at least 1")
	}
	if labels != nil && len(labels) != len(points) {
		return nil, fmt.Errorf("%d labels for %d points, want as many, or none", len(labels), len(points))
	}
	xys := make(plotter.XYs, len(points))
	for i, p := range points {
		if len(p) != 2 {
			return nil, fmt.Errorf("point %d has %d coordinates, want 2", i, len(p))
		}
		if sum := p[0] + p[1]; math.IsNaN(sum) || math.IsInf(sum, 0) {
			return nil, fmt.Errorf("point %d is (%g, %g), want finite numbers", i, p[0], p[1])
		}
		if labels != nil && (labels[i] < 0 || classes != nil && int(labels[i]) >= len(classes)) {
			return nil, fmt.Errorf("point %d has the label %d, want one of %d classes", i, labels[i], len(classes))
		}
		xys[i] = plotter.XY{X: p[0], Y: p[1]}
	}
	return xys, nil
}

// dotSize is the radius of so many points.
func dotSize(n int) vg.Length {
	return vg.Length(min(4, max(1.6, 110/math.Sqrt(float64(n))))) * px
}

// cardWithClasses is a picture with a map, and the classes that occur at its right.
func cardWithClasses(what string, labels []int32, classes []string, draws func(draw.Canvas) error) Picture {
	occur := slices.Clone(labels)
	slices.Sort(occur)
	occur = slices.Compact(occur)
	var names legend
	for _, class := range occur {
		name := fmt.Sprintf("class %d", class)
		if classes != nil {
			name = fit(classes[class], letters(textSize, ink), 150*px)
		}
		names.point(name, mark(int(class), 4.5*px))
	}
	columns := (len(occur) + legendRows - 1) / legendRows
	width := 2*edge + mapWidth
	if columns > 0 {
		width += 16*px + vg.Length(columns)*(names.width()+legendGap) - legendGap
	}
	return Picture{what: what, width: width, height: 2*edge + mapHeight, draw: func(canvas draw.Canvas) error {
		inner := draw.Crop(canvas, edge, -edge, edge, -edge)
		if columns > 0 {
			names.draw(draw.Crop(inner, mapWidth+16*px, 0, 0, 0))
		}
		card := draw.Crop(inner, 0, mapWidth-inner.Size().X, 0, 0)
		outline(canvas, card.Rectangle, draw.LineStyle{Color: axis, Width: px})
		return draws(draw.Crop(card, mapEdge, -mapEdge, mapEdge, -mapEdge))
	}}
}

// mapPlot is a plot whose axes have one scale on the canvas, with the points in
// the middle.
func mapPlot(canvas draw.Canvas, xys plotter.XYs) *plot.Plot {
	x0, x1, y0, y1 := plotter.XYRange(xys)
	size := canvas.Size()
	scale := max((x1-x0)/float64(size.X), (y1-y0)/float64(size.Y)) // units to a length
	if scale == 0 {
		scale = 1
	}
	p := plot.New()
	halfX, halfY := scale*float64(size.X)/2, scale*float64(size.Y)/2
	p.X.Min, p.X.Max = (x0+x1)/2-halfX, (x0+x1)/2+halfX
	p.Y.Min, p.Y.Max = (y0+y1)/2-halfY, (y0+y1)/2+halfY
	return p
}

// manyPoints are more than an SVG should hold one by one.
const manyPoints = 4000

// drawMany draws a plot of n points, as pixels if they are many.
func drawMany(canvas draw.Canvas, n int, points plot.Plotter, p *plot.Plot) error {
	if n <= manyPoints {
		points.Plot(canvas, p)
		return nil
	}
	// Pixels hold the points at the edges, too.
	const around = 6 * px
	size := canvas.Size()
	pixels := vgimg.NewWith(vgimg.UseWH(size.X+2*around, size.Y+2*around), vgimg.UseDPI(2*96), vgimg.UseBackgroundColor(color.Transparent))
	points.Plot(draw.Crop(draw.New(pixels), around, -around, around, -around), p)
	canvas.DrawImage(vg.Rectangle{
		Min: vg.Point{X: canvas.Min.X - around, Y: canvas.Min.Y - around},
		Max: vg.Point{X: canvas.Max.X + around, Y: canvas.Max.Y + around},
	}, pixels.Image())
	return nil
}

// Thumbnails shows images at points of a plane, such as [Map] shows, with the
// colours of their classes around them. points[i] is the place of image i. An
// image whose place is taken by one before it is a dot.
func Thumbnails(points [][]float64, images *dataset.Images) Picture {
	if len(points) != images.Len() {
		return failed("show: Thumbnails: %d points for %d images, want as many", len(points), images.Len())
	}
	if len(points) == 0 {
		return failed("show: Thumbnails: no images, want at least 1")
	}
	var labels []int32
	if len(images.Classes) > 0 {
		labels = slices.Clone(images.Labels)
	}
	xys, err := places(points, labels, images.Classes)
	if err != nil {
		return failed("show: Thumbnails: %w", err)
	}
	look := func(i int, radius vg.Length) draw.GlyphStyle {
		if labels == nil {
			return mark(0, radius)
		}
		return mark(int(labels[i]), radius)
	}
	room := draw.Canvas{Rectangle: vg.Rectangle{Max: vg.Point{X: mapWidth - 2*mapEdge - thumbnail, Y: mapHeight - 2*mapEdge - thumbnail}}}
	toX, toY := mapPlot(room, xys).Transforms(&room)
	var taken []vg.Point
	chosen := map[int]*image.NRGBA{}
	for i, xy := range xys {
		if at := (vg.Point{X: toX(xy.X), Y: toY(xy.Y)}); free(at, taken) {
			taken = append(taken, at)
			chosen[i] = images.NRGBA(i)
		}
	}
	return cardWithClasses("thumbnails", labels, images.Classes, func(canvas draw.Canvas) error {
		inner := draw.Crop(canvas, thumbnail/2, -thumbnail/2, thumbnail/2, -thumbnail/2)
		p := mapPlot(inner, xys)
		dots, err := plotter.NewScatter(xys)
		if err != nil {
			return fmt.Errorf("show: Thumbnails: %w", err)
		}
		dots.GlyphStyleFunc = func(i int) draw.GlyphStyle { return look(i, min(2*px, dotSize(len(xys)))) }
		if err := drawMany(inner, len(xys), dots, p); err != nil {
			return err
		}
		toX, toY := p.Transforms(&inner)
		for i, xy := range xys { // in their order: later ones lie above
			if img := chosen[i]; img != nil {
				drawThumbnail(canvas, vg.Point{X: toX(xy.X), Y: toY(xy.Y)}, img, look(i, 4*px))
			}
		}
		return nil
	})
}

const (
	thumbnail = 52 * px // the longer side, with its frame
	framed    = 2 * px
)

// free tells whether a thumbnail has room among others.
func free(at vg.Point, taken []vg.Point) bool {
	const apart = thumbnail + 2*px
	for _, other := range taken {
		if dx, dy := at.X-other.X, at.Y-other.Y; max(dx, -dx) < apart && max(dy, -dy) < apart {
			return false
		}
	}
	return true
}

// drawThumbnail draws an image around a point, with a frame, and the mark of its
// class on a corner.
func drawThumbnail(canvas draw.Canvas, at vg.Point, img *image.NRGBA, class draw.GlyphStyle) {
	size := img.Rect.Size()
	scale := (thumbnail - 2*framed) / vg.Length(max(size.X, size.Y))
	half := vg.Point{X: scale * vg.Length(size.X) / 2, Y: scale * vg.Length(size.Y) / 2}
	around := half.Add(vg.Point{X: framed, Y: framed})
	canvas.SetColor(class.Color)
	canvas.Fill(vg.Rectangle{Min: at.Sub(around), Max: at.Add(around)}.Path())
	canvas.DrawImage(vg.Rectangle{Min: at.Sub(half), Max: at.Add(half)}, img)
	corner := vg.Point{X: at.X - half.X + 4*px, Y: at.Y + half.Y - 4*px}
	canvas.DrawGlyph(draw.GlyphStyle{Color: color.White, Radius: 7 * px, Shape: draw.CircleGlyph{}}, corner)
	canvas.DrawGlyph(class, corner)
}
