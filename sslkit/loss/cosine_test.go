package loss_test

import (
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/op"
)

var _ = golden("negative_cosine", nil, func(_ goldenLoss, in nodes) nodes {
	return value(loss.NegativeCosine(in["p"], in["z"]))
})
var _ = golden("simsiam_byol_symmetric", nil, func(_ goldenLoss, in nodes) nodes {
	return value(mean(loss.NegativeCosine(in["p0"], in["z1"]), loss.NegativeCosine(in["p1"], in["z0"])))
})
var _ = golden("fastsiam_", nil, fastSiamCase)

func fastSiamCase(_ goldenLoss, in nodes) nodes {
	p, z := in.views("p"), in.views("z")
	var losses []*graph.Node
	for i := range p {
		var others []*graph.Node
		for j := range z {
			if j != i {
				others = append(others, op.Widen(z[j]))
			}
		}
		target := graph.ReduceMean(graph.Stack(others, 0), 0)
		losses = append(losses, loss.NegativeCosine(p[i], target))
	}
	return value(mean(losses...))
}

func negativeCosine(in []*graph.Node) *graph.Node { return loss.NegativeCosine(in[0], in[1]) }

// slowNegativeCosine is equation 1 of SimSiam's paper, averaged over the batch.
func slowNegativeCosine(in []testkit.Array) float64 {
	sum := 0.0
	for i := range in[0].Shape[0] {
		sum -= cosine(row(in[0], i), row(in[1], i))
	}
	return sum / float64(in[0].Shape[0])
}

func TestNegativeCosineEqualsThePaper(t *testing.T) {
	for _, dims := range [][2]int{{1, 1}, {1, 5}, {4, 3}, {7, 16}} {
		equalsOracle(t, 2, negativeCosine, slowNegativeCosine, matrix(100, dims[0], dims[1]), matrix(101, dims[0], dims[1]))
	}
}

func TestNegativeCosineLimits(t *testing.T) {
	z := matrix(102, 4, 3)
	longer, opposite := filled(0, 4, 3), filled(0, 4, 3)
	for i, x := range z.Data {
		longer.Data[i], opposite.Data[i] = 7*x, -0.1*x
	}
	testkit.NearScalar(t, "same directions", scalar(t, negativeCosine, z, longer), -1, 1e-13)
	testkit.NearScalar(t, "opposite directions", scalar(t, negativeCosine, z, opposite), 1, 1e-13)
	across := testkit.Array{Shape: []int{1, 2}, Data: []float64{0, 3}}
	along := testkit.Array{Shape: []int{1, 2}, Data: []float64{2, 0}}
	testkit.Within(t, "right angles", []float64{scalar(t, negativeCosine, along, across)}, []float64{0}, 1e-15)
}

func TestNegativeCosinePanics(t *testing.T) {
	panics(t, map[string]func(g *graph.Graph){
		"NegativeCosine: p has shape": func(g *graph.Graph) { loss.NegativeCosine(zeros(g, 2, 3), zeros(g, 3, 3)) },
		"want matrices of one shape":  func(g *graph.Graph) { loss.NegativeCosine(zeros(g, 3), zeros(g, 3)) },
	})
}
