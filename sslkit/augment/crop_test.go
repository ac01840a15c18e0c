package augment

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/op"
)

func TestCentralBox(t *testing.T) {
	ratio := [2]float64{3. / 4, 4. / 3}
	for _, c := range []struct{ height, width, h, w int }{
		{32, 32, 32, 32}, {120, 160, 120, 160}, {10, 100, 10, 13}, {100, 10, 13, 10}, {1, 1, 1, 1}, {9, 1, 1, 1},
	} {
		if h, w := centralBox(c.height, c.width, ratio); h != c.h || w != c.w {
			t.Errorf("%d×%d: central box %d×%d, want %d×%d", c.height, c.width, h, w, c.h, c.w)
		}
	}
}

// TestFallbackBox draws crops that can never fit.
func TestFallbackBox(t *testing.T) {
	out := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		b := randomBox(op.Uniform(in[0], cropDraws, 1), 10, 100, [2]float64{1, 1}, [2]float64{1, 1.25})
		return []*graph.Node{b.top, b.left, b.height, b.width}
	}, tensors.FromValue(uint64(1)))
	if diff := cmp.Diff([][]float64{{0}, {44}, {10}, {12}}, out); diff != "" {
		t.Errorf("box (-want +got):\n%s", diff)
	}
}

// pictures is a batch of different images, [n, height, width, 3].
func pictures(n, height, width int) ([]uint8, *tensors.Tensor) {
	pixels := make([]uint8, n*height*width*3)
	for i := range pixels {
		pixels[i] = uint8(256 * testkit.U(4, i))
	}
	return pixels, tensors.FromFlatDataAndDimensions(pixels, n, height, width, 3)
}

// slowWeights returns the weights of the pixels start … start+length−1 for new
// pixel i of size.
func slowWeights(cubic bool, start, length, size, i int) []float64 {
	step := float64(length) / float64(size)
	centre := float64(start) + (float64(i)+0.5)*step
	weights, sum := make([]float64, length), 0.0
	for k := range weights {
		x := math.Abs(float64(start+k)+0.5-centre) / math.Max(step, 1)
		switch {
		case !cubic:
			weights[k] = math.Max(0, 1-x)
		case x < 1:
			weights[k] = (3*x*x*x - 5*x*x + 2) / 2
		case x < 2:
			weights[k] = -(x - 1) * (x - 2) * (x - 2) / 2
		}
		sum += weights[k]
	}
	for k := range weights {
		weights[k] /= sum
	}
	return weights
}

// slowResize resizes a box of an image [height, width, 3] to newH × newW, in
// loops; values are in [0, 1].
func slowResize(cubic bool, image []uint8, width, top, left, h, w, newH, newW int) []float64 {
	var out []float64
	for y := range newH {
		vertical := slowWeights(cubic, top, h, newH, y)
		for x := range newW {
			horizontal := slowWeights(cubic, left, w, newW, x)
			for c := range 3 {
				sum := 0.0
				for i, a := range vertical {
					if a == 0 {
						continue
					}
					for k, b := range horizontal {
						sum += a * b * float64(image[((top+i)*width+left+k)*3+c]) / 255
					}
				}
				out = append(out, min(max(sum, 0), 1))
			}
		}
	}
	return out
}

// TestCubicIsPillows compares weights with rows that Pillow has cut out and resized.
func TestCubicIsPillows(t *testing.T) {
	row := []float64{0, 1, .1, .6, .3, .3, .6, .1, 1, 0, .4, 0}
	for _, c := range []struct {
		start, length int
		want          []float64
	}{
		{2, 7, []float64{0.327473, 0.368512, 0.39263, 0.602456}},
		{3, 3, []float64{0.622642, 0.494776, 0.3, 0.286567, 0.3}},
	} {
		got := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
			weights := bicubic.weights(in[1], in[2], nil, len(row), len(c.want)) // [1, size, 12]
			return []*graph.Node{op.MatMulT(graph.Reshape(weights, len(c.want), len(row)), in[0])}
		}, testkit.Tensor(dtypes.Float32, row, 1, len(row)),
			testkit.Tensor(dtypes.Float32, []float64{float64(c.start)}, 1), testkit.Tensor(dtypes.Float32, []float64{float64(c.length)}, 1))[0]
		testkit.Within(t, "resized row", got, c.want, 2e-6)
	}
}

// TestViewsOfAnyShape compares crops of images of other shapes with loops.
func TestViewsOfAnyShape(t *testing.T) {
	const batch, size = 6, 24
	p := still(size)
	p.Scale, p.Ratio = [2]float64{0.08, 1}, [2]float64{3. / 4, 4. / 3}
	for i, shape := range [][2]int{{120, 160}, {200, 131}, {40, 200}, {17, 20}, {120, 160}, {17, 20}} {
		height, width := shape[0], shape[1]
		p.Cubic = i > 3
		t.Run(fmt.Sprintf("%dx%d cubic %t", height, width, p.Cubic), func(t *testing.T) {
			pixels, images := pictures(batch, height, width)
			out := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
				b := p.draw(in[:1], Whole(in[1])).box
				return []*graph.Node{p.View(in[0], Whole(in[1])), b.top, b.left, b.height, b.width}
			}, tensors.FromValue(op.Key(2)), images)
			n, m := size*size*3, height*width*3
			for i := range batch {
				top, left, h, w := int(out[1][i]), int(out[2][i]), int(out[3][i]), int(out[4][i])
				if top < 0 || left < 0 || h < 1 || w < 1 || top+h > height || left+w > width {
					t.Fatalf("image %d: top %d, left %d, height %d, width %d", i, top, left, h, w)
				}
				want := slowResize(p.Cubic, pixels[i*m:(i+1)*m], width, top, left, h, w, size, size)
				testkit.Within(t, fmt.Sprintf("image %d", i), out[0][i*n:(i+1)*n], want, 2e-5)
			}
		})
	}
}

// TestPlainOfAnyShape compares the images of evaluation with loops that resize
// all of an image and then cut.
func TestPlainOfAnyShape(t *testing.T) {
	const batch, size = 2, 32
	for _, c := range []struct{ height, width, newH, newW, top, left int }{
		{40, 53, 32, 42, 0, 5}, // 42.4 pixels
		{50, 33, 48, 32, 8, 0}, // 48.48 pixels
		{47, 33, 45, 32, 6, 0}, // (45−32)/2 is 6.5: rounded to even
		{33, 48, 32, 46, 0, 7},
		{32, 47, 32, 47, 0, 8}, // (47−32)/2 is 7.5
		{20, 24, 32, 38, 0, 3}, // enlarged
		{16, 16, 32, 32, 0, 0},
		{32, 32, 32, 32, 0, 0},
	} {
		t.Run(fmt.Sprintf("%dx%d", c.height, c.width), func(t *testing.T) {
			pixels, images := pictures(batch, c.height, c.width)
			got := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
				return []*graph.Node{still(size).Plain(Whole(in[0]))}
			}, images)[0]
			var want []float64
			for i := range batch {
				n := c.height * c.width * 3
				whole := slowResize(false, pixels[i*n:(i+1)*n], c.width, 0, 0, c.height, c.width, c.newH, c.newW)
				for y := range size {
					from := ((c.top+y)*c.newW + c.left) * 3
					want = append(want, whole[from:from+size*3]...)
				}
			}
			testkit.Within(t, "Plain", got, want, 2e-5)
		})
	}
}
