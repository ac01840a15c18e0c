package augment

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
)

// A Place says where views lie in the images that they are drawn of: each shows the
// whole of its box, which may be mirrored.
type Place struct {
	Left, Top, Width, Height *graph.Node // [batch] float32, in pixels of the image
	Flipped                  *graph.Node // [batch] bool: left is right; nil: none is
}

// Places returns where the views lie that [Views] makes with these policies and keys.
// It panics as Views does.
func Places(policies []Policy, keys []*graph.Node, batch Batch) []Place {
	if len(keys) != len(policies) {
		panic(fmt.Errorf("augment: Places: %d keys for %d policies, want one for each", len(keys), len(policies)))
	}
	places := make([]Place, len(policies))
	for i, p := range policies {
		p.check("Places", batch)
		c := p.draw(keys[i:i+1], batch)
		places[i] = Place{c.box.left, c.box.top, c.box.width, c.box.height, c.mirror}
	}
	return places
}

// Grid returns x and y of cells that divide the views into rows and columns, row by
// row, in pixels of the images.
//
//	result  [batch, rows·columns, 2]
//
// If centred they are the cells' middles. Else they are as lightly has them: the first
// one is the middle of its cell, and the distance to the next is the width over one
// column less than there are, so that the last one lies beyond the view's edge. It
// panics if the grid is smaller than 2 × 2 then.
func (p Place) Grid(rows, columns int, centred bool) *graph.Node {
	if !centred && min(rows, columns) < 2 {
		panic(fmt.Errorf("augment: Grid: %d rows and %d columns, want at least 2 of both where cells are not centred", rows, columns))
	}
	along := func(start, length *graph.Node, count int, backwards *graph.Node) *graph.Node {
		g, dtype, batch := start.Graph(), start.DType(), start.Shape().Dim(0)
		number := graph.Iota(g, shapes.Make(dtype, batch, count), 1) // [batch, count]
		if backwards != nil {
			from := graph.Sub(graph.Scalar(g, dtype, count-1), number)
			number = graph.Where(graph.BroadcastToDims(graph.ExpandAxes(backwards, 1), batch, count), from, number)
		}
		steps := count - 1
		if centred {
			steps = count
		}
		part := graph.AddScalar(graph.DivScalar(number, float64(steps)), 1/float64(2*count))
		return graph.Add(graph.ExpandAxes(start, 1), graph.Mul(graph.ExpandAxes(length, 1), part)) // [batch, count]
	}
	batch := p.Left.Shape().Dim(0)
	x := graph.ExpandAxes(along(p.Left, p.Width, columns, p.Flipped), 1) // [batch, 1, columns]
	y := graph.ExpandAxes(along(p.Top, p.Height, rows, nil), 2)          // [batch, rows, 1]
	x = graph.BroadcastToDims(x, batch, rows, columns)
	y = graph.BroadcastToDims(y, batch, rows, columns)
	return graph.Reshape(graph.Stack([]*graph.Node{x, y}, -1), batch, rows*columns, 2)
}

// Everywhere is the place of views that show the whole image, of one pixel, for
// building what only declares variables.
func Everywhere(g *graph.Graph, batch int) Place {
	zero := graph.Zeros(g, shapes.Make(dtypes.Float32, batch))
	one := graph.OnePlus(zero)
	return Place{Left: zero, Top: zero, Width: one, Height: one}
}
