package augment

import (
	"math"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
)

// blurTail is after how many standard deviations the weights of a blur end.
const blurTail = 4

// kernelSpread is the standard deviation of the kernel size of
// [Policy.Blurred2021], and its largest deviation, as a fraction of the mean.
const kernelSpread = 0.2

// kernelSigmas are the bounds of the whole numbers that BlurKernel leads to.
func (p Policy) kernelSigmas() (low, high int) {
	return int((1 - kernelSpread) * p.BlurKernel / 2), int((1 + kernelSpread) * p.BlurKernel / 2)
}

// blurRadius is how many pixels the strongest blur of the policy reaches, at
// most to the other side of a view.
func (p Policy) blurRadius() int {
	sigma := p.BlurSigma[1]
	if p.BlurKernel > 0 {
		_, high := p.kernelSigmas()
		sigma = float64(high)
	}
	return int(min(math.Ceil(blurTail*sigma), float64(p.Size-1)))
}

// drawSigma draws the standard deviation of the blur of every image, in pixels.
//
//	on      [batch] bool: which images are blurred
//	u       [batch]  uniform draws in [0, 1)
//	result  [batch], 0 for the images that are not blurred
func (p Policy) drawSigma(on, u *graph.Node) *graph.Node {
	sigma := between(u, p.BlurSigma)
	if p.BlurKernel > 0 {
		// One more for each whole number that half the kernel size reaches.
		low, high := p.kernelSigmas()
		sigma = graph.AddScalar(graph.ZerosLike(u), float64(low))
		for s := low + 1; s <= high; s++ {
			z := (2*float64(s) - p.BlurKernel) / (kernelSpread * p.BlurKernel)
			sigma = graph.Add(sigma, graph.OneMinus(graph.ConvertDType(below(u, normal(z)), u.DType())))
		}
	}
	return graph.Where(on, sigma, graph.ZerosLike(sigma))
}

// normal is the distribution function of the standard normal distribution.
func normal(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// blur blurs the images, [batch, size, size] for each colour.
//
//	sigma   [batch]  standard deviations in pixels; 0 leaves the image as it is
//	radius  how many pixels away the weights end
//
// Beyond the border the outermost pixels go on, as for Pillow, which the
// published benchmarks blurred with; torchvision mirrors the image there. Pillow
// approximates the Gaussian by three box blurs of bytes.
//
// Each direction is one product of every image with its own matrix of weights:
// on a CPU about as fast as a sum of shifted images where the radius is 8, and
// several times as fast where it is 28.
func (x planes) blur(sigma *graph.Node, radius int) planes {
	x[0].AssertDims(-1, -1, x[0].Shape().Dimensions[1])
	batch, size := x[0].Shape().Dimensions[0], x[0].Shape().Dimensions[1]
	w := extended(gaussian(sigma, radius), size) // [batch, size, size]

	y := graph.Reshape(graph.Stack(x[:], 2), batch, size, 3*size)       // [batch, size, 3·size]
	y = graph.Dot(w, y).General([]int{2}, []int{0}, []int{1}, []int{0}) // [batch, size, 3·size]
	y = graph.Reshape(y, batch, size*3, size)                           // [batch, size·3, size]
	y = graph.Dot(y, w).General([]int{2}, []int{0}, []int{2}, []int{0}) // [batch, size·3, size]
	y = graph.Reshape(y, batch, size, 3, size)                          // [batch, size, 3, size]
	for c := range x {
		x[c] = graph.Squeeze(graph.Slice(y, graph.AxisRange(), graph.AxisRange(), graph.AxisElem(c)), 2) // [batch, size, size]
	}
	return x
}

// gaussian returns the weights of a Gaussian blur along one axis.
//
//	sigma   [batch]
//	result  [batch, 2·radius+1], every row with sum 1; element k is the weight of the pixel k−radius away
func gaussian(sigma *graph.Node, radius int) *graph.Node {
	g, dtype, batch := sigma.Graph(), sigma.DType(), sigma.Shape().Dimensions[0]
	away := graph.AddScalar(graph.Iota(g, shapes.Make(dtype, batch, 2*radius+1), 1), float64(-radius)) // [batch, 2·radius+1]
	away = graph.Div(away, graph.ExpandAxes(graph.MaxScalar(sigma, 0.01), -1))                         // σ = 0.01 is a single weight
	w := graph.Exp(graph.MulScalar(graph.Square(away), -0.5))
	return graph.Div(w, graph.ReduceAndKeep(w, graph.ReduceSum, 1))
}

// extended writes weights along an axis as a matrix, in which the outermost
// pixels also have the weights of those that would lie beyond them.
//
//	weights  [batch, 2·radius+1]
//	result   [batch, size, size], a row for each new pixel
func extended(weights *graph.Node, size int) *graph.Node {
	g, dtype := weights.Graph(), weights.DType()
	batch, taps := weights.Shape().Dimensions[0], weights.Shape().Dimensions[1]
	shape := shapes.Make(dtype, taps, size, size)

	from := graph.Add(graph.Iota(g, shape, 1), graph.AddScalar(graph.Iota(g, shape, 0), float64(-(taps/2))))
	from = graph.ClipScalar(from, 0, float64(size-1))                                                     // [taps, size, size]
	hit := graph.Reshape(graph.ConvertDType(graph.Equal(from, graph.Iota(g, shape, 2)), dtype), taps, -1) // [taps, size·size]
	w := graph.Dot(weights, hit).General([]int{1}, nil, []int{0}, nil)                                    // [batch, size·size]
	return graph.Reshape(w, batch, size, size)                                                            // [batch, size, size]
}
