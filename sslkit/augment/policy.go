// Package augment draws the random views of images that self-supervised
// methods compare. Everything here is a graph function: it runs on the device,
// inside the compiled training step, on images that stay bytes until then.
package augment

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// A Policy is how one view is drawn from an image. It is a plain value and
// every field counts: zero means zero, not a default.
//
// The steps are, in this order: random crop, resize, flip, colour jitter,
// grayscale, normalisation. Each image draws for itself.
type Policy struct {
	Size  int        `json:"size"`  // side of the square view, pixels
	Scale [2]float64 `json:"scale"` // bounds of the crop's area, as a fraction of the image
	Ratio [2]float64 `json:"ratio"` // bounds of the crop's width over its height

	FlipP float64 `json:"flip_p"` // probability of mirroring left to right

	JitterP    float64 `json:"jitter_p"`   // probability of colour jitter: the next four, in random order
	Brightness float64 `json:"brightness"` // s: the factor is uniform in [max(0, 1−s), 1+s]
	Contrast   float64 `json:"contrast"`   // likewise
	Saturation float64 `json:"saturation"` // likewise
	Hue        float64 `json:"hue"`        // h: the shift is uniform in [−h, h], in turns of the colour wheel

	GrayscaleP float64 `json:"grayscale_p"` // probability of dropping the colour

	Mean [3]float64 `json:"mean"` // subtracted from red, green, blue in [0, 1]
	Std  [3]float64 `json:"std"`  // divides what is left
}

// SimCLR is the augmentation of SimCLR for small images: colour jitter of
// strength 0.5, no blur. The statistics are ImageNet's, as in the published
// benchmarks on CIFAR-10.
//
// Chen et al., A Simple Framework for Contrastive Learning of Visual
// Representations, 2020, arXiv:2002.05709, appendices A and B.9.
func SimCLR(size int) Policy {
	return Policy{
		Size:       size,
		Scale:      [2]float64{0.08, 1},
		Ratio:      [2]float64{3. / 4, 4. / 3},
		FlipP:      0.5,
		JitterP:    0.8,
		Brightness: 0.4,
		Contrast:   0.4,
		Saturation: 0.4,
		Hue:        0.1,
		GrayscaleP: 0.2,
		Mean:       [3]float64{0.485, 0.456, 0.406},
		Std:        [3]float64{0.229, 0.224, 0.225},
	}
}

// Validate reports the first field that makes no sense.
func (p Policy) Validate() error {
	wrong := func(field string, value any, want string) error {
		return fmt.Errorf("augment: policy: %s is %v, want %s", field, value, want)
	}
	if p.Size < 1 {
		return wrong("size", p.Size, "at least 1")
	}
	if s := p.Scale; !(0 < s[0] && s[0] <= s[1] && s[1] <= 1) {
		return wrong("scale", s, "0 < lower ≤ upper ≤ 1")
	}
	if r := p.Ratio; !(0 < r[0] && r[0] <= r[1] && finite(r[1])) {
		return wrong("ratio", r, "0 < lower ≤ upper")
	}
	for _, f := range []struct {
		name         string
		value, upper float64
	}{
		{"flip_p", p.FlipP, 1},
		{"jitter_p", p.JitterP, 1},
		{"brightness", p.Brightness, math.MaxFloat64},
		{"contrast", p.Contrast, math.MaxFloat64},
		{"saturation", p.Saturation, math.MaxFloat64},
		{"hue", p.Hue, 0.5},
		{"grayscale_p", p.GrayscaleP, 1},
	} {
		if !(0 <= f.value && f.value <= f.upper) {
			want := "a finite number from 0 on"
			if f.upper <= 1 {
				want = fmt.Sprintf("a number from 0 to %g", f.upper)
			}
			return wrong(f.name, f.value, want)
		}
	}
	for c := range 3 {
		if !finite(p.Mean[c]) {
			return wrong("mean", p.Mean, "finite numbers")
		}
		if !(p.Std[c] > 0 && finite(p.Std[c])) {
			return wrong("std", p.Std, "positive numbers")
		}
	}
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

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

// Plain returns the images as the network sees them in evaluation: normalised,
// and nothing random.
//
//	images  [batch, Size, Size, 3] uint8
//	result  [batch, Size, Size, 3] float32
//
// It panics if the policy is not valid or the images are not of that shape and
// type: images of another size are not resized.
func (p Policy) Plain(images *graph.Node) *graph.Node {
	p.check("Plain", images)
	if d := images.Shape().Dimensions; d[1] != p.Size || d[2] != p.Size {
		panic(fmt.Errorf("augment: Plain: images of %d×%d pixels, want %d×%d: resizing is not supported here",
			d[1], d[2], p.Size, p.Size))
	}
	return p.normalise(planesOf(unit(images, dtypes.Float32)))
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
		count    = gray + 1
	)
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
	}
	if c.gray != nil {
		x = x.grayscale(c.gray)
	}
	// Blur and solarize follow here.
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
