package show

import (
	"image"
	"iter"

	"gonum.org/v1/plot/vg"
)

// layout says where the parts of a sheet go, from the left and from the top.
type layout struct {
	left, top     vg.Length // of the first image
	split         vg.Length // between the first column and the second, if they stand apart
	cell          vg.Length // width of a cell
	image         vg.Length // height of a cell without its words
	step          vg.Length // from row to row
	zoom          float64   // pixels of the page to a pixel of an image; 0: most counts
	most          int       // pixels of the page for the longer side of an image
	width, height vg.Length
}

// layout finds room for everything.
func (s sheet) layout() layout {
	g := layout{left: edge, top: edge}
	for _, label := range s.labels {
		g.left = max(g.left, whole(edge+min(letters(smallSize, ink).Width(label), labelRoom)+10*px))
	}
	for _, there := range []bool{s.title != "", s.note != "", len(s.heads) > 0} {
		if there {
			g.top += titleRow
		}
	}
	if s.apart {
		g.split = 14 * px
	}
	columns, lines := 1, 0
	var largest image.Point
	for t := range s.tiles() {
		size := t.img.Rect.Size()
		largest = image.Pt(max(largest.X, size.X), max(largest.Y, size.Y))
		lines = max(lines, len(t.words))
	}
	for _, row := range s.rows {
		columns = max(columns, len(row))
	}
	g.scale(largest, (wide-edge-g.left-g.split+gap)/vg.Length(columns)-gap)
	for t := range s.tiles() {
		size := g.shown(t.img.Rect.Size())
		g.cell, g.image = max(g.cell, vg.Length(size.X)*px), max(g.image, vg.Length(size.Y)*px)
	}
	g.step = g.image + gap
	if lines > 0 {
		g.step += vg.Length(lines)*caption + 4*px
	}
	words := max(letters(titleSize, ink).Width(s.title), letters(textSize, ink).Width(s.note))
	g.width = max(g.x(columns)-gap, min(whole(edge+words), wide-edge)) + edge
	g.height = g.top + vg.Length(len(s.rows))*g.step - gap + edge
	return g
}

// tiles are all tiles of a sheet.
func (s sheet) tiles() iter.Seq[tile] {
	return func(yield func(tile) bool) {
		for _, row := range s.rows {
			for _, t := range row {
				if !yield(t) {
					return
				}
			}
		}
	}
}

// scale decides how large images are, if the largest gets a column's width.
// Small ones are enlarged by halves, so that the longer side has about 96 pixels
// of the page, or as many as there is room for, but no fewer than the image.
func (g *layout) scale(size image.Point, room vg.Length) {
	pixels := float64(room / px)
	g.most = min(largest, max(smallest, int(pixels)))
	if side := max(size.X, size.Y); side <= enlarged {
		halves := min(2*enlarged/side, int(2*pixels/float64(size.X)))
		g.zoom = max(1, float64(halves)/2)
	}
}

// shown is how many pixels of the page an image gets.
func (g *layout) shown(size image.Point) image.Point {
	factor := g.zoom
	if factor == 0 {
		factor = min(1, float64(g.most)/float64(max(size.X, size.Y)))
	}
	scaled := func(n int) int { return max(1, int(factor*float64(n)+0.5)) }
	return image.Pt(scaled(size.X), scaled(size.Y))
}

// x is where column i begins.
func (g *layout) x(i int) vg.Length {
	x := g.left + vg.Length(i)*(g.cell+gap)
	if i > 0 {
		x += g.split
	}
	return x
}
