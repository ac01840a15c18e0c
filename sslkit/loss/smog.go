package loss

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// SMoG returns the loss of synchronous momentum grouping, and the groups after it: the
// cross entropy of finding the group of an image's other view among all groups.
//
//	z         [batch, dim]     projections
//	p         [batch, dim]     their predictions
//	other     [batch, dim]     projections of the other views, which say where images belong; constant
//	groups    [groups, dim]
//	value     scalar, at least float32
//	moved     [groups, dim]    in the groups' type; constant
//	assigned  [batch, groups]  1 where an image belongs, else 0; constant
//
// A row belongs to the group with the highest cosine similarity, the first of equals,
// and both sides are told by the groups as they were. Then every group moves towards
// the mean of its rows of z, which get a gradient through it:
//
//	g ← beta·g + (1−beta)·mean
//
// Groups without rows stay. The loss is the mean of −log softmax(cos(p, g)/temperature)
// at the other view's group. Where p is equally similar to all groups it is ln(groups).
//
// Pang et al., Unsupervised Visual Representation Learning by Synchronous Momentum
// Grouping, 2022, arXiv:2207.06167. It panics if z, p and other differ in
// shape, if groups have rows of another length, if beta is not in [0, 1) or if the
// temperature is not positive.
func SMoG(z, p, other, groups *graph.Node, beta, temperature float64) (value, moved, assigned *graph.Node) {
	wantAlike("SMoG", "z", z, "p", p)
	wantAlike("SMoG", "z", z, "other", other)
	wantColumns("SMoG", "groups", groups, z)
	wantPositive("SMoG", "temperature", temperature)
	wantShare("SMoG", "beta", beta)
	z, count := op.Widen(z), groups.Shape().Dim(0)
	before := graph.ConvertDType(groups, z.DType())

	members := graph.OneHot(nearest(z, groups), count, z.DType())                                 // [batch, groups]
	sizes := graph.ExpandAxes(graph.ReduceSum(members, 0), -1)                                    // [groups, 1]
	means := graph.Div(op.MatMul(graph.Transpose(members, 0, 1), z), graph.MaxScalar(sizes, 1.0)) // [groups, dim]
	after := graph.Add(graph.MulScalar(before, beta), graph.MulScalar(means, 1-beta))
	hasRows := graph.BroadcastToDims(graph.GreaterThan(sizes, graph.ZerosLike(sizes)), after.Shape().Dimensions...)
	after = graph.Where(hasRows, after, before) // [groups, dim]

	assigned = graph.StopGradient(graph.OneHot(nearest(other, groups), count, z.DType()))
	logits := graph.DivScalar(op.MatMulT(op.Normalize(p), op.Normalize(after)), temperature) // [batch, groups]
	value = graph.Neg(graph.ReduceAllMean(graph.ReduceSum(graph.Mul(assigned, graph.LogSoftmax(logits)), -1)))
	return value, graph.StopGradient(graph.ConvertDType(after, groups.DType())), assigned
}
