package augment

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// View returns one random view of every image.
//
//	key     scalar uint64: the same key gives the same views
//	images  [batch, height, width, 3] uint8
//	result  [batch, Size, Size, 3] float32, normalised
//
// It panics if the policy is not valid or the images are not of that shape and
// type.
func (p Policy) View(key, images *graph.Node) *graph.Node {
	p.check("View", images)
	if key.DType() != dtypes.Uint64 || !key.IsScalar() {
		panic(fmt.Errorf("augment: View: key has shape %s, want a scalar uint64", key.Shape()))
	}
	return p.apply(unit(images, dtypes.Float32), p.draw(key, images))
}

// Plain returns the images as the network sees them in evaluation: nothing
// random, resized so that the shorter side is Size, cut to the central square,
// and normalised.
//
//	images  [batch, height, width, 3] uint8
//	result  [batch, Size, Size, 3] float32
//
// It panics if the policy is not valid or the images are not of that shape and
// type.
func (p Policy) Plain(images *graph.Node) *graph.Node {
	p.check("Plain", images)
	x := unit(images, dtypes.Float32)
	if d := images.Shape().Dimensions; d[1] == p.Size && d[2] == p.Size {
		return p.normalise(planesOf(x))
	}
	return p.normalise(centre(x, p.Size))
}

// check panics unless the policy is valid and images are bytes in colour.
func (p Policy) check(name string, images *graph.Node) {
	if err := p.Validate(); err != nil {
		panic(fmt.Errorf("augment: %s: %w", name, err))
	}
	s := images.Shape()
	if s.DType != dtypes.Uint8 || s.Rank() != 4 || s.Dimensions[3] != 3 {
		panic(fmt.Errorf("augment: %s: images have shape %s, want uint8 [batch, height, width, 3]", name, s))
	}
}

// choices are what one view of every image draws. A nil node stands for what
// the policy never does.
type choices struct {
	box    box
	mirror *graph.Node // [batch] bool
	jitter *jitter
	gray   *graph.Node // [batch] bool
	sigma  *graph.Node // [batch] standard deviation of the blur, pixels; 0 for none
	solar  *graph.Node // [batch] bool
}

// draw makes the choices. An operation that comes later takes its draws after
// these, so that the numbers of older ones stay.
func (p Policy) draw(key, images *graph.Node) choices {
	const (
		flip     = cropDraws
		jittered = flip + 1
		factors  = jittered + 1
		order    = factors + operations
		gray     = order + operations
		blurred  = gray + 1
		sigma    = blurred + 1
		solar    = sigma + 1
	)
	count := gray + 1
	if p.BlurP > 0 || p.SolarizeP > 0 {
		count = solar + 1
	}
	dims := images.Shape().Dimensions
	u := op.Uniform(key, count, dims[0]) // [count, batch]

	c := choices{box: randomBox(rows(u, 0, cropDraws), dims[1], dims[2], p.Scale, p.Ratio)}
	if p.FlipP > 0 {
		c.mirror = below(row(u, flip), p.FlipP)
	}
	if p.JitterP > 0 {
		on := below(row(u, jittered), p.JitterP)
		c.jitter = p.drawJitter(on, rows(u, factors, order), rows(u, order, gray))
	}
	if p.GrayscaleP > 0 {
		c.gray = below(row(u, gray), p.GrayscaleP)
	}
	if p.BlurP > 0 {
		c.sigma = p.drawSigma(below(row(u, blurred), p.BlurP), row(u, sigma))
	}
	if p.SolarizeP > 0 {
		c.solar = below(row(u, solar), p.SolarizeP)
	}
	return c
}

// apply makes the views.
//
//	images  [batch, height, width, 3] in [0, 1], a float type
//	result  [batch, Size, Size, 3], as images, normalised
func (p Policy) apply(images *graph.Node, c choices) *graph.Node {
	x := crop(images, c.box, c.mirror, p.Size)
	if c.jitter != nil {
		x = c.jitter.apply(x)
		if c.sigma == nil { // else the blur stores x
			x = settle(x)
		}
	}
	if c.gray != nil {
		x = x.grayscale(c.gray)
	}
	if c.sigma != nil {
		x = x.blur(c.sigma, p.blurRadius())
	}
	if c.solar != nil {
		x = x.solarize(c.solar)
	}
	return p.normalise(x)
}

// normalise returns (x − mean) / std with the channels last, [batch, height, width, 3].
func (p Policy) normalise(x planes) *graph.Node {
	for c := range x {
		x[c] = graph.MulScalar(graph.AddScalar(x[c], -p.Mean[c]), 1/p.Std[c])
	}
	return graph.Stack(x[:], -1) // [batch, height, width, 3]
}

// unit converts bytes to numbers in [0, 1].
func unit(images *graph.Node, dtype dtypes.DType) *graph.Node {
	return graph.MulScalar(graph.ConvertDType(images, dtype), 1./255)
}

// below is true with probability p, for uniform draws u.
func below(u *graph.Node, p float64) *graph.Node {
	return graph.LessThan(u, graph.Scalar(u.Graph(), u.DType(), p))
}

// between maps uniform draws to the bounds.
func between(u *graph.Node, bounds [2]float64) *graph.Node {
	return graph.AddScalar(graph.MulScalar(u, bounds[1]-bounds[0]), bounds[0])
}

// rows returns rows from..to of u, [to−from, batch].
func rows(u *graph.Node, from, to int) *graph.Node { return graph.Slice(u, graph.AxisRange(from, to)) }

// row returns row i of u, [batch].
func row(u *graph.Node, i int) *graph.Node {
	return graph.Squeeze(rows(u, i, i+1), 0) // [batch]
}
