package loss

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// DCL returns the decoupled contrastive loss: that of [NTXent], but without the
// positive pair in the denominator, averaged over the 2·batch anchors.
//
//	z0, z1  [batch, dim]  projections of the two views, not yet normalised
//	result  scalar, at least float32
//
// The negatives of an anchor are the 2·batch−2 rows of other images, and the
// loss −s⁺ + log Σ exp(s⁻). With separate, the logarithms of the sums over
// the anchor's own view and over the other view are added instead, as in the
// lightly of the tables of 2022 and 2023. Rows are normalised, and logits and
// sums computed, in at least float32.
//
// Yeh et al., Decoupled Contrastive Learning, 2021, arXiv:2110.06848, L_DC. It
// panics if z0 and z1 differ in shape, if the batch has fewer than two rows or
// if the temperature is not positive.
func DCL(z0, z1 *graph.Node, temperature float64, separate bool) *graph.Node {
	wantAlike("DCL", "z0", z0, "z1", z1)
	wantBatch("DCL", "z0", z0)
	wantPositive("DCL", "temperature", temperature)
	z0, z1 = op.Normalize(z0), op.Normalize(z1)
	positive := graph.DivScalar(graph.ReduceSum(graph.Mul(z0, z1), -1), temperature) // [batch]
	return graph.Sub(decoupled(z0, z1, temperature, separate), graph.ReduceAllMean(positive))
}

// DCLW returns [DCL] with pairs that are already close counting less: the
// positive term of image i is multiplied by 2 − batch·softmax_i(z0·z1/sigma),
// a constant whose mean over the batch is 1.
//
//	z0, z1  [batch, dim]  projections of the two views, not yet normalised
//	result  scalar, at least float32
//
// Yeh et al., Decoupled Contrastive Learning, 2021, arXiv:2110.06848, L_DCW,
// with the weights of a von Mises-Fisher distribution. It panics where DCL does
// and if sigma is not positive.
func DCLW(z0, z1 *graph.Node, temperature, sigma float64, separate bool) *graph.Node {
	wantAlike("DCLW", "z0", z0, "z1", z1)
	wantBatch("DCLW", "z0", z0)
	wantPositive("DCLW", "temperature", temperature)
	wantPositive("DCLW", "sigma", sigma)
	z0, z1 = op.Normalize(z0), op.Normalize(z1)
	cosine := graph.ReduceSum(graph.Mul(z0, z1), -1) // [batch]
	batch := float64(z0.Shape().Dim(0))
	share := graph.Softmax(graph.DivScalar(cosine, sigma)) // [batch]
	weight := graph.StopGradient(graph.AddScalar(graph.MulScalar(share, -batch), 2.0))
	positive := graph.DivScalar(graph.Mul(weight, cosine), temperature)
	return graph.Sub(decoupled(z0, z1, temperature, separate), graph.ReduceAllMean(positive))
}

// decoupled is the denominator of DCL: the mean over all anchors of the
// logarithm of their negatives' sum.
func decoupled(z0, z1 *graph.Node, temperature float64, separate bool) *graph.Node {
	g, batch := z0.Graph(), z0.Shape().Dim(0)
	same := graph.Diagonal(g, batch) // [batch, batch]
	negatives := func(a, b *graph.Node) *graph.Node {
		logits := graph.DivScalar(op.MatMulT(a, b), temperature) // [batch, batch]
		return graph.Where(same, graph.Infinity(g, logits.DType(), -1), logits)
	}
	own0, own1 := negatives(z0, z0), negatives(z1, z1)
	other0, other1 := negatives(z0, z1), negatives(z1, z0)
	if separate {
		own := graph.Add(op.LogSumExp(own0), op.LogSumExp(own1))       // [batch]
		other := graph.Add(op.LogSumExp(other0), op.LogSumExp(other1)) // [batch]
		return graph.MulScalar(graph.ReduceAllMean(graph.Add(own, other)), 0.5)
	}
	anchors0 := graph.Concatenate([]*graph.Node{own0, other0}, 1) // [batch, 2·batch]
	anchors1 := graph.Concatenate([]*graph.Node{own1, other1}, 1) // [batch, 2·batch]
	return graph.MulScalar(graph.ReduceAllMean(graph.Add(op.LogSumExp(anchors0), op.LogSumExp(anchors1))), 0.5)
}
