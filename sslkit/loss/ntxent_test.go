package loss_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
)

var _ = golden("ntxent_t", nil, func(c goldenLoss, in nodes) nodes {
	return value(loss.NTXent(in["z0"], in["z1"], c.Params.Temperature))
})

// ntXent returns the loss and the gradients that the library gives.
func ntXent(t *testing.T, z0, z1 testkit.Array, temperature float64) (value float64, gradients [2][]float64) {
	t.Helper()
	out := testkit.Run(t, testkit.Any(t), func(z []*graph.Node) []*graph.Node {
		value := loss.NTXent(z[0], z[1], temperature)
		return append([]*graph.Node{value}, graph.Gradient(value, z...)...)
	}, z0.Tensor(dtypes.Float64), z1.Tensor(dtypes.Float64))
	return out[0][0], [2][]float64{out[1], out[2]}
}

// slowNTXent is equation 1 of the paper, word by word: for every pair (i, j) of
// positives −log( exp(sim(i,j)/τ) / Σ_{k≠i} exp(sim(i,k)/τ) ), averaged over
// all 2·batch ordered pairs.
func slowNTXent(z0, z1 testkit.Array, temperature float64) float64 {
	batch, dim := z0.Shape[0], z0.Shape[1]
	all := slices.Concat(z0.Data, z1.Data)
	row := func(i int) []float64 { return all[i*dim : (i+1)*dim] }
	similarity := func(i, j int) float64 {
		dot := 0.0
		for d := range dim {
			dot += row(i)[d] * row(j)[d]
		}
		return dot / (testkit.Norm(row(i)) * testkit.Norm(row(j)))
	}
	sum := 0.0
	for i := range 2 * batch {
		j := (i + batch) % (2 * batch)
		denominator := 0.0
		for k := range 2 * batch {
			if k != i {
				denominator += math.Exp(similarity(i, k) / temperature)
			}
		}
		sum -= math.Log(math.Exp(similarity(i, j)/temperature) / denominator)
	}
	return sum / float64(2*batch)
}

// filled is an array of one number.
func filled(x float64, shape ...int) testkit.Array {
	size := 1
	for _, d := range shape {
		size *= d
	}
	return testkit.Array{Shape: shape, Data: slices.Repeat([]float64{x}, size)}
}

func arrays(s, batch, dim int) (z0, z1 testkit.Array) {
	shape := []int{batch, dim}
	return testkit.Array{Shape: shape, Data: testkit.G(s, batch, dim)}, testkit.Array{Shape: shape, Data: testkit.G(s+1, batch, dim)}
}

func TestNTXentEqualsThePaper(t *testing.T) {
	for _, c := range []struct {
		batch, dim  int
		temperature float64
	}{{1, 3, 0.5}, {2, 1, 0.5}, {3, 7, 0.2}, {5, 5, 1}, {10, 4, 0.07}} {
		z0, z1 := arrays(20, c.batch, c.dim)
		got, _ := ntXent(t, z0, z1, c.temperature)
		testkit.Within(t, fmt.Sprintf("%+v", c), []float64{got}, []float64{slowNTXent(z0, z1, c.temperature)}, 1e-12)
	}
}

func TestNTXentGradient(t *testing.T) {
	const step = 1e-5
	z := [2]testkit.Array{}
	z[0], z[1] = arrays(30, 4, 3)
	_, got := ntXent(t, z[0], z[1], 0.3)
	for input := range z {
		want := make([]float64, len(z[input].Data))
		for i, v := range z[input].Data {
			z[input].Data[i] = v + step
			above := slowNTXent(z[0], z[1], 0.3)
			z[input].Data[i] = v - step
			below := slowNTXent(z[0], z[1], 0.3)
			z[input].Data[i] = v
			want[i] = (above - below) / (2 * step)
		}
		testkit.Near(t, fmt.Sprintf("gradient of z%d", input), got[input], want, 1e-7)
	}
}

func TestNTXentProperties(t *testing.T) {
	z0, z1 := arrays(40, 6, 5)
	want, gradients := ntXent(t, z0, z1, 0.5)

	swapped, other := ntXent(t, z1, z0, 0.5)
	testkit.NearScalar(t, "views swapped", swapped, want, 1e-13)
	testkit.Near(t, "gradient with the views swapped", other[1], gradients[0], 1e-12)

	scaled := testkit.Array{Shape: z0.Shape, Data: slices.Clone(z0.Data)}
	for i := range scaled.Data {
		scaled.Data[i] *= 0.01 * math.Pow(10, float64(i/5)) // each row by another factor
	}
	value, _ := ntXent(t, scaled, z1, 0.5)
	testkit.NearScalar(t, "rows scaled", value, want, 1e-12)

	permute := func(a testkit.Array) testkit.Array {
		return testkit.Array{Shape: a.Shape, Data: slices.Concat(a.Data[10:], a.Data[:10])}
	}
	value, _ = ntXent(t, permute(z0), permute(z1), 0.5)
	testkit.NearScalar(t, "images in another order", value, want, 1e-12)
}

// TestNTXentLimits checks the loss where all rows are equal, ln(2·batch−1), and
// where only positives are, at a temperature that overflows a plain exp.
func TestNTXentLimits(t *testing.T) {
	ones := testkit.Array{Shape: []int{8, 3}, Data: slices.Repeat([]float64{0.5, -1, 2}, 8)}
	for _, temperature := range []float64{1, 0.5, 0.01} {
		value, gradients := ntXent(t, ones, ones, temperature)
		testkit.NearScalar(t, "all rows equal", value, math.Log(15), 1e-12)
		for _, g := range slices.Concat(gradients[0], gradients[1]) {
			if !(math.Abs(g) < 1e-12) {
				t.Errorf("all rows equal: gradient %g, want 0", g)
				break
			}
		}
	}
	apart := testkit.Array{Shape: []int{2, 2}, Data: []float64{1, 0, -1, 0}}
	value, _ := ntXent(t, apart, apart, 0.001)
	testkit.Within(t, "pairs far apart", []float64{value}, []float64{0}, 1e-12)
}

func TestNTXentPanics(t *testing.T) {
	d := testkit.Open(t, device.Go)
	for _, c := range []struct {
		text        string
		dims0       []int
		dims1       []int
		temperature float64
	}{
		{"NTXent: z0 has shape", []int{2, 3}, []int{3, 3}, 0.5},
		{"NTXent: z0 has shape", []int{2, 3}, []int{2, 4}, 0.5},
		{"NTXent: temperature 0", []int{2, 3}, []int{2, 3}, 0},
		{"NTXent: temperature -1", []int{2, 3}, []int{2, 3}, -1},
		{"NTXent: temperature NaN", []int{2, 3}, []int{2, 3}, math.NaN()},
		{"NTXent: z0 has shape", []int{2, 3, 1}, []int{2, 3, 1}, 0.5},
	} {
		testkit.Panics(t, d, c.text, func(g *graph.Graph) {
			zeros := func(dims []int) *graph.Node { return graph.Zeros(g, shapes.Make(dtypes.Float32, dims...)) }
			loss.NTXent(zeros(c.dims0), zeros(c.dims1), c.temperature)
		})
	}
}
