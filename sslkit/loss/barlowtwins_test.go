package loss_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
)

var _ = golden("barlow_", nil, func(c goldenLoss, in nodes) nodes {
	return value(loss.BarlowTwins(in["z0"], in["z1"], c.Params.Lambda, c.Params.Eps == 0))
})

func barlowTwins(lambda float64, unbiased bool) func(in []*graph.Node) *graph.Node {
	return func(in []*graph.Node) *graph.Node { return loss.BarlowTwins(in[0], in[1], lambda, unbiased) }
}

// slowCorrelation is one entry of equation 2 of the paper, of columns
// standardised in one of two ways.
func slowCorrelation(z0, z1 testkit.Array, i, j int, unbiased bool) float64 {
	column := func(z testkit.Array, j int) []float64 {
		batch, dim := z.Shape[0], z.Shape[1]
		values, mean, variance := make([]float64, batch), 0.0, 0.0
		for i := range batch {
			mean += z.Data[i*dim+j] / float64(batch)
		}
		for i := range batch {
			values[i] = z.Data[i*dim+j] - mean
			variance += values[i] * values[i]
		}
		deviation := math.Sqrt(variance/float64(batch) + 1e-5)
		if unbiased {
			deviation = math.Sqrt(variance / float64(batch-1))
		}
		for i := range values {
			values[i] /= deviation
		}
		return values
	}
	return dot(column(z0, i), column(z1, j)) / float64(z0.Shape[0])
}

// slowBarlowTwins is equation 1.
func slowBarlowTwins(lambda float64, unbiased bool) oracle {
	return func(in []testkit.Array) float64 {
		sum := 0.0
		for i := range in[0].Shape[1] {
			for j := range in[1].Shape[1] {
				c := slowCorrelation(in[0], in[1], i, j, unbiased)
				if i == j {
					sum += (c - 1) * (c - 1)
				} else {
					sum += lambda * c * c
				}
			}
		}
		return sum
	}
}

func TestBarlowTwinsEqualsThePaper(t *testing.T) {
	for _, dims := range [][2]int{{2, 1}, {3, 5}, {8, 4}} {
		for _, unbiased := range []bool{false, true} {
			t.Run(fmt.Sprint(dims, unbiased), func(t *testing.T) {
				equalsOracle(t, 2, barlowTwins(0.03, unbiased), slowBarlowTwins(0.03, unbiased),
					matrix(110, dims[0], dims[1]), matrix(111, dims[0], dims[1]))
			})
		}
	}
}

func TestCrossCorrelationEqualsThePaper(t *testing.T) {
	z0, z1 := matrix(114, 5, 3), matrix(115, 5, 3)
	for _, unbiased := range []bool{false, true} {
		got := testkit.Run(t, testkit.Open(t, device.Go), func(in []*graph.Node) []*graph.Node {
			return []*graph.Node{loss.CrossCorrelation(in[0], in[1], unbiased)}
		}, z0.Tensor(dtypes.Float64), z1.Tensor(dtypes.Float64))
		var want []float64
		for i := range 3 {
			for j := range 3 {
				want = append(want, slowCorrelation(z0, z1, i, j, unbiased))
			}
		}
		testkit.Within(t, fmt.Sprint("unbiased ", unbiased), got[0], want, 1e-12)
	}
}

// TestBarlowTwinsLimits checks views without correlation between columns: equal
// ones, opposite ones, and ones without spread.
func TestBarlowTwinsLimits(t *testing.T) {
	z := testkit.Array{Shape: []int{4, 2}, Data: []float64{100, 100, 100, -100, -100, 100, -100, -100}}
	opposite := testkit.Array{Shape: z.Shape, Data: slices.Clone(z.Data)}
	for i := range opposite.Data {
		opposite.Data[i] *= -1
	}
	within := func(what string, got, want float64) {
		t.Helper()
		testkit.Within(t, what, []float64{got}, []float64{want}, 1e-8)
	}
	within("equal views", scalar(t, barlowTwins(0.5, false), z, z), 0)
	within("equal views, unbiased", scalar(t, barlowTwins(0.5, true), z, z), 2.0/16) // C_ii = 3/4
	within("opposite views", scalar(t, barlowTwins(0.5, false), z, opposite), 2*4)
	within("no spread", scalar(t, barlowTwins(0.5, false), z, filled(3, 4, 2)), 2)
	if value := scalar(t, barlowTwins(0.5, true), z, filled(3, 4, 2)); !math.IsNaN(value) {
		t.Errorf("no spread, unbiased: %g, want NaN", value)
	}
}

// TestBarlowTwinsProperties checks that the loss ignores scale, offset and order
// of the images, and weighs the off-diagonal part by lambda.
func TestBarlowTwinsProperties(t *testing.T) {
	z0, z1 := matrix(112, 6, 3), matrix(113, 6, 3)
	want := scalar(t, barlowTwins(0.1, true), z0, z1)
	testkit.NearScalar(t, "views swapped", scalar(t, barlowTwins(0.1, true), z1, z0), want, 1e-12)

	moved := testkit.Array{Shape: z0.Shape, Data: slices.Clone(z0.Data)}
	for i := range moved.Data {
		moved.Data[i] = 40*moved.Data[i] - 3
	}
	testkit.NearScalar(t, "scaled and moved", scalar(t, barlowTwins(0.1, true), moved, z1), want, 1e-11)

	turn := func(a testkit.Array) testkit.Array {
		return testkit.Array{Shape: a.Shape, Data: slices.Concat(a.Data[6:], a.Data[:6])}
	}
	testkit.NearScalar(t, "images in another order", scalar(t, barlowTwins(0.1, true), turn(z0), turn(z1)), want, 1e-12)

	none, twice := scalar(t, barlowTwins(0, true), z0, z1), scalar(t, barlowTwins(0.2, true), z0, z1)
	testkit.NearScalar(t, "twice the lambda", twice-none, 2*(want-none), 1e-12)
}

func TestBarlowTwinsPanics(t *testing.T) {
	panics(t, map[string]func(g *graph.Graph){
		"want matrices of one shape": func(g *graph.Graph) { loss.BarlowTwins(zeros(g, 2, 3), zeros(g, 2, 4), 0.1, false) },
		"at least 2 rows":            func(g *graph.Graph) { loss.BarlowTwins(zeros(g, 1, 3), zeros(g, 1, 3), 0.1, false) },
		"CrossCorrelation":           func(g *graph.Graph) { loss.CrossCorrelation(zeros(g, 2, 3), zeros(g, 3, 3), false) },
	})
}
