package loss_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
)

var _ = golden("swav_", nil, swavCase)

func swavCase(c goldenLoss, in nodes) nodes {
	scores := in.views("h")
	var q []*graph.Node
	for i, h := range scores {
		q = append(q, loss.Sinkhorn(h, in[fmt.Sprint("queue", i)], c.Params.Epsilon, c.Params.Iterations))
	}
	if in["low"] != nil {
		scores = append(scores, in["low"])
	}
	scores = append(scores, in.views("l")...)
	results := value(loss.SwAV(scores, q, c.Params.Temperature))
	if c.keys["sinkhorn_h0"] != nil {
		results["sinkhorn_h0"] = q[0]
	}
	return results
}

// slowCrossEntropies is the mean of −Σ targets_i·log softmax(logits_v/T) over
// rows and over all pairs i ≠ v: inputs are the logits, then the targets.
func slowCrossEntropies(views int, temperature float64) oracle {
	return func(in []testkit.Array) float64 {
		logits, targets := in[:views], in[views:]
		sum, pairs := 0.0, 0
		for i, target := range targets {
			for v := range logits {
				if v == i {
					continue
				}
				pairs++
				for r := range target.Shape[0] {
					total := 0.0
					for _, x := range row(logits[v], r) {
						total += math.Exp(x / temperature)
					}
					for k, x := range row(logits[v], r) {
						sum -= row(target, r)[k] * (x/temperature - math.Log(total)) / float64(target.Shape[0])
					}
				}
			}
		}
		return sum / float64(pairs)
	}
}

// softmaxRows is exp(x/temperature) with rows that sum to 1.
func softmaxRows(a testkit.Array, temperature float64) testkit.Array {
	out := filled(0, a.Shape...)
	for r := range a.Shape[0] {
		total := 0.0
		for _, x := range row(a, r) {
			total += math.Exp(x / temperature)
		}
		for k, x := range row(a, r) {
			row(out, r)[k] = math.Exp(x/temperature) / total
		}
	}
	return out
}

func TestSwAVEqualsThePaper(t *testing.T) {
	h := []testkit.Array{unitRows(140, 3, 5), unitRows(141, 3, 5), unitRows(142, 3, 5)}
	for _, assigned := range []int{1, 2, 3} {
		inputs := h
		for i := range assigned {
			inputs = append(inputs[:len(inputs):len(inputs)], softmaxRows(h[i], 0.3))
		}
		t.Run(fmt.Sprint(assigned, " assignments"), func(t *testing.T) {
			equalsOracle(t, 3, func(in []*graph.Node) *graph.Node { return loss.SwAV(in[:3], in[3:], 0.2) }, slowCrossEntropies(3, 0.2), inputs...)
		})
	}
	uniform := filled(1.0/512, 4, 512)
	flat := scalar(t, func(in []*graph.Node) *graph.Node { return loss.SwAV(in[:2], in[2:], 0.1) }, filled(3, 4, 512), filled(3, 4, 512), uniform, uniform)
	testkit.NearScalar(t, "uniform", flat, math.Log(512), 1e-12)
}

func TestSwAVPanics(t *testing.T) {
	list := func(g *graph.Graph, n, dim int) (x []*graph.Node) {
		for range n {
			x = append(x, zeros(g, 2, dim))
		}
		return x
	}
	panics(t, map[string]func(g *graph.Graph){
		"SwAV: 1 views":             func(g *graph.Graph) { loss.SwAV(list(g, 1, 3), list(g, 1, 3), 0.1) },
		"2 views and 0 assignments": func(g *graph.Graph) { loss.SwAV(list(g, 2, 3), nil, 0.1) },
		"2 views and 3 assignments": func(g *graph.Graph) { loss.SwAV(list(g, 2, 3), list(g, 3, 3), 0.1) },
		"SwAV: view 0 has shape":    func(g *graph.Graph) { loss.SwAV(list(g, 2, 3), list(g, 2, 4), 0.1) },
		"SwAV: temperature 0":       func(g *graph.Graph) { loss.SwAV(list(g, 2, 3), list(g, 2, 3), 0) },
	})
}
