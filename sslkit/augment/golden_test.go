package augment

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/op"
)

// TestGolden runs all cases of one operation and one size as one batch.
func TestGolden(t *testing.T) {
	type kind struct {
		name                string
		height, width, size int
	}
	for file, golden := range testkit.Golden[goldenFile](t, "augment") {
		groups := map[kind][]goldenCase{}
		for _, c := range golden.cases() {
			name, p := simplify(c.Name, c.Params)
			c.Params = p
			height, width := imageSize(t, c.Image)
			k := kind{name, height, width, p.Size}
			groups[k] = append(groups[k], c)
		}
		for k, cases := range groups {
			operation, ok := goldenOperations[k.name]
			if !ok {
				t.Errorf("%s: the test does not know the operation %q", file, k.name)
				continue
			}
			var pixels []uint8
			var params []goldenParams
			for _, c := range cases {
				pixels = append(pixels, imagePixels(t, c.Image)...)
				params = append(params, c.Params)
			}
			images := tensors.FromFlatDataAndDimensions(pixels, len(cases), k.height, k.width, 3)
			for dtype, tolerance := range tolerances {
				got := testkit.Run(t, testkit.Any(t), func(inputs []*graph.Node) []*graph.Node {
					return []*graph.Node{operation(unit(inputs[0], dtype), params)}
				}, images)[0]
				if k.name == "view" {
					tolerance /= 255 * 0.229
				}
				for i, c := range cases {
					n := len(got) / len(cases)
					t.Run(fmt.Sprintf("%s/%s_%s/%d/%s", file, c.Name, c.Image, i, dtype), func(t *testing.T) {
						compare(t, got[i*n:(i+1)*n], c, tolerance)
					})
				}
			}
		}
	}
}

// tolerances on the scale 0…255. The reference computes the hue in float32.
var tolerances = map[dtypes.DType]float64{dtypes.Float32: 0.01, dtypes.Float64: 1e-3}

// compare compares a square image with the numbers of a case.
func compare(t *testing.T, got []float64, c goldenCase, tolerance float64) {
	t.Helper()
	side := int(math.Sqrt(float64(len(got) / 3)))
	if len(c.Float.Pixels) == 0 {
		t.Fatal("the case has no pixels")
	}
	for _, pixel := range c.Float.Pixels {
		at := (int(pixel[0])*side + int(pixel[1])) * 3
		for k := range 3 {
			if off := math.Abs(got[at+k] - pixel[2+k]); !(off <= tolerance) {
				t.Fatalf("pixel (%g, %g), colour %d: %.6g, want %.6g", pixel[0], pixel[1], k, got[at+k], pixel[2+k])
			}
		}
	}
	for x, red := range c.Row0R {
		if off := math.Abs(got[3*x] - red); !(off <= tolerance) {
			t.Fatalf("row 0, column %d, red: %.6g, want %.6g", x, got[3*x], red)
		}
	}
	for k := range 3 {
		var sum, squares float64
		for at := k; at < len(got); at += 3 {
			sum += got[at]
			squares += got[at] * got[at]
		}
		pixels := float64(side * side)
		if off := math.Abs(sum-c.Float.Sum[k]) / pixels; !(off <= tolerance) {
			t.Errorf("colour %d: mean off by %.3g", k, off)
		}
		if c.Float.SumSquares == ([3]float64{}) {
			continue // not given
		}
		scale := math.Sqrt(c.Float.SumSquares[k] / pixels)
		if off := math.Abs(squares-c.Float.SumSquares[k]) / pixels; !(off <= 2*scale*tolerance) {
			t.Errorf("colour %d: mean square off by %.3g", k, off)
		}
	}
}

// imageSize reads the size from the name of a reference image.
func imageSize(t *testing.T, name string) (height, width int) {
	t.Helper()
	if n, _ := fmt.Sscanf(name[1:], "%dx%d", &height, &width); n == 2 {
		return height, width
	}
	side, err := strconv.Atoi(name[1:])
	if err != nil {
		t.Fatalf("image %q: %v", name, err)
	}
	return side, side
}

// imagePixels makes a reference image, [height, width, 3]: the letter of its
// name says by which formula.
func imagePixels(t *testing.T, name string) []uint8 {
	t.Helper()
	height, width := imageSize(t, name)
	pixels := make([]uint8, 0, height*width*3)
	for y := range height {
		for x := range width {
			for c := range 3 {
				switch name[0] {
				case 'A':
					pixels = append(pixels, uint8((7*y+13*x+29*c+(x*y)%17)%256))
				case 'S':
					fy, fx := float64(y)/float64(height), float64(x)/float64(width)
					v := 128.3 + 100*math.Sin(2*math.Pi*(7*fy+2*fx)/7+2*float64(c))*math.Cos(2*math.Pi*fx+float64(c))
					pixels = append(pixels, uint8(math.Floor(v)))
				default:
					t.Fatalf("image %q: want a name that starts with A or S", name)
				}
			}
		}
	}
	return pixels
}

func TestGoldenPixels(t *testing.T) {
	for file, golden := range testkit.Golden[goldenFile](t, "augment") {
		table := golden.PixelTable
		var input []float64
		for _, pixel := range table.Input {
			input = append(input, pixel[:]...)
		}
		for name, op := range table.Ops {
			t.Run(file+"/"+name, func(t *testing.T) {
				var p goldenParams
				kind, factor, _ := strings.Cut(name, " ")
				fmt.Sscan(factor, &p.Factor)
				kind, p = simplify(kind, p)
				operation, ok := goldenOperations[kind]
				if !ok {
					t.Fatalf("the test does not know the operation %q", kind)
				}
				var want []float64
				for _, pixel := range op.Float {
					want = append(want, pixel[:]...)
				}
				for dtype, tolerance := range tolerances {
					got := testkit.Run(t, testkit.Any(t), func(inputs []*graph.Node) []*graph.Node {
						return []*graph.Node{operation(graph.DivScalar(inputs[0], 255), []goldenParams{p})}
					}, testkit.Tensor(dtype, input, 1, 2, 2, 3))[0]
					if kind == "normalise" {
						tolerance /= 255 * 0.229
					}
					for i := range want {
						if !(math.Abs(got[i]-want[i]) <= tolerance) {
							t.Errorf("%s: number %d is %.6g, want %.6g", dtype, i, got[i], want[i])
						}
					}
				}
			})
		}
	}
}

// TestGoldenBoxes compares the distribution of random boxes with the exact one.
func TestGoldenBoxes(t *testing.T) {
	const n = 100_000
	for file, golden := range testkit.Golden[goldenFile](t, "augment") {
		for i, c := range golden.RandomResizedCrop {
			t.Run(fmt.Sprintf("%s/%d", file, i), func(t *testing.T) {
				height, width := c.Image[0], c.Image[1]
				out := testkit.Run(t, testkit.Any(t), func(inputs []*graph.Node) []*graph.Node {
					b := randomBox(op.Uniform(inputs[0], cropDraws, n), height, width, c.Scale, c.Ratio)
					return []*graph.Node{b.top, b.left, b.height, b.width}
				}, tensors.FromValue(op.Key(uint64(i))))
				samples := map[string][]float64{"top": out[0], "left": out[1], "height": out[2], "width": out[3]}
				full := 0.0
				for k := range n {
					top, left, h, w := out[0][k], out[1][k], out[2][k], out[3][k]
					if top < 0 || left < 0 || h < 1 || w < 1 || top+h > float64(height) || left+w > float64(width) ||
						top != math.Floor(top) || left != math.Floor(left) || h != math.Floor(h) || w != math.Floor(w) {
						t.Fatalf("box %d: top %g, left %g, height %g, width %g in %d×%d", k, top, left, h, w, height, width)
					}
					if h == float64(height) {
						full++
					}
				}
				for name, values := range samples {
					exact := c.Exact[name].(map[string]any)
					mean, variance := exact["mean"].(float64), exact["var"].(float64)
					if z := (average(values) - mean) / math.Sqrt(variance/n); !(math.Abs(z) < 4) {
						t.Errorf("%s: mean %.5g, want %.5g (z = %.1f)", name, average(values), mean, z)
					}
					squares := 0.0
					for _, v := range values {
						squares += (v - mean) * (v - mean)
					}
					if ratio := squares / n / variance; !(math.Abs(ratio-1) < 0.03) {
						t.Errorf("%s: variance %.5g, want %.5g", name, squares/n, variance)
					}
				}
				p := c.Exact["probability_height_is_full"].(float64)
				if z := (full/n - p) / math.Sqrt(p*(1-p)/n); !(math.Abs(z) < 4) {
					t.Errorf("full height: %.5g, want %.5g (z = %.1f)", full/n, p, z)
				}
			})
		}
	}
}

func average(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
