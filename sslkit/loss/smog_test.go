package loss_test

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
)

var _ = golden("smog", []string{"groups"}, func(c goldenLoss, in nodes) nodes {
	value, after, assigned := loss.SMoG(in["z"], in["p"], in["z1"], in["groups"], c.Params.Beta, c.Params.Temperature)
	return nodes{"loss": value, "groups_after": after, "assignments_z1": graph.ArgMax(assigned, -1)}
})

// closest is the row of groups with the highest cosine.
func closest(groups testkit.Array, z []float64) int {
	best := 0
	for c := range groups.Shape[0] {
		if cosine(row(groups, c), z) > cosine(row(groups, best), z) {
			best = c
		}
	}
	return best
}

// slowSMoG is the paper's grouping in loops, of z, p, the other views and the groups.
func slowSMoG(in []testkit.Array, beta, temperature float64) (value float64, after testkit.Array) {
	z, p, other, groups := in[0], in[1], in[2], in[3]
	after = filled(0, groups.Shape...)
	for c := range groups.Shape[0] {
		sum, count := make([]float64, groups.Shape[1]), 0.0
		for r := range z.Shape[0] {
			if closest(groups, row(z, r)) == c {
				count++
				for k, x := range row(z, r) {
					sum[k] += x
				}
			}
		}
		for k, g := range row(groups, c) {
			row(after, c)[k] = g
			if count > 0 {
				row(after, c)[k] = beta*g + (1-beta)*sum[k]/count
			}
		}
	}
	for r := range p.Shape[0] {
		total := 0.0
		for c := range after.Shape[0] {
			total += math.Exp(cosine(row(p, r), row(after, c)) / temperature)
		}
		own := cosine(row(p, r), row(after, closest(groups, row(other, r)))) / temperature
		value += (math.Log(total) - own) / float64(p.Shape[0])
	}
	return value, after
}

// TestSMoGEqualsThePaper has groups that rows pull at, and some that none does. The
// gradient reaches z through the groups.
func TestSMoGEqualsThePaper(t *testing.T) {
	inputs := []testkit.Array{matrix(170, 6, 4), matrix(171, 6, 4), matrix(172, 6, 4), unitRows(173, 7, 4)}
	const beta, temperature = 0.7, 0.3
	equalsOracle(t, 2, func(in []*graph.Node) *graph.Node {
		value, _, _ := loss.SMoG(in[0], in[1], in[2], in[3], beta, temperature)
		return value
	}, func(in []testkit.Array) float64 {
		value, _ := slowSMoG(in, beta, temperature)
		return value
	}, inputs...)

	_, gradients := withGradients(t, 4, func(in []*graph.Node) *graph.Node {
		value, moved, assigned := loss.SMoG(in[0], in[1], in[2], in[3], beta, temperature)
		return graph.Add(graph.Add(value, graph.ReduceAllSum(moved)), graph.ReduceAllSum(assigned))
	}, inputs...)
	if testkit.Norm(gradients[0]) == 0 {
		t.Error("no gradient reaches z through the groups")
	}
	testkit.Within(t, "gradient of the other view", gradients[2], make([]float64, 24), 0)

	out := testkit.Run(t, testkit.Open(t, device.Go), func(in []*graph.Node) []*graph.Node {
		_, moved, assigned := loss.SMoG(in[0], in[1], in[2], in[3], beta, temperature)
		return []*graph.Node{moved, assigned}
	}, inputs[0].Tensor(dtypes.Float64), inputs[1].Tensor(dtypes.Float64), inputs[2].Tensor(dtypes.Float64), inputs[3].Tensor(dtypes.Float64))
	_, after := slowSMoG(inputs, beta, temperature)
	testkit.Near(t, "groups", out[0], after.Data, 1e-12)
	stay, assigned := 0, filled(0, 6, 7)
	for c := range 7 {
		if row(after, c)[0] == row(inputs[3], c)[0] {
			stay++
		}
	}
	if stay == 0 || stay == 7 {
		t.Errorf("%d of 7 groups stay: want some, and some that move", stay)
	}
	for r := range 6 {
		row(assigned, r)[closest(inputs[3], row(inputs[2], r))] = 1
	}
	testkit.Within(t, "assigned", out[1], assigned.Data, 0)
}

// Where all groups are equally near, the loss is that of guessing.
func TestSMoGLimits(t *testing.T) {
	p, groups := filled(0, 2, 3), filled(0, 4, 3)
	for r := range 2 {
		row(p, r)[0] = 1
	}
	for c := range 4 {
		row(groups, c)[1+c%2] = 1
	}
	z := filled(0, 2, 3)
	row(z, 0)[1], row(z, 1)[2] = 1, 1
	value := scalar(t, func(in []*graph.Node) *graph.Node {
		value, _, _ := loss.SMoG(in[0], in[1], in[0], in[2], 0.99, 0.1)
		return value
	}, z, p, groups)
	testkit.NearScalar(t, "guessing", value, math.Log(4), 1e-12)
}

func TestSMoGPanics(t *testing.T) {
	smog := func(z, p, other, groups int, beta, temperature float64) func(g *graph.Graph) {
		return func(g *graph.Graph) {
			loss.SMoG(zeros(g, 2, z), zeros(g, 2, p), zeros(g, 2, other), zeros(g, 5, groups), beta, temperature)
		}
	}
	panics(t, map[string]func(g *graph.Graph){
		"SMoG: z has shape":      smog(3, 4, 3, 3, 0.9, 0.1),
		"and other":              smog(3, 3, 4, 3, 0.9, 0.1),
		"SMoG: groups has shape": smog(3, 3, 3, 4, 0.9, 0.1),
		"SMoG: beta 1, want one": smog(3, 3, 3, 3, 1, 0.1),
		"SMoG: temperature 0":    smog(3, 3, 3, 3, 0.9, 0),
	})
}

func TestPerplexity(t *testing.T) {
	all, one := filled(0, 6, 3), filled(0, 6, 3)
	for r := range 6 {
		row(all, r)[r%3], row(one, r)[1] = 1, 1
	}
	half := filled(0, 2, 4)
	row(half, 0)[0], row(half, 1)[2] = 1, 1
	for _, c := range []struct {
		p    testkit.Array
		want float64
	}{{all, 3}, {one, 1}, {half, 2}, {filled(0.25, 5, 4), 4}} {
		got := scalar(t, func(in []*graph.Node) *graph.Node { return loss.Perplexity(in[0]) }, c.p)
		testkit.NearScalar(t, "perplexity", got, c.want, 1e-12)
	}
	panics(t, map[string]func(g *graph.Graph){"Perplexity: p has shape": func(g *graph.Graph) { loss.Perplexity(zeros(g, 3)) }})
}
