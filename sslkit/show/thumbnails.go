package show

import (
	"fmt"
	"image"
	"image/color"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/gossl/gossl/sslkit/dataset"
)

// Thumbnails shows images at points of a plane, such as [Map] shows, with the
// colours of their classes around them. points[i] is the place of image i. An
// image whose place is taken by one before it is a dot.
func Thumbnails(points [][]float64, images *dataset.Images) error {
	f, err := thumbnails(points, images)
	if err != nil {
		return err
	}
	return f.show("thumbnails: shown in a notebook; show.SaveThumbnails keeps them")
}

// ThumbnailsImage returns the picture that [Thumbnails] shows.
func ThumbnailsImage(points [][]float64, images *dataset.Images) (image.Image, error) {
	f, err := thumbnails(points, images)
	if err != nil {
		return nil, err
	}
	return f.image()
}

// SaveThumbnails writes what [Thumbnails] shows to a file, whose name ends in
// .png or .svg.
func SaveThumbnails(path string, points [][]float64, images *dataset.Images) error {
	f, err := thumbnails(points, images)
	if err != nil {
		return err
	}
	return f.save(path)
}

func thumbnails(points [][]float64, images *dataset.Images) (figure, error) {
	if len(points) != images.Len() {
		return figure{}, fmt.Errorf("show: Thumbnails: %d points for %d images, want as many", len(points), images.Len())
	}
	var labels []int32
	if len(images.Classes) > 0 {
		labels = images.Labels
	}
	xys, err := places(points, labels, images.Classes)
	if err != nil {
		return figure{}, fmt.Errorf("show: Thumbnails: %w", err)
	}
	look := func(i int, radius vg.Length) draw.GlyphStyle {
		if labels == nil {
			return mark(0, radius)
		}
		return mark(int(labels[i]), radius)
	}
	return cardWithClasses(labels, images.Classes, func(canvas draw.Canvas) error {
		inner := draw.Crop(canvas, thumbnail/2, -thumbnail/2, thumbnail/2, -thumbnail/2)
		p := mapPlot(inner, xys)
		dots, err := plotter.NewScatter(xys)
		if err != nil {
			return fmt.Errorf("show: Thumbnails: %w", err)
		}
		dots.GlyphStyleFunc = func(i int) draw.GlyphStyle { return look(i, min(2*px, dotSize(len(points)))) }
		if err := drawMany(inner, len(points), dots, p); err != nil {
			return err
		}
		toX, toY := p.Transforms(&inner)
		var taken []vg.Point
		for i, xy := range xys {
			at := vg.Point{X: toX(xy.X), Y: toY(xy.Y)}
			if free(at, taken) {
				taken = append(taken, at)
				drawThumbnail(canvas, at, images.NRGBA(i), look(i, 4*px))
			}
		}
		return nil
	}), nil
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
