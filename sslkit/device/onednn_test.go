package device

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/dtypes/bfloat16"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
)

// A convCase is a convolution of images [n, h, w, c] with kernels [k, k, c, o].
type convCase struct{ n, h, w, c, o, k, stride, pad int }

// TestOneDNNConvolutions compares convolutions and their gradients by oneDNN with those of XLA in float64: some of the
// networks' shapes, and random ones.
func TestOneDNNConvolutions(t *testing.T) {
	d := convolvingCPU(t)
	cases := []convCase{
		{32, 32, 32, 3, 16, 3, 1, 1}, {16, 16, 16, 16, 32, 3, 2, 1}, {16, 16, 16, 16, 32, 1, 2, 0}, {32, 4, 4, 128, 128, 3, 1, 1},
		{8, 8, 8, 64, 128, 3, 2, 1}, {4, 32, 24, 3, 16, 7, 2, 3}, {1, 5, 5, 4, 4, 3, 1, 1},
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 8 {
		k := 1 + 2*r.IntN(3)
		cases = append(cases, convCase{n: 1 + r.IntN(9), h: k + r.IntN(12), w: k + r.IntN(12), c: 1 + r.IntN(30), o: 1 + r.IntN(30), k: k, stride: 1 + r.IntN(3), pad: r.IntN(k/2 + 1)})
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			x, w, dy := c.inputs(r)
			want := c.run(t, d, dtypes.Float64, false, x, w, dy)
			for dtype, limit := range map[dtypes.DType]float64{dtypes.Float32: 2e-5, dtypes.BFloat16: 3e-2} {
				got := c.run(t, d, dtype, true, x, w, dy)
				for i, name := range []string{"result", "gradient of the input", "gradient of the weights"} {
					if e := distance(got[i], want[i]); !(e <= limit) {
						t.Errorf("%s, %s: %.1e of its size away, want at most %.0e", dtype, name, e, limit)
					}
				}
			}
		})
	}
}

func (c convCase) out(size int) int { return (size+2*c.pad-c.k)/c.stride + 1 }

// inputs are images, kernels and a gradient of the result, numbers that bfloat16 has exactly.
func (c convCase) inputs(r *rand.Rand) (x, w, dy []float64) {
	draw := func(count int, deviation float64) []float64 {
		v := make([]float64, count)
		for i := range v {
			v[i] = float64(bfloat16.FromFloat32(float32(r.NormFloat64() * deviation)).Float32())
		}
		return v
	}
	return draw(c.n*c.h*c.w*c.c, 1), draw(c.k*c.k*c.c*c.o, 1/math.Sqrt(float64(c.k*c.k*c.c))), draw(c.n*c.out(c.h)*c.out(c.w)*c.o, 1)
}

// run computes result and gradients, by oneDNN or by XLA.
func (c convCase) run(t *testing.T, d *Device, dtype dtypes.DType, own bool, x, w, dy []float64) [][]float64 {
	t.Helper()
	if version := d.plugin.oneDNN; !own {
		d.plugin.oneDNN = ""
		defer func() { d.plugin.oneDNN = version }()
	}
	exec, err := graph.NewExec(d.Backend, func(x, w, dy *graph.Node) []*graph.Node {
		narrow := func(n *graph.Node) *graph.Node { return graph.ConvertDType(n, dtype) }
		wide := func(n *graph.Node) *graph.Node { return graph.ConvertDType(n, dtypes.Float64) }
		x, w = narrow(x), narrow(w)
		pad := [2]int{c.pad, c.pad}
		y := graph.Convolve(x, w).Strides(c.stride).PaddingPerDim([][2]int{pad, pad}).Done()
		gradients := graph.Gradient(graph.ReduceAllSum(graph.Mul(y, narrow(dy))), x, w)
		return []*graph.Node{wide(y), wide(gradients[0]), wide(gradients[1])}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	outputs, err := exec.Exec(
		tensors.FromFlatDataAndDimensions(x, c.n, c.h, c.w, c.c),
		tensors.FromFlatDataAndDimensions(w, c.k, c.k, c.c, c.o),
		tensors.FromFlatDataAndDimensions(dy, c.n, c.out(c.h), c.out(c.w), c.o))
	if err != nil {
		t.Fatal(err)
	}
	var values [][]float64
	for _, output := range outputs {
		values = append(values, tensors.MustCopyFlatData[float64](output))
	}
	return values
}

// distance is the largest difference, relative to the root mean square of the second.
func distance(got, want []float64) float64 {
	var largest, squares float64
	for i := range want {
		difference := math.Abs(got[i] - want[i])
		if math.IsNaN(difference) {
			return difference
		}
		largest = max(largest, difference)
		squares += want[i] * want[i]
	}
	return largest / math.Sqrt(squares/float64(len(want)))
}

// convolvingCPU is the CPU, on which oneDNN computes convolutions.
func convolvingCPU(t *testing.T) *Device {
	t.Helper()
	if testing.Short() {
		t.Skip("needs XLA's plugin")
	}
	d, err := Open(CPU)
	if err != nil {
		t.Skip(err)
	}
	if d.plugin.oneDNN == "" {
		t.Skip("oneDNN is not installed")
	}
	return d
}
