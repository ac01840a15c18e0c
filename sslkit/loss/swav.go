package loss

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// SwAV returns the swapped prediction loss: the cross entropy of each view's
// assignment with what every other view's scores predict.
//
//	scores  each [batch, prototypes]  of all views: projections times prototypes
//	q       each [batch, prototypes]  assignments of the first len(q) views
//	result  scalar, at least float32
//
// It is the mean over the assignments i, and over the views v ≠ i, of the
// batch's mean −Σ q_i·log softmax(scores_v/temperature); lower-resolution views
// come after those that have assignments. No gradient is stopped: [Sinkhorn]
// returns constants.
//
// Caron et al., Unsupervised Learning of Visual Features by Contrasting Cluster
// Assignments, 2020, arXiv:2006.09882, eq. 2 and sec. 3.2 (multi-crop), with the
// mean over pairs where eq. 1 has their sum. It panics if there are fewer than
// two views or no assignments, if there are more assignments than views, if
// shapes differ, or if the temperature is not positive.
func SwAV(scores, q []*graph.Node, temperature float64) *graph.Node {
	if len(scores) < 2 || len(q) == 0 || len(q) > len(scores) {
		panic(fmt.Errorf("loss: SwAV: %d views and %d assignments, want at least 2 views and 1 to %[1]d assignments", len(scores), len(q)))
	}
	wantPositive("SwAV", "temperature", temperature)
	for _, view := range append(scores[1:len(scores):len(scores)], q...) {
		wantAlike("SwAV", "view 0", scores[0], "another view or assignment", view)
	}
	return crossEntropies(q, scores, temperature)
}

// crossEntropies returns the mean of −Σ targets_i·log softmax(logits_v/temperature)
// over the rows, over i, and over v ≠ i.
func crossEntropies(targets, logits []*graph.Node, temperature float64) *graph.Node {
	predicted := make([]*graph.Node, len(logits))
	for v, x := range logits {
		predicted[v] = graph.LogSoftmax(graph.DivScalar(op.Widen(x), temperature)) // [batch, dim]
	}
	var sum *graph.Node
	for i, target := range targets {
		target = graph.ConvertDType(target, predicted[0].DType())
		for v := range predicted {
			if v == i {
				continue
			}
			entropy := graph.Neg(graph.ReduceAllMean(graph.ReduceSum(graph.Mul(target, predicted[v]), -1)))
			if sum == nil {
				sum = entropy
			} else {
				sum = graph.Add(sum, entropy)
			}
		}
	}
	return graph.DivScalar(sum, float64(len(targets)*(len(logits)-1)))
}
