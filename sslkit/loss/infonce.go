package loss

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// InfoNCE returns the cross entropy of finding each query's key among the keys of the
// batch, averaged over the batch.
//
//	q, k    [batch, dim]  queries and their keys, not yet normalised
//	result  scalar, at least float32
//
// Logits are q·k/temperature of rows that are normalised in at least float32. Where all
// rows are equal the loss is ln(batch). No gradient is stopped: a method that wants
// constant keys passes them through graph.StopGradient.
//
// Chen, Xie, He, An Empirical Study of Training Self-Supervised Vision Transformers,
// 2021, arXiv:2104.02057, eq. 1. It panics if q and k differ in shape or if the
// temperature is not positive.
func InfoNCE(q, k *graph.Node, temperature float64) *graph.Node {
	wantAlike("InfoNCE", "q", q, "k", k)
	wantPositive("InfoNCE", "temperature", temperature)
	q, k = op.Normalize(q), op.Normalize(k)

	logits := graph.DivScalar(op.MatMulT(q, k), temperature)                       // [batch, batch]
	positive := graph.DivScalar(graph.ReduceSum(graph.Mul(q, k), -1), temperature) // [batch]
	return graph.Sub(graph.ReduceAllMean(op.LogSumExp(logits)), graph.ReduceAllMean(positive))
}
