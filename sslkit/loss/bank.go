package loss

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// NTXentBank returns InfoNCE with a bank of negatives: the cross entropy of
// finding each query's key among that key and all rows of the bank, averaged
// over the batch.
//
//	q, k    [batch, dim]  queries and their keys, not yet normalised
//	bank    [size, dim]   negatives, rows of norm 1
//	result  scalar, at least float32
//
// Logits are [q·k, q·bank]/temperature. Rows of q and k are normalised, and
// logits and softmax computed, in at least float32. Where all rows are equal
// the loss is ln(size+1). No gradient is stopped: a method that wants constant
// keys passes them through graph.StopGradient.
//
// He et al., Momentum Contrast for Unsupervised Visual Representation Learning,
// 2019, arXiv:1911.05722, eq. 1. It panics if q and k differ in shape, if the
// bank's rows have another length or if the temperature is not positive.
func NTXentBank(q, k, bank *graph.Node, temperature float64) *graph.Node {
	wantAlike("NTXentBank", "q", q, "k", k)
	wantColumns("NTXentBank", "bank", bank, q)
	wantPositive("NTXentBank", "temperature", temperature)
	q, k = op.Normalize(q), op.Normalize(k)
	bank = graph.ConvertDType(bank, q.DType())

	positive := graph.ReduceAndKeep(graph.Mul(q, k), graph.ReduceSum, -1)        // [batch, 1]
	logits := graph.Concatenate([]*graph.Node{positive, op.MatMulT(q, bank)}, 1) // [batch, 1+size]
	logits, positive = graph.DivScalar(logits, temperature), graph.DivScalar(positive, temperature)
	return graph.Sub(graph.ReduceAllMean(op.LogSumExp(logits)), graph.ReduceAllMean(positive))
}
