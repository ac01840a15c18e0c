package show

import (
	"errors"
	"fmt"
	"image"
	"iter"
	"math"
	"slices"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/embedding"
)

// Grid shows the first n images, columns to a row, with their class names, if
// classes have names. Large images shrink to fit. If there are fewer than n
// images it holds all of them. It is an error if there are none, or n or columns
// is less than 1.
func Grid(images *dataset.Images, n, columns int) Picture {
	n = min(n, images.Len())
	if n < 1 || columns < 1 {
		return failed("show: Grid: %d images in %d columns, want at least 1 of each", n, columns)
	}
	var s sheet
	for i := range n {
		if i%columns == 0 {
			s.rows = append(s.rows, nil)
		}
		t := tile{img: images.NRGBA(i)}
		if len(images.Classes) > 0 {
			t.words = []string{className(images, i)}
		}
		last := len(s.rows) - 1
		s.rows[last] = append(s.rows[last], t)
	}
	return s.picture("grid of images")
}

// Rows shows rows of images, a label at the left of each: what a value of a
// parameter does to some images, or the images of a class. labels[i] belongs to
// rows[i]. It is an error if there are no rows, a row has no images, or labels
// and rows differ in number.
func Rows(labels []string, rows []*dataset.Images) Picture {
	if len(rows) == 0 {
		return failed("show: Rows: no rows, want at least 1")
	}
	if len(labels) != len(rows) {
		return failed("show: Rows: %d labels for %d rows, want as many", len(labels), len(rows))
	}
	s := sheet{labels: slices.Clone(labels)}
	for i, images := range rows {
		if images == nil || images.Len() == 0 {
			return failed("show: Rows: row %d %q has no images, want at least 1", i, labels[i])
		}
		var row []tile
		for j := range images.Len() {
			row = append(row, tile{img: images.NRGBA(j)})
		}
		s.rows = append(s.rows, row)
	}
	return s.picture("rows of images")
}

// Neighbours shows images and what was found nearest to each: a row for each of
// queries' images in which, with its neighbours among the images of gallery,
// most similar first. nearest[i] belongs to which[i]. Below each stand its
// similarity and its class; a frame and a cross mark neighbours of another class
// than the query's. Classes are compared by name; images without names of
// classes get no mark.
//
// Two calls, with features from before and after training, show what was
// learnt; the title says which is which.
func Neighbours(title string, queries *dataset.Images, which []int, gallery *dataset.Images, nearest [][]embedding.Neighbour) Picture {
	s, err := neighbours(title, queries, which, gallery, nearest)
	if err != nil {
		return failed("show: Neighbours: %w", err)
	}
	return s.picture("neighbours")
}

func neighbours(title string, queries *dataset.Images, which []int, gallery *dataset.Images, nearest [][]embedding.Neighbour) (sheet, error) {
	if len(which) == 0 {
		return sheet{}, errors.New("no queries, want at least 1")
	}
	if len(which) != len(nearest) {
		return sheet{}, fmt.Errorf("neighbours of %d queries, want those of %d", len(nearest), len(which))
	}
	s := sheet{title: title, heads: []string{"query"}, apart: true}
	same, all := 0, 0
	for i, query := range which {
		if query < 0 || query >= queries.Len() {
			return sheet{}, fmt.Errorf("query %d is image %d, want one of %d", i, query, queries.Len())
		}
		class := className(queries, query)
		row := []tile{{img: queries.NRGBA(query), words: words(class)}}
		for j, found := range nearest[i] {
			switch {
			case found.Image < 0 || found.Image >= gallery.Len():
				return sheet{}, fmt.Errorf("neighbour %d of query %d is image %d, want one of %d",
					j, i, found.Image, gallery.Len())
			case math.IsNaN(float64(found.Similarity)) || math.IsInf(float64(found.Similarity), 0):
				return sheet{}, fmt.Errorf("neighbour %d of query %d has the similarity %g, want a number",
					j, i, found.Similarity)
			}
			name := className(gallery, found.Image)
			t := tile{img: gallery.NRGBA(found.Image), words: append(words(name), number(float64(found.Similarity), 'f', 3))}
			if name != "" && class != "" {
				all++
				if t.wrong = name != class; !t.wrong {
					same++
				}
			}
			row = append(row, t)
			if len(s.heads) < len(row) {
				s.heads = append(s.heads, fmt.Sprint(len(row)-1))
			}
		}
		s.rows = append(s.rows, row)
	}
	if len(s.heads) == 1 {
		return sheet{}, errors.New("no neighbours, want at least 1")
	}
	s.heads[1] = "nearest"
	if all > 0 {
		s.note = fmt.Sprintf("%d of %d neighbours are of the query's class; × marks the others", same, all)
	}
	return s, nil
}

// words are the line with a class, if the class has a name.
func words(class string) []string {
	if class == "" {
		return nil
	}
	return []string{class}
}

// A tile is an image of a sheet, with words below it.
type tile struct {
	img   *image.NRGBA
	words []string // lines, cut where the cell ends
	wrong bool     // has a mark: a frame, and a cross before the words
}

// A sheet is rows of images in cells of one size, small ones enlarged.
type sheet struct {
	title, note string   // above everything, on two lines
	heads       []string // above the columns
	labels      []string // left of the rows
	rows        [][]tile
	apart       bool // the first column stands apart
}

const (
	gap       = 6 * px   // between cells
	largest   = 128      // pixels of the page for the longer side of an image
	smallest  = 48       // the same in a sheet of many columns
	enlarged  = 96       // the same if the image has fewer pixels
	labelRoom = 150 * px // for the text at the left of rows, at most
	titleRow  = 24 * px
	caption   = smallSize + 3*px
)

// picture draws the sheet.
func (s sheet) picture(what string) Picture {
	g := s.layout()
	return Picture{what: what, width: g.width, height: g.height, coarse: g.zoom == 0, draw: func(canvas draw.Canvas) error {
		top := canvas.Max.Y - edge
		if s.title != "" {
			style := letters(titleSize, ink)
			write(canvas, style, edge, top-titleSize+2*px, fit(s.title, style, g.width-2*edge))
			top -= titleRow
		}
		if s.note != "" {
			write(canvas, letters(textSize, faint), edge, top-textSize+2*px, s.note)
		}
		for i, head := range s.heads {
			style := letters(smallSize, faint)
			style.XAlign = text.XCenter
			write(canvas, style, g.x(i)+g.cell/2, canvas.Max.Y-g.top+6*px, fit(head, style, g.cell+gap))
		}
		for i, row := range s.rows {
			y := canvas.Max.Y - g.top - vg.Length(i)*g.step
			if i < len(s.labels) {
				style := letters(smallSize, ink)
				style.YAlign = text.YCenter
				write(canvas, style, edge, y-g.image/2, fit(s.labels[i], style, labelRoom))
			}
			for j, t := range row {
				t.draw(canvas, &g, g.x(j), y)
			}
		}
		return nil
	}}
}

// draw draws a tile with its upper left corner at a point.
func (t tile) draw(canvas draw.Canvas, g *layout, x, y vg.Length) {
	size := g.shown(t.img.Rect.Size())
	at := vg.Rectangle{Min: vg.Point{X: x, Y: y - vg.Length(size.Y)*px}, Max: vg.Point{X: x + vg.Length(size.X)*px, Y: y}}
	canvas.DrawImage(at, t.img)
	style := letters(smallSize, faint)
	if t.wrong {
		style.Color = wrong
		outline(canvas, at, draw.LineStyle{Color: wrong, Width: 3 * px})
	}
	for i, line := range t.words {
		below := y - g.image - vg.Length(i+1)*caption
		if t.wrong && i == 0 {
			line = "× " + line
		}
		write(canvas, style, x, below, fit(line, style, g.cell+gap/2))
	}
}

// outline draws a frame on a rectangle's inside.
func outline(canvas draw.Canvas, r vg.Rectangle, style draw.LineStyle) {
	half := style.Width / 2
	x0, y0, x1, y1 := r.Min.X+half, r.Min.Y+half, r.Max.X-half, r.Max.Y-half
	canvas.StrokeLines(style, []vg.Point{{X: x0 - half, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}, {X: x0, Y: y0}})
}

// className is the class of image i, or "" if its class has no name.
func className(images *dataset.Images, i int) string {
	if label := int(images.Labels[i]); label >= 0 && label < len(images.Classes) {
		return images.Classes[label]
	}
	return ""
}

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
