package augment

import (
	"math"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
)

const (
	attempts  = 10             // how often a crop is drawn before the central one is taken, as in torchvision
	cropDraws = 2*attempts + 2 // the uniform draws of [randomBox] per image
)

// A box is one rectangle per image, in whole pixels.
type box struct {
	top, left, height, width *graph.Node // [batch] each, a float type
}

// randomBox returns the rectangles of a random resized crop, for images of one size.
//
//	u       [22, batch]  uniform draws in [0, 1)
//	result  one box per image of height × width pixels
//
// The area is uniform in scale, as a fraction of the image's; width over height
// is log-uniform in ratio; both sides are rounded to pixels. The first of ten
// such attempts that fits is placed uniformly; where none fits, the box is the
// largest central one with a ratio within bounds.
//
// This is torchvision's RandomResizedCrop, with all attempts drawn at once. It
// goes back to Szegedy et al., Going Deeper with Convolutions, 2014,
// arXiv:1409.4842, section 6.
func randomBox(u *graph.Node, height, width int, scale, ratio [2]float64) box {
	scalar := func(v int) *graph.Node { return graph.Scalar(u.Graph(), u.DType(), v) }
	h, w := centralBox(height, width, ratio)
	return frame{
		height: scalar(height), width: scalar(width), area: scalar(height * width),
		central: box{top: scalar((height - h) / 2), left: scalar((width - w) / 2), height: scalar(h), width: scalar(w)},
	}.randomBox(u, scale, ratio)
}

// A frame is the size of images and what follows from it: scalars, or [batch]
// where sizes differ, of a float type.
type frame struct {
	height, width, area *graph.Node
	central             box // is taken where no random one fits
}

// randomBox is [randomBox] for images of the frame's size.
func (f frame) randomBox(u *graph.Node, scale, ratio [2]float64) box {
	u.AssertDims(cropDraws, -1)
	g, dtype, batch := u.Graph(), u.DType(), u.Shape().Dimensions[1]
	scalar := func(v int) *graph.Node { return graph.Scalar(g, dtype, v) }

	area := graph.Mul(between(rows(u, 0, attempts), scale), row0(f.area)) // [attempts, batch]
	logRatio := [2]float64{math.Log(ratio[0]), math.Log(ratio[1])}
	r := graph.Exp(between(rows(u, attempts, 2*attempts), logRatio)) // [attempts, batch]
	w := graph.Round(graph.Sqrt(graph.Mul(area, r)))                 // [attempts, batch]
	h := graph.Round(graph.Sqrt(graph.Div(area, r)))                 // [attempts, batch]

	fits := func(side, room *graph.Node) *graph.Node {
		return graph.LogicalAnd(graph.GreaterThan(side, scalar(0)), graph.LessOrEqual(side, row0(room)))
	}
	attempt := graph.Iota(g, shapes.Make(dtype, attempts, batch), 0)                                        // [attempts, batch]
	number := graph.Where(graph.LogicalAnd(fits(w, f.width), fits(h, f.height)), attempt, scalar(attempts)) // [attempts, batch]
	first := graph.ReduceAndKeep(number, graph.ReduceMin, 0)                                                // [1, batch]
	chosen := graph.Equal(attempt, first)                                                                   // [attempts, batch]
	none := graph.Squeeze(graph.Equal(first, scalar(attempts)), 0)                                          // [batch]

	place := func(sides, u, room, start0, side0 *graph.Node) (start, side *graph.Node) {
		side = graph.ReduceSum(graph.Where(chosen, sides, scalar(0)), 0) // [batch]
		side = graph.Where(none, side0, side)
		start = graph.Floor(graph.Mul(u, graph.Sub(graph.OnePlus(room), side)))
		return graph.Where(none, start0, start), side
	}
	var b box
	b.top, b.height = place(h, row(u, 2*attempts), f.height, f.central.top, f.central.height)
	b.left, b.width = place(w, row(u, 2*attempts+1), f.width, f.central.left, f.central.width)
	return b
}

// row0 makes a vector the only row of a matrix, [1, batch]; a scalar stays.
func row0(x *graph.Node) *graph.Node {
	if x.IsScalar() {
		return x
	}
	return graph.ExpandAxes(x, 0) // [1, batch]
}

// centralBox is the size of the largest box in an image whose ratio is within bounds.
func centralBox(height, width int, ratio [2]float64) (h, w int) {
	switch whole := float64(width) / float64(height); {
	case whole < ratio[0]:
		return max(1, int(math.RoundToEven(float64(width)/ratio[0]))), width
	case whole > ratio[1]:
		return height, max(1, int(math.RoundToEven(float64(height)*ratio[1])))
	}
	return height, width
}

// crop cuts a box out of every image, resizes it to size × size pixels, and
// mirrors it left to right where told.
//
//	images  [batch, height, width, 3], a float type
//	b       as many of each image as there are views
//	mirror  [views·batch] bool, or nil for none
//	result  [views·batch, size, size] for each colour
//
// The resize is with antialias, as Pillow's and torchvision's. It is two matrix
// products per image, of which the second also mirrors. Colours stay in [0, 1].
func crop(images *graph.Node, b box, mirror *graph.Node, size int, filter filter) planes {
	images.AssertDims(-1, -1, -1, 3)
	height, width := images.Shape().Dimensions[1], images.Shape().Dimensions[2]
	vertical := filter.weights(b.top, b.height, nil, height, size)     // [views·batch, size, height]
	horizontal := filter.weights(b.left, b.width, mirror, width, size) // [views·batch, size, width]
	return filter.clip(resample(images, vertical, horizontal))
}

// resample makes the pixels of new images from weights for those of the old.
//
//	images      [batch, height, width, 3], a float type
//	vertical    [views·batch, size, height]
//	horizontal  [views·batch, size, width]
//	result      [views·batch, size, size] for each colour
func resample(images, vertical, horizontal *graph.Node) planes {
	dims, size := images.Shape().Dimensions, vertical.Shape().Dimensions[1]
	batch, height, width := dims[0], dims[1], dims[2]
	views := vertical.Shape().Dimensions[0] / batch
	x := graph.Reshape(images, batch, height, width*3) // [batch, height, width·3]
	if views == 1 {
		x = graph.Dot(vertical, x).General([]int{2}, []int{0}, []int{1}, []int{0})      // [batch, size, width·3]
		x = graph.TransposeAllAxes(graph.Reshape(x, batch, size, width, 3), 0, 3, 1, 2) // [batch, 3, size, width]
	} else {
		vertical = graph.Reshape(vertical, views, batch, size, height)
		x = graph.Dot(vertical, x).General([]int{3}, []int{1}, []int{1}, []int{0})                // [batch, views, size, width·3]
		x = graph.TransposeAllAxes(graph.Reshape(x, batch, views, size, width, 3), 1, 0, 4, 2, 3) // [views, batch, 3, size, width]
	}
	x = graph.Reshape(x, views*batch, 3*size, width)                             // [views·batch, 3·size, width]
	x = graph.Dot(x, horizontal).General([]int{2}, []int{0}, []int{2}, []int{0}) // [views·batch, 3·size, size]
	var y planes
	for c := range y {
		y[c] = graph.Slice(x, graph.AxisRange(), graph.AxisRange(c*size, (c+1)*size)) // [views·batch, size, size]
	}
	return y
}

// A filter is how much pixels count for a new one, by how far they are away from it.
type filter bool

const (
	bilinear filter = false // a triangle, one pixel to either side
	bicubic  filter = true  // Keys' cubic with a = -1/2, two pixels to either side, as Pillow's
)

// of returns the weights at distances of at least 0.
//
// Keys, Cubic Convolution Interpolation for Digital Image Processing, 1981.
func (f filter) of(away *graph.Node) *graph.Node {
	if f == bilinear {
		return graph.MaxScalar(graph.OneMinus(away), 0.0)
	}
	polynomial := func(cubed, squared, linear, constant float64) *graph.Node {
		y := graph.AddScalar(graph.MulScalar(away, cubed), squared)
		y = graph.AddScalar(graph.Mul(y, away), linear)
		return graph.AddScalar(graph.Mul(y, away), constant)
	}
	below := func(x float64) *graph.Node { return graph.LessThan(away, graph.Scalar(away.Graph(), away.DType(), x)) }
	outer := graph.Where(below(2), polynomial(-0.5, 2.5, -4, 2), graph.ZerosLike(away))
	return graph.Where(below(1), polynomial(1.5, -2.5, 0, 1), outer)
}

// clip keeps colours in [0, 1], beyond which a cubic goes at edges.
func (f filter) clip(x planes) planes {
	if f == bicubic {
		for c := range x {
			x[c] = graph.ClipScalar(x[c], 0, 1)
		}
	}
	return x
}

// weights returns the weights with which n pixels of an axis make size new ones.
//
//	start, length  [batch]  the part of the axis that is resized
//	backwards      [batch] bool, or nil: whether the new pixels run from right to left
//	result         [batch, size, n], every row with sum 1
//
// A new pixel's weights are the filter around its centre, stretched where length
// shrinks by as many pixels as make a new one. Centres of pixels are at halves;
// pixels outside the part have no weight.
func (f filter) weights(start, length, backwards *graph.Node, n, size int) *graph.Node {
	g, dtype, batch := start.Graph(), start.DType(), start.Shape().Dimensions[0]
	start, length = graph.Reshape(start, batch, 1, 1), graph.Reshape(length, batch, 1, 1) // [batch, 1, 1]

	at := graph.AddScalar(graph.Iota(g, shapes.Make(dtype, batch, size, 1), 1), 0.5) // [batch, size, 1]
	if backwards != nil {
		at = graph.Where(backwards, graph.Sub(graph.Scalar(g, dtype, size), at), at)
	}
	step := graph.MulScalar(length, 1/float64(size))                                 // [batch, 1, 1]
	centre := graph.Add(start, graph.Mul(step, at))                                  // [batch, size, 1]
	pixel := graph.AddScalar(graph.Iota(g, shapes.Make(dtype, batch, 1, n), 2), 0.5) // [batch, 1, n]
	return f.around(centre, pixel, step, start, length)
}

// around returns the weights of pixels for new ones, [batch, size, n].
//
//	centre         [batch, size, 1]  centres of the new ones
//	pixel          [batch, 1, n]     centres of the pixels, on the same axis
//	step           [batch, 1, 1]     pixels per new one
//	start, length  [batch, 1, 1]     the part of the axis outside which weights are 0
func (f filter) around(centre, pixel, step, start, length *graph.Node) *graph.Node {
	inside := graph.LogicalAnd(graph.GreaterThan(pixel, start), graph.LessThan(pixel, graph.Add(start, length)))
	away := graph.Div(graph.Abs(graph.Sub(pixel, centre)), graph.MaxScalar(step, 1.0)) // [batch, size, n]
	weight := graph.Mul(f.of(away), graph.ConvertDType(inside, pixel.DType()))         // [batch, size, n]
	return graph.Div(weight, graph.ReduceAndKeep(weight, graph.ReduceSum, 2))
}

// centre resizes the images so that their shorter side has size pixels, and
// cuts out the central square.
//
//	images  [batch, height, width, 3], a float type
//	result  [batch, size, size] for each colour
//
// The geometry is that of torchvision's Resize and CenterCrop.
func centre(images *graph.Node, size int) planes {
	images.AssertDims(-1, -1, -1, 3)
	g, dims := images.Graph(), images.Shape().Dimensions
	weights := func(n int) *graph.Node {
		side, from := centralPart(n, min(dims[1], dims[2]), size)
		zero := graph.Zeros(g, shapes.Make(images.DType(), 1))
		length := graph.AddScalar(zero, float64(n))
		part := axis{start: zero, length: length, step: graph.MulScalar(length, 1/float64(side)), skip: graph.AddScalar(zero, float64(from))}
		return graph.BroadcastToDims(part.weights(n, size), dims[0], size, n) // [batch, size, n]
	}
	return resample(images, weights(dims[1]), weights(dims[2]))
}

// centralPart is what becomes of n pixels of an axis if the image's shorter side
// gets size: how many pixels they are then, and where the central size of them begin.
func centralPart(n, shorter, size int) (side, from int) {
	side = size * n / shorter
	return side, int(math.RoundToEven(float64(side-size) / 2))
}
