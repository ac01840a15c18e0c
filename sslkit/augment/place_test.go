package augment

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/op"
)

// ramp is an image whose red says the column and whose green says the row.
func ramp(y, x int) []uint8 { return []uint8{uint8(4*x + 2), uint8(4*y + 2), 0} }

// ramps are such images, as a batch of one size and as one of several.
func ramps() (whole, pixels, frames *tensors.Tensor) {
	const n, side = 3, 32
	var flat []uint8
	for range n {
		for y := range side {
			for x := range side {
				flat = append(flat, ramp(y, x)...)
			}
		}
	}
	whole = tensors.FromFlatDataAndDimensions(flat, n, side, side, 3)

	var stored []uint8
	var rows []int32
	for _, size := range [][2]int{{40, 32}, {32, 56}, {36, 28}} {
		height, width := size[0], size[1]
		rows = append(rows, int32(len(stored)/(3*side)), int32(height), int32(width))
		for long := range max(height, width) {
			for short := range side {
				y, x := long, short
				if width > height {
					y, x = short, long
				}
				stored = append(stored, ramp(y, x)...)
			}
		}
	}
	spare := make([]uint8, SpareRows(side)*side*3)
	stored = append(stored, spare...)
	return whole, tensors.FromFlatDataAndDimensions(stored, len(stored)/(3*side), side, 3),
		tensors.FromFlatDataAndDimensions(rows, n, 3)
}

// TestPlaces finds in views the places that they are said to show.
func TestPlaces(t *testing.T) {
	const size, cells = 16, 4
	p := still(size)
	p.Scale, p.Ratio, p.FlipP = [2]float64{0.2, 0.9}, [2]float64{3. / 4, 4. / 3}, 0.5
	whole, pixels, frames := ramps()
	for name, c := range map[string]struct {
		batch  func(in []*graph.Node) Batch
		inputs []*tensors.Tensor
	}{
		"one size":      {func(in []*graph.Node) Batch { return Whole(in[0]) }, []*tensors.Tensor{whole}},
		"several sizes": {func(in []*graph.Node) Batch { return Framed(in[0], in[1]) }, []*tensors.Tensor{pixels, frames}},
	} {
		t.Run(name, func(t *testing.T) {
			flips := 0.
			for key := range uint64(4) {
				out := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
					batch := c.batch(in[1:])
					keys := []*graph.Node{op.KeyNodeAt(in[0], 0), op.KeyNodeAt(in[0], 1)}
					views := Views([]Policy{p, p}, keys, batch, key%2 == 0)
					places := Places([]Policy{p, p}, keys, batch)
					view := graph.Reshape(views[1], -1, cells, size/cells, cells, size/cells, 3)
					seen := graph.Slice(graph.ReduceMean(view, 2, 4), graph.AxisRange(), graph.AxisRange(), graph.AxisRange(), graph.AxisRange(0, 2))
					return []*graph.Node{
						graph.MulScalar(seen, 255./4), // x and y of each cell
						places[1].Grid(cells, cells, true),
						graph.ConvertDType(places[1].Flipped, dtypes.Float32),
					}
				}, append([]*tensors.Tensor{tensors.FromValue(key)}, c.inputs...)...)
				for i, got := range out[1] {
					if want := out[0][i]; math.Abs(got-want) > 0.6 { // at the edge of the crop a view leans inwards
						t.Errorf("key %d: number %d is %g, and the view shows %g", key, i, got, want)
					}
				}
				for _, f := range out[2] {
					flips += f
				}
			}
			if flips == 0 || flips == 12 {
				t.Errorf("%g of 12 views are flipped", flips)
			}
		})
	}
}

// TestGridOfLightly compares with the reference's formula.
func TestGridOfLightly(t *testing.T) {
	const batch = 5
	grids := testkit.Grids{Base: 3000, Grid: 4, Image: 160}
	want := grids.View(1, batch)
	var left, top, width, height []float64
	var flipped []bool
	for i := range batch {
		b := grids.Box(1, i)
		left, top, width, height = append(left, b.Left), append(top, b.Top), append(width, b.Width), append(height, b.Height)
		flipped = append(flipped, b.Flipped)
	}
	got := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		p := Place{in[0], in[1], in[2], in[3], graph.Const(in[0].Graph(), flipped)}
		return []*graph.Node{p.Grid(4, 4, false)}
	}, testkit.Tensor(dtypes.Float64, left, batch), testkit.Tensor(dtypes.Float64, top, batch),
		testkit.Tensor(dtypes.Float64, width, batch), testkit.Tensor(dtypes.Float64, height, batch))[0]
	testkit.Near(t, "grid", got, want.Data, 1e-12)
	testkit.Panics(t, testkit.Any(t), "want at least 2", func(g *graph.Graph) { Everywhere(g, 2).Grid(1, 4, false) })
}
