package loss_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
)

// slowAlignment is the feature contrast of All4One's paper, of z0, z1, t0 and t1.
func slowAlignment(in []testkit.Array) float64 {
	batch, dim := in[0].Shape[0], in[0].Shape[1]
	column := func(a testkit.Array, j int) []float64 {
		values := make([]float64, batch)
		for i := range values {
			values[i] = a.Data[i*dim+j]
		}
		return values
	}
	var same, others float64
	for _, pair := range [][2]testkit.Array{{in[2], in[1]}, {in[3], in[0]}} {
		for i := range dim {
			for j := range dim {
				c := cosine(column(pair[0], i), column(pair[1], j))
				if i == j {
					same += (c - 1) * (c - 1) / float64(2*dim)
				} else {
					others += c * c / float64(2*dim*(dim-1))
				}
			}
		}
	}
	return (math.Sqrt(same) + math.Sqrt(others)) / 2
}

func TestAlignment(t *testing.T) {
	build := func(in []*graph.Node) *graph.Node { return loss.Alignment(in[0], in[1], in[2], in[3]) }
	equalsOracle(t, 2, build, slowAlignment, matrix(1, 5, 3), matrix(2, 5, 3), matrix(3, 5, 3), matrix(4, 5, 3))
	d := testkit.Open(t, device.Go)
	for want, shapes := range map[string][4][2]int{
		"Alignment: z0 has shape": {{5, 3}, {4, 3}, {5, 3}, {5, 3}},
		"Alignment: t0 has shape": {{5, 3}, {5, 3}, {5, 3}, {5, 2}},
		"of 1 dimensions":         {{5, 1}, {5, 1}, {5, 1}, {5, 1}},
	} {
		testkit.Panics(t, d, want, func(g *graph.Graph) {
			var in [4]*graph.Node
			for i, s := range shapes {
				in[i] = zeros(g, s[0], s[1])
			}
			loss.Alignment(in[0], in[1], in[2], in[3])
		})
	}
}

// TestNearestNeighbours compares the rows that are found with all of them, sorted.
func TestNearestNeighbours(t *testing.T) {
	const k = 3
	d, z, bank := testkit.Open(t, device.Go), matrix(1, 4, 5), matrix(2, 7, 5)
	got := testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{loss.NearestNeighbours(in[0], in[1], k)}
	}, z.Tensor(dtypes.Float64), bank.Tensor(dtypes.Float64))[0]
	var want []float64
	for i := range z.Shape[0] {
		order := []int{0, 1, 2, 3, 4, 5, 6}
		slices.SortFunc(order, func(a, b int) int {
			if cosine(row(z, i), row(bank, a)) > cosine(row(z, i), row(bank, b)) {
				return -1
			}
			return 1
		})
		for _, at := range order[:k] {
			want = append(want, row(bank, at)...)
		}
	}
	testkit.Within(t, "neighbours", got, want, 0)
	testkit.Panics(t, d, "NearestNeighbours: 8 neighbours, want from 1 to the bank's 7 rows", func(g *graph.Graph) {
		loss.NearestNeighbours(zeros(g, 2, 3), zeros(g, 7, 3), 8)
	})
}
