package loss_test

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/loss"
)

var _ = golden("msn", nil, func(c goldenLoss, in nodes) nodes { return msnCase(c, in, loss.EntropyGap) })
var _ = golden("pmsn", nil, func(c goldenLoss, in nodes) nodes {
	return msnCase(c, in, func(logMean *graph.Node) *graph.Node {
		return loss.PowerLawGap(logMean, c.Params.Exponent, c.Name == "pmsn_2023")
	})
})

func msnCase(c goldenLoss, in nodes, gap func(logMean *graph.Node) *graph.Node) nodes {
	p, prototypes := c.Params, in["prototypes"]
	assignments := loss.MSNAssignments(in["targets"], prototypes, p.Temperature, p.Sharpen, p.SinkhornIterations)
	entropy, logMean := loss.MSN(in["anchors"], assignments, prototypes, p.Temperature)
	results := value(graph.Add(entropy, graph.MulScalar(gap(logMean), p.Regularization)))
	if _, has := c.keys["sharpened"]; has {
		results["softmax"] = loss.MSNAssignments(in["targets"], prototypes, p.Temperature, 1, 0)
		results["sharpened"] = loss.MSNAssignments(in["targets"], prototypes, p.Temperature, p.Sharpen, 0)
		results["sinkhorn"] = assignments
	}
	return results
}
