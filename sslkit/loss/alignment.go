package loss

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// Alignment returns how far the cross-correlations of trained projections with those of a
// target network, each of the other view, are from the unit matrix:
// ½√(mean (C_ii − 1)²) + ½√(mean_{i≠j} C_ij²), means over both of them.
//
//	z0, z1  [batch, dim]  projections of the two views
//	t0, t1  [batch, dim]  the target's
//	result  scalar, at least float32
//
// Columns have length 1 in C = TᵀZ, but not mean 0.
//
// Estepa et al., All4One: Symbiotic Neighbour Contrastive Learning via Self-Attention and
// Redundancy Reduction, 2023, arXiv:2303.09417, the feature contrast. It panics if the
// shapes differ, or if dim is 1.
func Alignment(z0, z1, t0, t1 *graph.Node) *graph.Node {
	wantAlike("Alignment", "z0", z0, "z1", z1)
	wantAlike("Alignment", "t0", t0, "t1", t1)
	wantAlike("Alignment", "z0", z0, "t0", t0)
	dim := z0.Shape().Dim(1)
	if dim < 2 {
		panic(fmt.Errorf("loss: Alignment: projections of %d dimensions, want at least 2", dim))
	}
	c := graph.Stack([]*graph.Node{alike(t0, z1), alike(t1, z0)}, 0) // [2, dim, dim]
	diagonal := graph.BroadcastToDims(graph.ExpandAxes(graph.Diagonal(c.Graph(), dim), 0), 2, dim, dim)
	zero := graph.ZerosLike(c)
	mean := func(squares *graph.Node, count int) *graph.Node { // with gradient 0 at 0
		return graph.Sqrt(graph.MaxScalar(graph.DivScalar(graph.ReduceAllSum(squares), float64(2*count)), 1e-24))
	}
	same := mean(graph.Where(diagonal, graph.Square(graph.AddScalar(c, -1)), zero), dim)
	others := mean(graph.Where(diagonal, zero, graph.Square(c)), dim*(dim-1))
	return graph.MulScalar(graph.Add(same, others), 0.5)
}

// alike returns the cosines of the columns of two matrices.
//
//	a, b    [batch, dim]
//	result  [dim, dim]
func alike(a, b *graph.Node) *graph.Node {
	return op.MatMulT(op.Normalize(graph.Transpose(a, 0, 1)), op.Normalize(graph.Transpose(b, 0, 1)))
}
