package augment

import (
	"fmt"
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

// framedSizes are heights and widths: upright, wide, square, very long, as small
// as a view, and smaller.
var framedSizes = [][2]int{{40, 30}, {30, 45}, {32, 32}, {12, 72}, {90, 15}, {24, 24}, {9, 11}, {27, 28}}

// store packs pictures of framedSizes as [Batch] has them, in another order, with
// the last at the very end; whatever belongs to none of them is filled with rubbish.
func store(rubbish uint8) (pixels, frames *tensors.Tensor) {
	const side = 33
	var flat []uint8
	rows := make([]int32, len(framedSizes)*3)
	for k := range framedSizes {
		i := (5*k + 2) % len(framedSizes)
		height, width := framedSizes[i][0], framedSizes[i][1]
		picture := framedPicture(i)
		for range 3 * k * side * 3 { // rows between images
			flat = append(flat, rubbish)
		}
		copy(rows[3*i:], []int32{int32(len(flat) / (3 * side)), int32(height), int32(width)})
		for row := range max(height, width) {
			for column := range side {
				y, x := row, column
				if width > height {
					y, x = column, row
				}
				if column < min(height, width) {
					flat = append(flat, picture[3*(y*width+x):][:3]...)
				} else {
					flat = append(flat, rubbish, rubbish, rubbish)
				}
			}
		}
	}
	return tensors.FromFlatDataAndDimensions(flat, len(flat)/(3*side), side, 3),
		tensors.FromFlatDataAndDimensions(rows, len(framedSizes), 3)
}

func framedPicture(i int) []uint8 {
	pixels := make([]uint8, framedSizes[i][0]*framedSizes[i][1]*3)
	for k := range pixels {
		pixels[k] = uint8(256 * testkit.U(20+i, k))
	}
	return pixels
}

// framedPolicies are named policies of small views; "never" finds no box in most images.
func framedPolicies() map[string]Policy {
	crops := still(24)
	crops.Scale, crops.Ratio, crops.FlipP = [2]float64{0.08, 1}, [2]float64{3. / 4, 4. / 3}, 0.5
	never := crops
	never.Scale = [2]float64{1, 1}
	oblong := crops
	oblong.Ratio = [2]float64{1.6, 2.5}
	large := crops
	large.Size = 50
	cubic := crops
	cubic.Cubic = true
	_, all := BYOL(24)
	return map[string]Policy{"crops": crops, "never": never, "oblong": oblong, "large": large, "cubic": cubic, "all": all}
}

// TestFramedEqualsWhole compares images of several sizes with a batch of copies
// of each.
func TestFramedEqualsWhole(t *testing.T) {
	pixels, frames := store(77)
	for name, p := range framedPolicies() {
		t.Run(name, func(t *testing.T) {
			outputs := func(key *graph.Node, batch Batch) []*graph.Node {
				b := p.draw([]*graph.Node{key}, batch).box
				return []*graph.Node{p.View(key, batch), p.Plain(batch), b.top, b.left, b.height, b.width}
			}
			got := everyKey(t, func(in []*graph.Node) []*graph.Node {
				return outputs(in[0], Framed(in[1], in[2]))
			}, pixels, frames)
			for i, size := range framedSizes {
				var copies []uint8
				for range framedSizes {
					copies = append(copies, framedPicture(i)...)
				}
				want := everyKey(t, func(in []*graph.Node) []*graph.Node {
					return outputs(in[0], Whole(in[1]))
				}, tensors.FromFlatDataAndDimensions(copies, len(framedSizes), size[0], size[1], 3))
				for k := range want {
					n := len(want[k]) / len(framedSizes)
					testkit.Within(t, fmt.Sprintf("image %d, output %d", i, k), got[k][i*n:(i+1)*n], want[k][i*n:(i+1)*n], 1e-5)
				}
			}
		})
	}
}

// everyKey runs a graph with some keys, and returns the outputs one after another.
func everyKey(t *testing.T, build func(in []*graph.Node) []*graph.Node, inputs ...*tensors.Tensor) (values [][]float64) {
	t.Helper()
	exec, err := graph.NewExec(testkit.Open(t, device.Go).Backend, build) // XLA would compile for half a minute
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	for key := range uint64(5) {
		args := []any{op.Key(6, key)}
		for _, in := range inputs {
			args = append(args, in)
		}
		for _, out := range exec.MustExec(args...) {
			values = append(values, testkit.Values(t, out))
		}
	}
	return values
}

// TestFramedBackendsAgree also shows that the pure-Go backend knows the operations.
func TestFramedBackendsAgree(t *testing.T) {
	p := SimCLR(12)
	p.JitterP = 0
	run := func(d *device.Device) [][]float64 {
		pixels, frames := store(1)
		return testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
			batch := Framed(in[0], in[1])
			return []*graph.Node{p.View(in[2], batch), p.Plain(batch)}
		}, pixels, frames, tensors.FromValue(op.Key(4)))
	}
	want := run(testkit.Open(t, device.Go))
	for i, got := range run(testkit.XLA(t)) {
		testkit.Within(t, fmt.Sprintf("output %d", i), got, want[i], 1e-4)
	}
}

// TestRubbishDoesNotMatter fills all around the images with other bytes.
func TestRubbishDoesNotMatter(t *testing.T) {
	run := func(rubbish uint8) [][]float64 {
		pixels, frames := store(rubbish)
		return testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
			p := framedPolicies()["all"]
			return []*graph.Node{p.View(in[2], Framed(in[0], in[1])), p.Plain(Framed(in[0], in[1]))}
		}, pixels, frames, tensors.FromValue(op.Key(4)))
	}
	if !cmp.Equal(run(0), run(255)) {
		t.Error("bytes that belong to no image change the views")
	}
}

// TestWindowsAreLargeEnough draws many boxes and looks for rows that are not read.
func TestWindowsAreLargeEnough(t *testing.T) {
	const n = 20_000
	for _, ratio := range [][2]float64{{3. / 4, 4. / 3}, {1, 1}, {0.2, 0.4}, {2, 3}} {
		sizes := make([]int32, 3*n)
		for i := range n {
			sizes[3*i+1], sizes[3*i+2] = int32(1+300*testkit.U(1, i)), int32(1+300*testkit.U(2, i))
		}
		out := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
			batch := Framed(graph.Zeros(in[0].Graph(), shapes.Make(dtypes.Uint8, 300, 300, 3)), in[0])
			b := batch.randomBox(op.Uniform(in[1], cropDraws, n), [2]float64{0.08, 1}, ratio)
			return []*graph.Node{b.height, b.width, b.top, b.left}
		}, tensors.FromFlatDataAndDimensions(sizes, n, 3), tensors.FromValue(op.Key(5)))
		for i := range n {
			height, width := int(sizes[3*i+1]), int(sizes[3*i+2])
			h, w, top, left := int(out[0][i]), int(out[1][i]), int(out[2][i]), int(out[3][i])
			if h < 1 || w < 1 || top < 0 || left < 0 || top+h > height || left+w > width {
				t.Fatalf("%d×%d: box %d×%d at %d, %d", height, width, h, w, top, left)
			}
			along := h
			if width > height {
				along = w
			}
			if most := boxRows(min(height, width), ratio); along > most {
				t.Fatalf("%d×%d: the box takes %d rows, more than %d", height, width, along, most)
			}
		}
	}
}

func TestSpareRowsSuffice(t *testing.T) {
	for side := 1; side < 1000; side++ {
		for _, ratio := range [][2]float64{{3. / 4, 4. / 3}, {0.5, 1}, {1, 2}} {
			if rows := boxRows(side, ratio); rows > SpareRows(side) {
				t.Errorf("side %d, ratio %v: %d rows are read, more than %d", side, ratio, rows, SpareRows(side))
			}
		}
		for size := 4; size < 300; size++ {
			if rows := centreRows(side, size); rows > SpareRows(side) {
				t.Errorf("side %d, size %d: %d rows are read, more than %d", side, size, rows, SpareRows(side))
			}
		}
	}
}

// TestSquaresFitTheirWindows compares the rows that central squares take with
// those that are read.
func TestSquaresFitTheirWindows(t *testing.T) {
	for _, size := range []int{1, 2, 7, 128} {
		for shorter := 1; shorter <= 300; shorter += 7 {
			for longer := shorter; longer <= 700; longer++ {
				side, skip := centralPart(longer, shorter, size)
				step := float64(longer) / float64(side)
				reach := max(step, 1)
				from := max(0, int(step*(float64(skip)+0.5)-reach)-1)
				to := min(longer, int(step*(float64(skip+size)-0.5)+reach)+1)
				if most := centreRows(shorter, size); to-from > most {
					t.Fatalf("%d×%d to %d: %d rows, more than %d", longer, shorter, size, to-from, most)
				}
			}
		}
	}
}

func TestFramedPanics(t *testing.T) {
	d := testkit.Open(t, device.Go)
	testkit.Panics(t, d, "augment: Plain: images of several sizes have shape", func(g *graph.Graph) {
		SimCLR(8).Plain(Framed(graph.Zeros(g, shapes.Make(dtypes.Uint8, 2, 8, 8, 3)), graph.Zeros(g, shapes.Make(dtypes.Int32, 2, 3))))
	})
	testkit.Panics(t, d, "augment: Plain: images of several sizes: a row, height or width", func(g *graph.Graph) {
		SimCLR(8).Plain(Framed(graph.Zeros(g, shapes.Make(dtypes.Uint8, 8, 8, 3)), graph.Zeros(g, shapes.Make(dtypes.Int64, 2, 3))))
	})
}

// BenchmarkFramedView times views of photographs, the shorter side 160, and of as
// many images of 160×213.
func BenchmarkFramedView(b *testing.B) {
	const batch, side, longer = 64, 160, 213
	p := SimCLR(128)
	frames := make([]int32, 0, 3*batch)
	for i := range int32(batch) {
		frames = append(frames, i*longer, side, longer-i%7)
	}
	pixels := make([]uint8, (batch*longer+SpareRows(side))*side*3)
	inputs := []any{tensors.FromFlatDataAndDimensions(pixels, len(pixels)/side/3, side, 3), tensors.FromFlatDataAndDimensions(frames, batch, 3),
		tensors.FromFlatDataAndDimensions(pixels[:batch*side*longer*3], batch, side, longer, 3)}
	for name, view := range map[string]func(in []*graph.Node) *graph.Node{
		"several": func(in []*graph.Node) *graph.Node { return p.View(in[0], Framed(in[1], in[2])) },
		"one":     func(in []*graph.Node) *graph.Node { return p.View(in[0], Whole(in[3])) },
	} {
		b.Run("sizes="+name, func(b *testing.B) {
			exec, err := graph.NewExec(testkit.XLA(b).Backend, view)
			if err != nil {
				b.Fatal(err)
			}
			defer exec.Finalize()
			run := func() {
				view := exec.MustExec(append([]any{op.Key(1)}, inputs...)...)[0]
				view.MustConstFlatData(func(any) {}) // waits
				view.MustFinalizeAll()
			}
			run()
			for b.Loop() {
				run()
			}
			b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "views/s")
		})
	}
}
