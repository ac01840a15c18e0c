package loss_test

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
)

var _ = golden("vicreg", nil, func(c goldenLoss, in nodes) nodes {
	in = cells(in)
	return value(loss.VICReg(in["z0"], in["z1"], c.Params.Invariance, c.Params.Variance, c.Params.Covariance))
})

// cells gives maps, [batch, rows, columns, dim], one axis of cells.
func cells(in nodes) nodes {
	flat := nodes{}
	for name, x := range in {
		if x.Rank() == 4 {
			x = graph.Reshape(x, x.Shape().Dim(0), -1, x.Shape().Dim(3))
		}
		flat[name] = x
	}
	return flat
}

func vicReg(in []*graph.Node) *graph.Node { return loss.VICReg(in[0], in[1], 25, 20, 2) }

// slowVICReg is equations 1 to 6 of the paper, with the means of the authors'
// program.
func slowVICReg(in []testkit.Array) float64 {
	batch, dim := in[0].Shape[0], in[0].Shape[1]
	distance, hinges, covariances := 0.0, 0.0, 0.0
	for i := range in[0].Data {
		distance += math.Pow(in[0].Data[i]-in[1].Data[i], 2) / float64(batch*dim)
	}
	for _, z := range in[:2] {
		means := make([]float64, dim)
		for i := range batch {
			for j := range dim {
				means[j] += row(z, i)[j] / float64(batch)
			}
		}
		for a := range dim {
			for b := range dim {
				covariance := 0.0
				for i := range batch {
					covariance += (row(z, i)[a] - means[a]) * (row(z, i)[b] - means[b]) / float64(batch-1)
				}
				if a == b {
					hinges += math.Max(0, 1-math.Sqrt(covariance+1e-4)) / float64(2*dim)
				} else {
					covariances += covariance * covariance / float64(dim)
				}
			}
		}
	}
	return 25*distance + 20*hinges + 2*covariances
}

func TestVICRegEqualsThePaper(t *testing.T) {
	for _, dims := range [][2]int{{2, 1}, {3, 5}, {8, 4}} {
		equalsOracle(t, 2, vicReg, slowVICReg, matrix(120, dims[0], dims[1]), matrix(121, dims[0], dims[1]))
	}
	still, moved := filled(3, 4, 2), filled(5, 4, 2)
	testkit.NearScalar(t, "views without spread", scalar(t, vicReg, still, moved), 25*4+20*0.99, 1e-12)
}

// TestMeanStd compares with a batch whose deviations are known.
func TestMeanStd(t *testing.T) {
	z := testkit.Array{Shape: []int{3, 2}, Data: []float64{1, -4, 2, 0, 3, 4}} // deviations 1 and 4
	got := scalar(t, func(in []*graph.Node) *graph.Node { return loss.MeanStd(in[0]) }, z)
	testkit.NearScalar(t, "mean of deviations", got, 2.5, 1e-12)
}

func TestVICRegPanics(t *testing.T) {
	panics(t, map[string]func(g *graph.Graph){
		"VICReg: z0 has shape":        func(g *graph.Graph) { loss.VICReg(zeros(g, 2, 3), zeros(g, 2, 4), 1, 1, 1) },
		"[1 3], want at least 2 rows": func(g *graph.Graph) { loss.VICReg(zeros(g, 1, 3), zeros(g, 1, 3), 1, 1, 1) },
		"MeanStd: z has shape":        func(g *graph.Graph) { loss.MeanStd(zeros(g, 1, 3)) },
	})
}
