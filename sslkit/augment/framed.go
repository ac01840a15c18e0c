package augment

import (
	"math"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
)

// An axis is how images are resized along one stored axis, each in its own way;
// [batch] all, float32.
type axis struct {
	start, length *graph.Node // the pixels that are resized
	step          *graph.Node // how many of them make a new one
	skip          *graph.Node // new pixels before the first that is wanted; nil for none
	backwards     *graph.Node // bool: whether the new ones run from the end to the start; nil for none
	first         *graph.Node // the pixel that the stored ones begin with; nil for 0
	filter        filter
}

// weights returns the weights with which n stored pixels make size new ones,
// [batch, size, n]: see [filter.weights].
func (a axis) weights(n, size int) *graph.Node {
	g, dtype, batch := a.start.Graph(), a.start.DType(), a.start.Shape().Dimensions[0]
	whole := func(x *graph.Node) *graph.Node { return graph.Reshape(x, batch, 1, 1) } // [batch, 1, 1]

	at := graph.AddScalar(graph.Iota(g, shapes.Make(dtype, batch, size, 1), 1), 0.5) // [batch, size, 1]
	if a.backwards != nil {
		at = graph.Where(a.backwards, graph.Sub(graph.Scalar(g, dtype, size), at), at)
	}
	if a.skip != nil {
		at = graph.Add(at, whole(a.skip))
	}
	pixel := graph.AddScalar(graph.Iota(g, shapes.Make(dtype, batch, 1, n), 2), 0.5) // [batch, 1, n]
	if a.first != nil {
		pixel = graph.Add(pixel, whole(a.first))
	}
	start, step := whole(a.start), whole(a.step)
	centre := graph.Add(start, graph.Mul(step, at)) // [batch, size, 1]
	return a.filter.around(centre, pixel, step, start, whole(a.length))
}

// crop is the function of that name for images of several sizes.
//
//	x       one box per image
//	mirror  [batch] bool, or nil for none
//	result  [batch, Size, Size] for each colour
//
// Only the rows that a box can take are read of each image.
func (b Batch) crop(x box, mirror *graph.Node, p Policy) planes {
	turned := b.turned()
	along := func(start, length *graph.Node) axis {
		return axis{start: start, length: length, step: graph.MulScalar(length, 1/float64(p.Size)), filter: p.filter()}
	}
	long := along(graph.Where(turned, x.left, x.top), graph.Where(turned, x.width, x.height))
	short := along(graph.Where(turned, x.top, x.left), graph.Where(turned, x.height, x.width))
	if mirror != nil {
		long.backwards = graph.LogicalAnd(mirror, turned)
		short.backwards = graph.LogicalAnd(mirror, graph.LogicalNot(turned))
	}
	side := b.Pixels.Shape().Dimensions[1]
	return p.filter().clip(b.resize(long.start, boxRows(side, p.Ratio), long, short, p.Size))
}

// boxRows is how many pixels a random box takes at most of the longer side of
// an image whose shorter side is at most side.
func boxRows(side int, ratio [2]float64) int {
	widest := math.Max(ratio[1], 1/ratio[0])            // of the longer side of a box over its shorter one
	return int(math.Ceil((float64(side)+1)*widest)) + 1 // sides are rounded
}

// centre is the function of that name for images of several sizes. The result is
// [batch, size, size] for each colour.
//
// Only the rows that the square takes are read of each image.
func (b Batch) centre(size int) planes {
	number := func(x *graph.Node) *graph.Node { return graph.ConvertDType(x, dtypes.Float32) }
	longer, shorter := graph.Max(b.Height, b.Width), graph.Min(b.Height, b.Width) // [batch]
	side := graph.Div(graph.MulScalar(longer, size), shorter)                     // [batch]
	over := graph.SubScalar(side, size)
	half := graph.Div(over, graph.Scalar(over.Graph(), over.DType(), 2))
	one := graph.Scalar(over.Graph(), over.DType(), 1)
	skip := number(graph.Add(half, graph.BitwiseAnd(graph.BitwiseAnd(over, half), one))) // [batch]: over/2, rounded to even

	zero := graph.ZerosLike(skip)
	long := axis{start: zero, length: number(longer), step: graph.Mul(number(longer), graph.Reciprocal(number(side))), skip: skip}
	short := axis{start: zero, length: number(shorter), step: graph.MulScalar(number(shorter), 1/float64(size))}

	reach := graph.MaxScalar(long.step, 1.0)
	from := graph.Sub(graph.Mul(long.step, graph.AddScalar(skip, 0.5)), reach)
	from = graph.MaxScalar(graph.SubScalar(graph.Floor(from), 1), 0.0) // [batch]
	return b.resize(from, centreRows(b.Pixels.Shape().Dimensions[1], size), long, short, size)
}

// centreRows is how many pixels the central square takes at most of the longer
// side of an image whose shorter side is at most side, with those at its rim
// that blend into it.
func centreRows(side, size int) int {
	// The longer side's new length is rounded down: by less than 1 in size + 1.
	step := float64(side) / float64(size) * (1 + 1/float64(size))
	return int(math.Ceil(step*float64(size-1)+2*math.Max(step, 1))) + 4
}

// resize makes square images, the right way up.
//
//	from         [batch] float32: the first row of each image that is read, of count
//	long, short  along the rows, and in them
//	result       [batch, size, size] for each colour
func (b Batch) resize(from *graph.Node, count int, long, short axis, size int) planes {
	pixels, first := b.window(graph.ConvertDType(from, dtypes.Int32), count) // [batch, count, side, 3]
	long.first = graph.ConvertDType(first, dtypes.Float32)
	dims, turned := pixels.Shape().Dimensions, b.turned()
	y := resample(pixels, long.weights(dims[1], size), short.weights(dims[2], size))
	for c := range y {
		y[c] = graph.Where(turned, graph.TransposeAllAxes(y[c], 0, 2, 1), y[c]) // [batch, size, size]
	}
	return y
}
