package loss

import (
	"math"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// MSNAssignments returns how much of each prototype there is in projections of
// whole images: the softmax of cosines over temperature·sharpen, and behind it, as
// in [Sinkhorn], so many iterations that make all prototypes count alike.
//
//	z           [batch, dim]       projections of the target network
//	prototypes  [prototypes, dim]
//	result      [batch, prototypes] constant; rows sum to 1; at least float32
//
// Assran et al., Masked Siamese Networks for Label-Efficient Learning, 2022,
// arXiv:2204.07141, sec. 3. It panics if dimensions differ, or if a temperature is
// not positive.
func MSNAssignments(z, prototypes *graph.Node, temperature, sharpen float64, iterations int) *graph.Node {
	wantColumns("MSNAssignments", "prototypes", prototypes, z)
	wantPositive("MSNAssignments", "temperature", temperature)
	wantPositive("MSNAssignments", "sharpen", sharpen)
	logits := graph.LogSoftmax(graph.DivScalar(cosines(z, prototypes), temperature*sharpen))
	if iterations == 0 {
		return graph.StopGradient(graph.Exp(logits))
	}
	return Sinkhorn(logits, nil, 1, iterations)
}

// MSN returns the cross entropy of assignments with what projections of masked
// images, the anchors, are taken for, and the logarithm of the mean of that, which
// [EntropyGap] and [PowerLawGap] keep from a single prototype.
//
//	anchors      [views·batch, dim]   view by view
//	assignments  [batch, prototypes]  of the same images, see [MSNAssignments]
//	prototypes   [prototypes, dim]
//	loss         scalar, at least float32: the mean over anchors
//	logMean      [prototypes]
//
// Assran et al., Masked Siamese Networks for Label-Efficient Learning, 2022,
// arXiv:2204.07141, eq. 1 without its second term. It panics if shapes do not
// belong together, or if the temperature is not positive.
func MSN(anchors, assignments, prototypes *graph.Node, temperature float64) (loss, logMean *graph.Node) {
	wantColumns("MSN", "prototypes", prototypes, anchors)
	wantPositive("MSN", "temperature", temperature)
	rows, batch := anchors.Shape().Dim(0), assignments.Shape().Dim(0)
	count := prototypes.Shape().Dim(0)
	assignments.AssertDims(batch, count)

	logP := graph.LogSoftmax(graph.DivScalar(cosines(anchors, prototypes), temperature)) // [rows, prototypes]
	views := graph.Reshape(logP, rows/batch, batch, count)
	target := graph.ExpandLeftToRank(graph.ConvertDType(assignments, logP.DType()), 3)
	loss = graph.Neg(graph.ReduceAllMean(graph.ReduceSum(graph.Mul(views, target), -1)))
	logMean = graph.AddScalar(op.LogSumExp(graph.Transpose(logP, 0, 1)), -math.Log(float64(rows)))
	return loss, logMean
}

// EntropyGap is how much the entropy of a distribution is less than that of a
// uniform one, the divergence from which it is, too.
//
//	logP    [n] logarithms of probabilities
//	result  scalar, 0 or more
func EntropyGap(logP *graph.Node) *graph.Node {
	sum := graph.ReduceAllSum(graph.Mul(graph.Exp(logP), logP))
	return graph.AddScalar(sum, math.Log(float64(logP.Shape().Size())))
}

// PowerLawGap is the divergence KL(w ‖ p) of a distribution from a power law,
// w_k ∝ k^−exponent for k from 1: some prototypes are to be met often, most seldom.
//
//	logP    [n] logarithms of probabilities
//	result  scalar, 0 or more
//
// With plain it is Σ w·(log w − p) instead, in which a logarithm is missing: so
// lightly had it until July 2023.
//
// Assran et al., The Hidden Uniform Cluster Prior in Self-Supervised Learning, 2022,
// arXiv:2210.07277, eq. 4.
func PowerLawGap(logP *graph.Node, exponent float64, plain bool) *graph.Node {
	n := logP.Shape().Size()
	g := logP.Graph()
	k := graph.OnePlus(graph.IotaFull(g, logP.Shape()))
	logW := graph.LogSoftmax(graph.MulScalar(graph.Log(k), -exponent))
	logW.AssertDims(n)
	p := logP
	if plain {
		p = graph.Exp(logP)
	}
	return graph.ReduceAllSum(graph.Mul(graph.Exp(logW), graph.Sub(logW, p)))
}

// cosines of rows and prototypes.
//
//	z           [rows, dim]
//	prototypes  [prototypes, dim]
//	result      [rows, prototypes], at least float32
func cosines(z, prototypes *graph.Node) *graph.Node {
	z, prototypes = op.Normalize(z), op.Normalize(prototypes)
	return op.MatMulT(z, graph.ConvertDType(prototypes, z.DType()))
}
