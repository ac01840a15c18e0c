package augment

import (
	"slices"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
)

type goldenFile struct {
	PixelTable struct {
		Input [][3]float64
		Ops   map[string]struct{ Float [][3]float64 }
	} `json:"pixel_table"`
	Cases        []goldenCase
	JitterOrders struct {
		Image                                 string
		Brightness, Contrast, Saturation, Hue float64
		Orders                                []goldenCase
	} `json:"jitter_orders"`
	Blur  []goldenCase
	Views []struct {
		goldenCase
		Size int
	}
	RandomResizedCrop []struct {
		Image        [2]int `json:"image_h_w"`
		Scale, Ratio [2]float64
		Exact        map[string]any
	} `json:"random_resized_crop"`
}

// A goldenCase is an operation on one image and what it makes.
type goldenCase struct {
	Name, Image string
	Params      goldenParams
	Float       goldenImage
	Row0R       []float64       `json:"float_row0_R"`
	Edge        goldenImage     `json:"float_edge"`
	Order       [operations]int // of jitter_orders only
	Sigma       float64         // of blur only
}

type goldenParams struct {
	Top, Left, Height, Width, Size int
	Factor                         float64
	Flip                           bool
	Order                          [operations]int
	B, C, S, H                     float64
	Gray, Solarize                 bool
	Sigma                          float64
}

type goldenImage struct {
	Pixels     [][5]float64 // y, x, red, green, blue
	Sum        [3]float64
	SumSquares [3]float64 `json:"sum_squares"`
}

// goldenRadius is that of the kernels of 17 pixels.
const goldenRadius = 8

// goldenOperations makes from images in [0, 1] what the cases expect, on the
// scale 0…255 except where normalised, with parameters for each image.
var goldenOperations = map[string]func(images *graph.Node, p []goldenParams) *graph.Node{
	"crop_resize": func(images *graph.Node, p []goldenParams) *graph.Node {
		return bytes(crop(images, boxes(images, p), nil, p[0].Size, bilinear))
	},
	"hflip": func(images *graph.Node, p []goldenParams) *graph.Node {
		side := images.Shape().Dimensions[1]
		mirror := make([]bool, len(p))
		for i := range p {
			p[i].Height, p[i].Width, mirror[i] = side, side, true
		}
		return bytes(crop(images, boxes(images, p), graph.Const(images.Graph(), mirror), side, bilinear))
	},
	"jitter": func(images *graph.Node, p []goldenParams) *graph.Node {
		return bytes(jitters(images, p).apply(planesOf(images), false))
	},
	"grayscale": func(images *graph.Node, p []goldenParams) *graph.Node {
		return bytes(planesOf(images).grayscale(perImage(images, p, func(goldenParams) bool { return true })))
	},
	"normalise": func(images *graph.Node, _ []goldenParams) *graph.Node {
		return SimCLR(32).normalise(planesOf(images))
	},
	"view": func(images *graph.Node, p []goldenParams) *graph.Node {
		return SimCLR(p[0].Size).Blurred(1).apply(images, choices{
			box:    boxes(images, p),
			mirror: perImage(images, p, func(p goldenParams) bool { return p.Flip }),
			jitter: jitters(images, p),
			gray:   perImage(images, p, func(p goldenParams) bool { return p.Gray }),
			sigma:  perImage(images, p, func(p goldenParams) float64 { return p.Sigma }),
			solar:  perImage(images, p, func(p goldenParams) bool { return p.Solarize }),
		})
	},
	"gaussian_blur": func(images *graph.Node, p []goldenParams) *graph.Node {
		return bytes(planesOf(images).blur(perImage(images, p, func(p goldenParams) float64 { return p.Sigma }), goldenRadius))
	},
	"solarize": func(images *graph.Node, p []goldenParams) *graph.Node {
		return bytes(planesOf(images).solarize(perImage(images, p, func(goldenParams) bool { return true })))
	},
	"resize_short_side_128_center_crop_128": func(images *graph.Node, _ []goldenParams) *graph.Node {
		return bytes(centre(images, 128))
	},
}

// perImage is a vector of one of the parameters.
func perImage[T bool | float64](images *graph.Node, p []goldenParams, field func(goldenParams) T) *graph.Node {
	values := make([]T, len(p))
	for i := range p {
		values[i] = field(p[i])
	}
	vector := graph.Const(images.Graph(), values)
	if vector.DType() == dtypes.Float64 {
		return graph.ConvertDType(vector, images.DType())
	}
	return vector
}

func boxes(images *graph.Node, p []goldenParams) box {
	return box{
		top:    perImage(images, p, func(p goldenParams) float64 { return float64(p.Top) }),
		left:   perImage(images, p, func(p goldenParams) float64 { return float64(p.Left) }),
		height: perImage(images, p, func(p goldenParams) float64 { return float64(p.Height) }),
		width:  perImage(images, p, func(p goldenParams) float64 { return float64(p.Width) }),
	}
}

func jitters(images *graph.Node, p []goldenParams) *jitter {
	var j jitter
	for k := range operations {
		j.amount[k] = perImage(images, p, func(p goldenParams) float64 { return [operations]float64{p.B, p.C, p.S, p.H}[k] })
		j.rank[k] = perImage(images, p, func(p goldenParams) float64 { return float64(slices.Index(p.Order[:], k)) })
	}
	return &j
}

// bytes returns the images on the scale 0…255, channels last.
func bytes(x planes) *graph.Node { return graph.MulScalar(graph.Stack(x[:], -1), 255) }

// simplify writes a case with one of jitter's operations as a case of jitter.
func simplify(name string, p goldenParams) (string, goldenParams) {
	if k := slices.Index([]string{"brightness", "contrast", "saturation", "hue"}, name); k >= 0 {
		amounts := [operations]float64{1, 1, 1, 0}
		amounts[k] = p.Factor
		p.B, p.C, p.S, p.H = amounts[0], amounts[1], amounts[2], amounts[3]
		p.Order = [operations]int{0, 1, 2, 3}
		return "jitter", p
	}
	return name, p
}

// cases lists all cases of the file in one form.
func (f goldenFile) cases() []goldenCase {
	cases := slices.Clone(f.Cases)
	for _, c := range f.JitterOrders.Orders {
		j := f.JitterOrders
		c.Name, c.Image = "jitter", j.Image
		c.Params = goldenParams{Order: c.Order, B: j.Brightness, C: j.Contrast, S: j.Saturation, H: j.Hue}
		cases = append(cases, c)
	}
	for _, c := range f.Blur {
		c.Params.Sigma, c.Float = c.Sigma, c.Edge
		cases = append(cases, c)
	}
	for _, v := range f.Views {
		c := v.goldenCase
		c.Name, c.Params.Size = "view", v.Size
		cases = append(cases, c)
	}
	return cases
}
