package augment

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// View returns one random view of every image.
//
//	key     scalar uint64: the same key gives the same views; or [batch], a key for each
//	        image, whose view then does not depend on the batch that it is in
//	result  [batch, Size, Size, 3] float32, normalised
//
// It panics if the policy is not valid or the batch is not as [Batch] says.
func (p Policy) View(key *graph.Node, batch Batch) *graph.Node {
	return p.views([]*graph.Node{key}, batch, false)
}

// Views returns one random view of every image for each policy: what [Policy.View]
// returns with the policy's key. Jointly, views of equal policies are made in one pass,
// in fewer and larger operations, which is faster on a GPU and slower on a CPU; sums
// may be rounded otherwise then.
//
// It panics as View does, or if there is not one key for each policy.
func Views(policies []Policy, keys []*graph.Node, batch Batch, jointly bool) []*graph.Node {
	if len(keys) != len(policies) {
		panic(fmt.Errorf("augment: Views: %d keys for %d policies, want one for each", len(keys), len(policies)))
	}
	views := make([]*graph.Node, len(policies))
	for i, p := range policies {
		if views[i] != nil {
			continue
		}
		if !jointly {
			views[i] = p.View(keys[i], batch)
			continue
		}
		var alike []int // places of the views of this policy
		var theirs []*graph.Node
		for j := i; j < len(policies); j++ {
			if policies[j] == p {
				alike, theirs = append(alike, j), append(theirs, keys[j])
			}
		}
		x, n := p.views(theirs, batch, true), batch.len() // [len(alike)·n, Size, Size, 3]
		for v, j := range alike {
			views[j] = rows(x, v*n, (v+1)*n) // [n, Size, Size, 3]
		}
	}
	return views
}

// views returns a view of every image for each key, one key's after the other's,
// [len(keys)·batch, Size, Size, 3].
func (p Policy) views(keys []*graph.Node, batch Batch, jointly bool) *graph.Node {
	p.check("View", batch)
	for _, key := range keys {
		each := key.Rank() == 1 && key.Shape().Dimensions[0] == batch.len()
		if key.DType() != dtypes.Uint64 || !key.IsScalar() && !each {
			panic(fmt.Errorf("augment: View: key has shape %s, want a scalar uint64, or one for each of %d images", key.Shape(), batch.len()))
		}
	}
	c := p.draw(keys, batch)
	c.recompute = jointly
	if !batch.framed() {
		return p.apply(unit(batch.Pixels, dtypes.Float32), c)
	}
	var x planes // of all keys
	for v := range keys {
		boxes, mirror := c.part(v*batch.len(), (v+1)*batch.len())
		x = x.join(batch.crop(boxes, mirror, p))
	}
	return p.finish(x, c)
}

// Plain returns the images as the network sees them in evaluation: nothing
// random, resized so that the shorter side is Size, cut to the central square,
// and normalised, [batch, Size, Size, 3] float32.
//
// It panics if the policy is not valid or the batch is not as [Batch] says.
func (p Policy) Plain(batch Batch) *graph.Node {
	p.check("Plain", batch)
	if batch.framed() {
		return p.normalise(batch.centre(p.Size))
	}
	x := unit(batch.Pixels, dtypes.Float32)
	if d := x.Shape().Dimensions; d[1] == p.Size && d[2] == p.Size {
		return p.normalise(planesOf(x))
	}
	return p.normalise(centre(x, p.Size))
}

// check panics unless the policy and the batch are valid.
func (p Policy) check(name string, batch Batch) {
	err := p.Validate()
	if err == nil {
		err = batch.validate()
	}
	if err != nil {
		panic(fmt.Errorf("augment: %s: %w", name, err))
	}
}

// choices are what one view of every image draws, or, where several are made in one
// pass, all of them: batch is the number of all here. A nil node stands for what the
// policy never does.
type choices struct {
	box    box
	mirror *graph.Node // [batch] bool
	jitter *jitter
	gray   *graph.Node // [batch] bool
	sigma  *graph.Node // [batch] standard deviation of the blur, pixels; 0 for none
	solar  *graph.Node // [batch] bool

	recompute bool // leave it to XLA what it stores: see settle
}

// part returns the crops of some of the images.
func (c choices) part(from, to int) (box, *graph.Node) {
	mirror := c.mirror
	if mirror != nil {
		mirror = rows(mirror, from, to)
	}
	return box{
		top: rows(c.box.top, from, to), left: rows(c.box.left, from, to),
		height: rows(c.box.height, from, to), width: rows(c.box.width, from, to),
	}, mirror
}

// draw makes the choices, by one key for each view. An operation that comes later takes
// its draws after these, so that the numbers of older ones stay.
func (p Policy) draw(keys []*graph.Node, batch Batch) choices {
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
	draws := make([]*graph.Node, len(keys))
	for v, key := range keys {
		if key.IsScalar() {
			draws[v] = op.Uniform(key, count, batch.len()) // [count, batch]
		} else {
			draws[v] = op.UniformEach(key, count)
		}
	}
	u := graph.Concatenate(draws, 1) // [count, len(keys)·batch]

	c := choices{box: batch.times(len(keys)).randomBox(rows(u, 0, cropDraws), p.Scale, p.Ratio)}
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

// apply makes the views of images of one size: as many of each as there are choices.
//
//	images  [batch, height, width, 3] in [0, 1], a float type
//	result  [views·batch, Size, Size, 3], as images, normalised
func (p Policy) apply(images *graph.Node, c choices) *graph.Node {
	return p.finish(crop(images, c.box, c.mirror, p.Size, p.filter()), c)
}

// finish makes views of crops, [batch, Size, Size] for each colour: all that
// comes after the crop. The result is [batch, Size, Size, 3].
func (p Policy) finish(x planes, c choices) *graph.Node {
	if c.jitter != nil {
		x = c.jitter.apply(x, c.recompute)
		if c.sigma == nil && !c.recompute { // else the blur stores x
			x = settle(x)
		}
	}
	if c.gray != nil {
		x = x.grayscale(c.gray)
	}
	if c.solar != nil && p.SolarizeFirst {
		x = x.solarize(c.solar)
	}
	if c.sigma != nil {
		x = x.blur(c.sigma, p.blurRadius())
	}
	if c.solar != nil && !p.SolarizeFirst {
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
