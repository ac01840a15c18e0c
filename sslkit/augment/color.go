package augment

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
)

// planes is a batch of images as red, green and blue, each [batch, height,
// width] in [0, 1]: apart from each other, so that arithmetic between colours is
// elementwise.
type planes [3]*graph.Node

// planesOf takes the colours of images [batch, height, width, 3] apart.
func planesOf(images *graph.Node) (x planes) {
	for c := range x {
		x[c] = graph.Squeeze(graph.Slice(images, graph.AxisRange().Spacer(), graph.AxisElem(c)), -1) // [batch, height, width]
	}
	return x
}

// join appends other images.
func (x planes) join(others planes) planes {
	if x[0] == nil {
		return others
	}
	for c := range x {
		x[c] = graph.Concatenate([]*graph.Node{x[c], others[c]}, 0)
	}
	return x
}

// grey is the brightness of every pixel, [batch, height, width]: ITU-R BT.601
// with the rounded weights of torchvision.
func (x planes) grey() *graph.Node {
	return graph.Add(graph.Add(graph.MulScalar(x[0], 0.2989), graph.MulScalar(x[1], 0.587)), graph.MulScalar(x[2], 0.114))
}

// grayscale replaces the colours of the images where [batch] says so by grey.
func (x planes) grayscale(where *graph.Node) planes {
	grey := x.grey()
	for c := range x {
		x[c] = graph.Where(where, grey, x[c])
	}
	return x
}

// solarize inverts the values from 128/255 on in the images where [batch] says so.
func (x planes) solarize(where *graph.Node) planes {
	for c := range x {
		bright := graph.GreaterOrEqual(x[c], graph.Scalar(x[c].Graph(), x[c].DType(), 128./255))
		bright = graph.LogicalAnd(bright, graph.ExpandAxes(where, 1, 2)) // [batch, height, width]
		x[c] = graph.Where(bright, graph.OneMinus(x[c]), x[c])
	}
	return x
}

// The operations of a jitter, in the order of its tables.
const (
	brightness = iota
	contrast
	saturation
	hue
	operations
)

// A jitter is what colour jitter does to each image.
type jitter struct {
	amount [operations]*graph.Node // [batch] each: three factors, and a shift of the hue in turns
	rank   [operations]*graph.Node // [batch] each: 0 for the operation that comes first, 3 for the last
}

// drawJitter draws the jitter of the images that have any.
//
//	on       [batch] bool
//	factors  [4, batch]  uniform draws in [0, 1)
//	order    [4, batch]  uniform draws in [0, 1): the operations are applied in increasing order of these
//
// The other images have factors of 1 and a shift of 0.
func (p Policy) drawJitter(on, factors, order *graph.Node) *jitter {
	g, dtype, batch := factors.Graph(), factors.DType(), factors.Shape().Dimensions[1]
	var j jitter
	for k, s := range []float64{p.Brightness, p.Contrast, p.Saturation, p.Hue} {
		bounds, neutral := [2]float64{max(0, 1-s), 1 + s}, 1
		if k == hue {
			bounds, neutral = [2]float64{-s, s}, 0
		}
		j.amount[k] = graph.Where(on, between(row(factors, k), bounds), graph.Scalar(g, dtype, neutral))

		// The rank is the number of operations before this one; of equal draws the first counts as less.
		j.rank[k] = graph.Zeros(g, shapes.Make(dtype, batch))
		for other := range operations {
			var before *graph.Node
			switch {
			case other < k:
				before = graph.LessOrEqual(row(order, other), row(order, k))
			case other > k:
				before = graph.LessThan(row(order, other), row(order, k))
			default:
				continue
			}
			j.rank[k] = graph.Add(j.rank[k], graph.ConvertDType(before, dtype))
		}
	}
	return &j
}

// apply returns the images after brightness, contrast, saturation and hue, each
// image in its own order, with values clamped to [0, 1] after each operation.
//
// To compute one hue per image, not one per place in the order, the three other
// operations have three places before the hue and three after it, and all but
// three of these leave the image as it is.
//
// The operations are torchvision's ColorJitter on floats. What they make is used
// several times later, so it is to be stored, unless recompute leaves that to XLA: see
// settle.
func (j *jitter) apply(x planes, recompute bool) planes {
	stored := settle
	if recompute {
		stored = func(x planes) planes { return x }
	}
	for place := range 3 {
		x = j.blend(x, place, graph.LessThan)
	}
	x = stored(shiftHue(stored(x), j.amount[hue]))
	for place := range 3 {
		x = j.blend(x, place+1, graph.GreaterThan)
	}
	return x
}

// blend applies the operation at a place of the order, unless it is on the
// other side of the hue. All three are one form,
//
//	clamp(f·x + (1−f)·y)
//
// with factor f, where y is 0 for brightness, the mean of the image's grey for
// contrast, and the pixel's grey for saturation. Neutral factors make it x.
func (j *jitter) blend(x planes, place int, side func(rank, ofHue *graph.Node) *graph.Node) planes {
	var f [hue]*graph.Node // [batch] each; at most one is not 1
	for k := range f {
		here := graph.Equal(j.rank[k], graph.Scalar(j.rank[k].Graph(), j.rank[k].DType(), place))
		here = graph.LogicalAnd(here, side(j.rank[k], j.rank[hue]))
		f[k] = graph.Where(here, j.amount[k], graph.OnesLike(j.amount[k]))
	}
	grey := x.grey()
	mean := graph.ReduceMean(grey, 1, 2)                                                            // [batch]
	toMean := graph.ExpandAxes(graph.Mul(graph.OneMinus(f[contrast]), mean), 1, 2)                  // [batch, 1, 1]
	toGrey := graph.ExpandAxes(graph.OneMinus(f[saturation]), 1, 2)                                 // [batch, 1, 1]
	keep := graph.ExpandAxes(graph.Mul(graph.Mul(f[brightness], f[contrast]), f[saturation]), 1, 2) // [batch, 1, 1]
	add := graph.Add(graph.Mul(toGrey, grey), toMean)                                               // [batch, height, width]
	for c := range x {
		x[c] = graph.ClipScalar(graph.Add(graph.Mul(keep, x[c]), add), 0, 1)
	}
	return x
}

// shiftHue turns the hue of every image by a shift in turns, [batch]; the
// pixels' values and saturations in HSV stay.
//
// With the hue h in sixths of a turn, V the largest colour of a pixel and C the
// range of its colours, each colour is V − C·clamp(min(k, 4−k), 0, 1), where k is
// h + 5, h + 3 and h + 1 modulo 6 for red, green and blue. This equals the case
// distinction of Smith, Color Gamut Transform Pairs, SIGGRAPH 1978.
func shiftHue(x planes, shift *graph.Node) planes {
	r, g, b := x[0], x[1], x[2]
	value := graph.Max(graph.Max(r, g), b)
	chroma := graph.Sub(value, graph.Min(graph.Min(r, g), b))
	zero, one := graph.ZerosLike(value), graph.OnesLike(value)
	divisor := graph.Where(graph.Equal(chroma, zero), one, chroma)

	redLeads, greenLeads := graph.Equal(value, r), graph.Equal(value, g)
	h := graph.Where(redLeads, graph.Sub(g, b), graph.Where(greenLeads, graph.Sub(b, r), graph.Sub(r, g)))
	h = graph.Div(h, divisor)
	base := graph.Where(redLeads, zero, graph.Where(greenLeads, graph.MulScalar(one, 2), graph.MulScalar(one, 4)))
	h = graph.Add(graph.Add(h, base), graph.ExpandAxes(graph.MulScalar(shift, 6), 1, 2)) // [batch, height, width]

	for c, offset := range []float64{5, 3, 1} {
		k := graph.AddScalar(h, offset)
		k = graph.Sub(k, graph.MulScalar(graph.Floor(graph.MulScalar(k, 1./6)), 6)) // modulo 6
		k = graph.ClipScalar(graph.Min(k, graph.AddScalar(graph.Neg(k), 4)), 0, 1)
		x[c] = graph.Sub(value, graph.Mul(chroma, k))
	}
	return x
}

// settle returns x unchanged, and makes XLA store it: it multiplies the three
// colours by the identity matrix, which XLA does not see through. Its CPU compiler
// otherwise computes x anew in each operation that uses it, step after step,
// and a view takes over ten times as long. Its compiler for GPUs stores by itself what
// is costly to compute, so that the product would only be a further pass.
func settle(x planes) planes {
	dims := x[0].Shape().Dimensions
	identity := graph.ConvertDType(graph.Diagonal(x[0].Graph(), 3), x[0].DType()) // [3, 3]
	stacked := graph.Reshape(graph.Stack(x[:], 0), 3, -1)                         // [3, batch·height·width]
	stacked = graph.Dot(identity, stacked).General([]int{1}, nil, []int{0}, nil)  // [3, batch·height·width]
	for c := range x {
		x[c] = graph.Reshape(rows(stacked, c, c+1), dims...) // [batch, height, width]
	}
	return x
}
