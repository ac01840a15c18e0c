package augment

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/op"
)

// noise is a batch of different images, [n, side, side, 3].
func noise(n, side int) *tensors.Tensor {
	pixels := make([]uint8, n*side*side*3)
	for i := range pixels {
		pixels[i] = uint8(256 * testkit.U(3, i))
	}
	return tensors.FromFlatDataAndDimensions(pixels, n, side, side, 3)
}

func views(t *testing.T, d *device.Device, p Policy, key uint64, images *tensors.Tensor) []float64 {
	t.Helper()
	return testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{p.View(in[0], Whole(in[1]))}
	}, tensors.FromValue(key), images)[0]
}

// still is a policy that changes nothing: the view is the image.
func still(size int) Policy {
	return Policy{Size: size, Scale: [2]float64{1, 1}, Ratio: [2]float64{1, 1}, Std: [3]float64{1, 1, 1}}
}

func TestViewIsAFunctionOfTheKey(t *testing.T) {
	const batch = 4
	_, p := BYOL(16)
	exec, err := graph.NewExec(testkit.Any(t).Backend, func(key, images *graph.Node) *graph.Node {
		return p.View(key, Whole(images))
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	images := noise(batch, 16)
	view := func(key uint64) []float64 { return testkit.Values(t, exec.MustExec(tensors.FromValue(key), images)[0]) }
	a, again, b := view(1), view(1), view(2)
	if !cmp.Equal(a, again) {
		t.Error("the same key gave two different views")
	}
	n := len(a) / batch
	for i := range batch {
		if cmp.Equal(a[i*n:(i+1)*n], b[i*n:(i+1)*n]) {
			t.Errorf("image %d: two keys gave the same view", i)
		}
	}
}

// TestViewsJointly compares views that are made in one pass with each by itself, also
// where policies differ, and where images have several sizes.
func TestViewsJointly(t *testing.T) {
	global, local := SimCLR(12), SimCLR(8)
	blurred, solarized := BYOL(12)
	framed := still(12)
	framed.Scale, framed.FlipP, framed.JitterP, framed.Hue, framed.Contrast = [2]float64{0.2, 1}, 0.5, 0.8, 0.1, 0.4
	framed.Ratio = [2]float64{3. / 4, 4. / 3}
	sizes := framed
	sizes.Size = 9
	pixels, frames := store(9)
	whole := func(in []*graph.Node) Batch { return Whole(in[0]) }
	for name, c := range map[string]struct {
		policies []Policy
		batch    func(in []*graph.Node) Batch
		inputs   []*tensors.Tensor
	}{
		"alike":     {[]Policy{global, global}, whole, []*tensors.Tensor{noise(3, 16)}},
		"crops":     {[]Policy{global, global, local, local, local}, whole, []*tensors.Tensor{noise(3, 16)}},
		"different": {[]Policy{blurred, solarized, blurred}, whole, []*tensors.Tensor{noise(3, 16)}},
		"framed": {[]Policy{framed, sizes, framed, sizes, framed}, func(in []*graph.Node) Batch { return Framed(in[0], in[1]) },
			[]*tensors.Tensor{pixels, frames}},
	} {
		t.Run(name, func(t *testing.T) {
			build := func(jointly bool) [][]float64 {
				return everyKey(t, func(in []*graph.Node) []*graph.Node {
					keys := make([]*graph.Node, len(c.policies))
					for i := range keys {
						keys[i] = op.KeyNodeAt(in[0], uint64(i))
					}
					return Views(c.policies, keys, c.batch(in[1:]), jointly)
				}, c.inputs...)
			}
			got, want := build(true), build(false)
			if len(got) != len(want) {
				t.Fatalf("%d views, want %d", len(got), len(want))
			}
			for i := range want {
				if len(want[i]) == 0 || i > 0 && cmp.Equal(want[i], want[i-1]) {
					t.Errorf("view %d is empty, or as the one before", i)
				}
				testkit.Within(t, fmt.Sprintf("view %d", i), got[i], want[i], 1e-5)
			}
		})
	}
}

func TestImagesDrawForThemselves(t *testing.T) {
	one := make([]uint8, 0, 16*16*3)
	noise(1, 16).MustConstFlatData(func(flat any) { one = append(one, flat.([]uint8)...) })
	images := tensors.FromFlatDataAndDimensions(append(one, one...), 2, 16, 16, 3)
	got := views(t, testkit.Any(t), SimCLR(16), 5, images)
	if cmp.Equal(got[:len(got)/2], got[len(got)/2:]) {
		t.Error("two copies of an image have the same view")
	}
}

func TestBackendsAgree(t *testing.T) {
	p := SimCLR(10)
	p.JitterP, p.GrayscaleP = 1, 0.5
	p = p.Blurred(0.5)
	testkit.Near(t, "View", views(t, testkit.Open(t, device.Go), p, 9, noise(3, 12)), views(t, testkit.XLA(t), p, 9, noise(3, 12)), 1e-4)
}

func TestStillPolicyKeepsTheImage(t *testing.T) {
	images := noise(2, 8)
	want := testkit.Values(t, images)
	for i := range want {
		want[i] /= 255
	}
	testkit.Near(t, "View", views(t, testkit.Any(t), still(8), 1, images), want, 1e-6)
	got := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{still(8).Plain(Whole(in[0]))}
	}, images)[0]
	testkit.Near(t, "Plain", got, want, 1e-6)

	jitter := still(8)
	jitter.JitterP = 1 // of no strength
	testkit.Near(t, "jitter of no strength", views(t, testkit.Any(t), jitter, 1, images), want, 1e-5)
}

func TestFlipTwice(t *testing.T) {
	images := noise(2, 8)
	flip := still(8)
	flip.FlipP = 1
	got := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		once := flip.View(in[0], Whole(in[1]))
		twice := flip.View(in[0], Whole(graph.ConvertDType(graph.Round(graph.MulScalar(once, 255.0)), dtypes.Uint8)))
		return []*graph.Node{graph.MulScalar(once, 255.0), graph.MulScalar(twice, 255.0)}
	}, tensors.FromValue(uint64(1)), images)
	want := testkit.Values(t, images)
	testkit.Near(t, "flipped twice", got[1], want, 1e-5)
	for y := range 2 * 8 {
		for x := range 8 {
			if at, from := 3*(8*y+x), 3*(8*y+7-x); math.Abs(got[0][at]-want[from]) > 1e-2 {
				t.Fatalf("flipped once: row %d, column %d is %g, want %g", y, x, got[0][at], want[from])
			}
		}
	}
}

// TestProbabilities counts how often each random operation happens.
func TestProbabilities(t *testing.T) {
	const n = 4000
	images := tensors.FromFlatDataAndDimensions(make([]uint8, n*32*32*3), n, 32, 32, 3)
	p := SimCLR(32)
	out := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		c := p.draw(in[:1], Whole(in[1]))
		outputs := []*graph.Node{graph.ConvertDType(c.mirror, dtypes.Float32), graph.ConvertDType(c.gray, dtypes.Float32),
			graph.Div(graph.Mul(c.box.height, c.box.width), graph.Scalar(in[0].Graph(), dtypes.Float32, 32*32))}
		return append(append(outputs, c.jitter.amount[:]...), c.jitter.rank[:]...)
	}, tensors.FromValue(op.Key(4)), images)
	binomial := func(what string, count int, p float64, of int) {
		t.Helper()
		if z := (float64(count) - p*float64(of)) / math.Sqrt(p*(1-p)*float64(of)); !(math.Abs(z) < 4) {
			t.Errorf("%s: %d of %d, want a share of %g", what, count, of, p)
		}
	}
	sum := func(values []float64) (s int) {
		for _, v := range values {
			s += int(v)
		}
		return s
	}
	binomial("flips", sum(out[0]), p.FlipP, n)
	binomial("grayscale", sum(out[1]), p.GrayscaleP, n)
	if mean := average(out[2]); mean < 0.47 || mean > 0.51 { // the exact mean of the accepted boxes is near 0.49
		t.Errorf("mean area of the crops is %.3f of the image", mean)
	}

	amounts, ranks := out[3:3+operations], out[3+operations:]
	jittered, orders := 0, map[[operations]int]int{}
	for i := range n {
		if amounts[brightness][i] != 1 {
			jittered++
		}
		var order [operations]int
		for k := range order {
			order[k] = int(ranks[k][i])
		}
		orders[order]++
	}
	binomial("jitters", jittered, p.JitterP, n)
	if len(orders) != 24 {
		t.Errorf("%d different orders, want 24", len(orders))
	}
	for order, count := range orders {
		binomial(fmt.Sprintf("order %v", order), count, 1./24, n)
	}
	checkAmounts(t, amounts)
}

// checkAmounts checks the range and the mean of the factors and the shift that
// SimCLR draws.
func checkAmounts(t *testing.T, amounts [][]float64) {
	t.Helper()
	for k, bounds := range [operations][2]float64{{0.6, 1.4}, {0.6, 1.4}, {0.6, 1.4}, {-0.1, 0.1}} {
		low, high, middle := math.Inf(1), math.Inf(-1), average(bounds[:])
		for _, v := range amounts[k] {
			low, high = min(low, v), max(high, v)
		}
		near := (bounds[1] - bounds[0]) / 100
		if low < bounds[0]-1e-6 || high > bounds[1]+1e-6 || low > bounds[0]+near || high < bounds[1]-near {
			t.Errorf("operation %d: amounts from %g to %g, want %v", k, low, high, bounds)
		}
		if z := (average(amounts[k]) - middle) / ((bounds[1] - bounds[0]) / math.Sqrt(12*float64(len(amounts[k])))); !(math.Abs(z) < 4) {
			t.Errorf("operation %d: mean amount %g, want %g (z = %.1f)", k, average(amounts[k]), middle, z)
		}
	}
}

// TestEqualDraws checks that the ranks are an order even where draws are equal.
func TestEqualDraws(t *testing.T) {
	out := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		g := in[0].Graph()
		on := graph.Const(g, []bool{true, true})
		j := SimCLR(8).drawJitter(on, graph.Zeros(g, shapes.Make(dtypes.Float32, operations, 2)), in[0])
		return j.rank[:]
	}, testkit.Tensor(dtypes.Float32, []float64{.5, .5, .5, .1, .5, .5, .5, .1}, operations, 2))
	want := [][]float64{{0, 2}, {1, 0}, {2, 3}, {3, 1}}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("ranks (-want +got):\n%s", diff)
	}
}

func TestViewsStayInRange(t *testing.T) {
	_, p := BYOL(24)
	p.BlurP = 0.5
	p.Brightness, p.Contrast, p.Saturation, p.Hue = 2, 2, 2, 0.5
	p.JitterP, p.Mean, p.Std = 1, [3]float64{}, [3]float64{1, 1, 1}
	for _, v := range views(t, testkit.Any(t), p, 3, noise(64, 32)) {
		if !(v >= -1e-6 && v <= 1+1e-6) {
			t.Fatalf("a view has the value %g, want one in [0, 1]", v)
		}
	}
}

func TestGreyStaysGrey(t *testing.T) {
	n, side := 32, 16
	pixels := make([]uint8, 0, n*side*side*3)
	for i := range n * side * side {
		v := uint8(256 * testkit.U(8, i))
		pixels = append(pixels, v, v, v)
	}
	p := SimCLR(side)
	p.JitterP, p.GrayscaleP, p.Mean, p.Std = 1, 0, [3]float64{}, [3]float64{1, 1, 1}
	got := views(t, testkit.Any(t), p, 6, tensors.FromFlatDataAndDimensions(pixels, n, side, side, 3))
	for i := 0; i < len(got); i += 3 {
		if math.Abs(got[i]-got[i+1]) > 1e-6 || math.Abs(got[i]-got[i+2]) > 1e-6 {
			t.Fatalf("a grey pixel became %v", got[i:i+3])
		}
	}
}
