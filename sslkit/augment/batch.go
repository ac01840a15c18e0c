package augment

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
)

// A Batch is the images that views are drawn of, in one of two forms.
//
// Images of one size: Pixels is [batch, height, width, 3], the rest is nil.
//
// Images of several sizes: Pixels is [rows, side, 3] and holds these images, and
// maybe others, in any order. Each begins at its Row and takes as many rows as
// its longer side has pixels; one that is wider than it is high lies there
// transposed. Pixels that belong to none of the images do not matter; at the end
// there should be [SpareRows] of them.
type Batch struct {
	Pixels        *graph.Node // uint8
	Row           *graph.Node // [batch] int32
	Height, Width *graph.Node // [batch] int32, of the images the right way up

	// Parts is how many equal parts Pixels consists of, one after another, each with the images
	// of as large a part of the batch: Row counts from the part's first row, and the part ends
	// with spare rows of its own. So several devices can have a part each. 0 is 1.
	Parts int
}

// Whole returns the batch of images of one size, [batch, height, width, 3] uint8.
func Whole(images *graph.Node) Batch { return Batch{Pixels: images} }

// Framed returns a batch of images of several sizes.
//
//	pixels  [rows, side, 3] uint8
//	frames  [batch, 3] int32: row, height and width of each image
func Framed(pixels, frames *graph.Node) Batch {
	column := func(i int) *graph.Node {
		return graph.Squeeze(graph.Slice(frames, graph.AxisRange(), graph.AxisElem(i)), 1) // [batch]
	}
	return Batch{Pixels: pixels, Row: column(0), Height: column(1), Width: column(2)}
}

// SpareRows is how many rows should follow the last image of a [Batch] whose
// images have several sizes, [rows, side, 3]. No policy reads more rows of an
// image at once, unless a box may be more than twice as long as it is wide.
//
// Where fewer rows follow, those of the last images are read from an earlier one
// on, to the same views. But sums are rounded otherwise then, so that the views
// are not those of the same images in another place to the last bit.
func SpareRows(side int) int { return 2*side + 8 }

// framed says whether the images have several sizes.
func (b Batch) framed() bool { return b.Row != nil }

// len is the number of images.
func (b Batch) len() int {
	if b.framed() {
		return b.Row.Shape().Dimensions[0]
	}
	return b.Pixels.Shape().Dimensions[0]
}

// times repeats the sizes and places of the images, not their pixels.
func (b Batch) times(n int) Batch {
	if !b.framed() || n == 1 {
		return b
	}
	repeated := func(x *graph.Node) *graph.Node { return graph.Concatenate(slices.Repeat([]*graph.Node{x}, n), 0) }
	b.Row, b.Height, b.Width = repeated(b.Row), repeated(b.Height), repeated(b.Width)
	return b
}

// validate reports nodes that are not of the shapes and types that [Batch] wants.
func (b Batch) validate() error {
	s := b.Pixels.Shape()
	if !b.framed() {
		if s.DType != dtypes.Uint8 || s.Rank() != 4 || s.Dimensions[3] != 3 {
			return fmt.Errorf("images have shape %s, want uint8 [batch, height, width, 3]", s)
		}
		return nil
	}
	if s.DType != dtypes.Uint8 || s.Rank() != 3 || s.Dimensions[2] != 3 {
		return fmt.Errorf("images of several sizes have shape %s, want uint8 [rows, side, 3]", s)
	}
	for _, x := range []*graph.Node{b.Row, b.Height, b.Width} {
		if x == nil || x.DType() != dtypes.Int32 || x.Rank() != 1 || x.Shape().Dimensions[0] != b.len() {
			return fmt.Errorf("images of several sizes: a row, height or width is missing or not int32 [batch]")
		}
	}
	if parts := max(b.Parts, 1); s.Dimensions[0]%parts != 0 || b.len()%parts != 0 {
		return fmt.Errorf("%d images in %d rows do not divide into %d parts", b.len(), s.Dimensions[0], parts)
	}
	return nil
}

// randomBox draws a box for each image: see [randomBox].
func (b Batch) randomBox(u *graph.Node, scale, ratio [2]float64) box {
	if !b.framed() {
		dims := b.Pixels.Shape().Dimensions
		return randomBox(u, dims[1], dims[2], scale, ratio)
	}
	height, width := graph.ConvertDType(b.Height, u.DType()), graph.ConvertDType(b.Width, u.DType())
	f := frame{height: height, width: width, area: graph.Mul(height, width), central: b.centralBox(ratio)}
	f.central = f.central.as(u.DType())
	return f.randomBox(u, scale, ratio)
}

// centralBox is [centralBox] for each image, in float64, with the place of the box.
func (b Batch) centralBox(ratio [2]float64) box {
	height, width := graph.ConvertDType(b.Height, dtypes.Float64), graph.ConvertDType(b.Width, dtypes.Float64)
	bound := func(i int) *graph.Node { return graph.Scalar(height.Graph(), dtypes.Float64, ratio[i]) }
	whole := graph.Div(width, height)
	pixels := func(x *graph.Node) *graph.Node { return graph.MaxScalar(graph.Round(x), 1.0) }
	c := box{
		height: graph.Where(graph.LessThan(whole, bound(0)), pixels(graph.Div(width, bound(0))), height),
		width:  graph.Where(graph.GreaterThan(whole, bound(1)), pixels(graph.Mul(height, bound(1))), width),
	}
	c.top = graph.Floor(graph.MulScalar(graph.Sub(height, c.height), 0.5))
	c.left = graph.Floor(graph.MulScalar(graph.Sub(width, c.width), 0.5))
	return c
}

// as returns the boxes in another number type.
func (x box) as(dtype dtypes.DType) box {
	return box{
		top: graph.ConvertDType(x.top, dtype), left: graph.ConvertDType(x.left, dtype),
		height: graph.ConvertDType(x.height, dtype), width: graph.ConvertDType(x.width, dtype),
	}
}

// turned says which images lie transposed, [batch] bool.
func (b Batch) turned() *graph.Node { return graph.GreaterThan(b.Width, b.Height) }

// window returns rows of each image, from a row of it on.
//
//	from    [batch] int32, counted from the image's own first row
//	count   at most; all of Pixels if there are fewer
//	pixels  [batch, count, side, 3] in [0, 1], float32
//	first   [batch] int32: the row of the image that pixels begin with
//
// Rows before and after an image's own are those of others. A window never goes
// beyond the end of Pixels: it begins earlier instead, as first says.
func (b Batch) window(from *graph.Node, count int) (pixels, first *graph.Node) {
	parts, dims := max(b.Parts, 1), b.Pixels.Shape().Dimensions
	total := dims[0] / parts
	count = min(count, total)
	start := graph.MinScalar(graph.Add(b.Row, from), total-count) // [batch]
	if parts == 1 {
		at := graph.ExpandAxes(start, 1) // [batch, 1]
		stored := graph.GatherSlices(b.Pixels, []int{0}, at, []int{count}, false)
		return unit(stored, dtypes.Float32), graph.Sub(start, b.Row)
	}
	// In this form XLA sees that no part's images are in another's pixels.
	each := b.len() / parts
	part := graph.Iota(start.Graph(), shapes.Make(dtypes.Int32, parts, each, 1), 0)
	at := graph.Concatenate([]*graph.Node{part, graph.Reshape(start, parts, each, 1)}, -1) // [parts, each, 2]
	stored := graph.GatherSlices(graph.Reshape(b.Pixels, parts, total, dims[1], 3), []int{0, 1}, at, []int{1, count}, false)
	return unit(graph.Reshape(stored, b.len(), count, dims[1], 3), dtypes.Float32), graph.Sub(start, b.Row)
}
