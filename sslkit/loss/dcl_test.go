package loss_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
)

var _ = golden("dcl_", nil, func(c goldenLoss, in nodes) nodes {
	return value(loss.DCL(in["z0"], in["z1"], c.Params.Temperature, strings.HasPrefix(c.Name, "dcl_2023")))
})
var _ = golden("dclw_", nil, func(c goldenLoss, in nodes) nodes {
	return value(loss.DCLW(in["z0"], in["z1"], c.Params.Temperature, c.Params.Sigma, strings.HasPrefix(c.Name, "dclw_2023")))
})

// slowDCL is the paper's L_DC for every anchor of both views, the positive terms
// multiplied by weights.
func slowDCL(temperature float64, separate bool, weights []float64) oracle {
	return func(in []testkit.Array) float64 {
		batch, sum := in[0].Shape[0], 0.0
		for v := range 2 {
			for i := range batch {
				anchor := row(in[v], i)
				var own, other float64
				for j := range batch {
					if j != i {
						own += math.Exp(cosine(anchor, row(in[v], j)) / temperature)
						other += math.Exp(cosine(anchor, row(in[1-v], j)) / temperature)
					}
				}
				negatives := math.Log(own + other)
				if separate {
					negatives = math.Log(own) + math.Log(other)
				}
				sum += negatives - weights[i]*cosine(anchor, row(in[1-v], i))/temperature
			}
		}
		return sum / float64(2*batch)
	}
}

// slowWeights are the paper's 2 − exp(z0·z1/σ)/mean exp(z0·z1/σ).
func slowWeights(z0, z1 testkit.Array, sigma float64) []float64 {
	weights, mean := make([]float64, z0.Shape[0]), 0.0
	for i := range weights {
		weights[i] = math.Exp(cosine(row(z0, i), row(z1, i)) / sigma)
		mean += weights[i] / float64(len(weights))
	}
	for i := range weights {
		weights[i] = 2 - weights[i]/mean
	}
	return weights
}

func TestDCLEqualsThePaper(t *testing.T) {
	for _, batch := range []int{2, 5} {
		z0, z1 := matrix(130, batch, 4), matrix(131, batch, 4)
		for _, separate := range []bool{false, true} {
			t.Run(fmt.Sprint(batch, separate), func(t *testing.T) {
				ones := filled(1, batch).Data
				equalsOracle(t, 2, func(in []*graph.Node) *graph.Node {
					return loss.DCL(in[0], in[1], 0.2, separate)
				}, slowDCL(0.2, separate, ones), z0, z1)
				equalsOracle(t, 2, func(in []*graph.Node) *graph.Node {
					return loss.DCLW(in[0], in[1], 0.2, 0.5, separate)
				}, slowDCL(0.2, separate, slowWeights(z0, z1, 0.5)), z0, z1)
			})
		}
	}
}

func TestDCLPanics(t *testing.T) {
	panics(t, map[string]func(g *graph.Graph){
		"DCL: z0 has shape":   func(g *graph.Graph) { loss.DCL(zeros(g, 2, 3), zeros(g, 2, 4), 0.1, false) },
		"DCL: temperature -1": func(g *graph.Graph) { loss.DCL(zeros(g, 2, 3), zeros(g, 2, 3), -1, false) },
		"at least 2 rows":     func(g *graph.Graph) { loss.DCL(zeros(g, 1, 3), zeros(g, 1, 3), 0.1, false) },
		"DCLW: z0 has shape":  func(g *graph.Graph) { loss.DCLW(zeros(g, 2, 3), zeros(g, 2, 4), 0.1, 0.5, false) },
		"DCLW: sigma 0":       func(g *graph.Graph) { loss.DCLW(zeros(g, 2, 3), zeros(g, 2, 3), 0.1, 0, false) },
	})
}
