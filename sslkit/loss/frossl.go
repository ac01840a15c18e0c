package loss

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// FroSSL returns, summed over the views, how unevenly a view's projections fill
// their space plus how far they are from the views' mean.
//
//	z       each [batch, dim]  projections of the views
//	result  scalar, at least float32
//
// Columns are divided by their norm over the batch. A view's terms are
// 2·log‖C/tr C‖ (Frobenius norm), C the smaller of Z·Zᵀ and Zᵀ·Z, whose norms
// are equal; and views·dim times the mean squared difference to the views' mean.
//
// Skean et al., FroSSL: Frobenius Norm Minimization for Efficient Multiview
// Self-Supervised Learning, 2023, arXiv:2310.02903, with the weights of
// lightly. It panics if there are fewer than two views or if they differ in
// shape.
func FroSSL(z []*graph.Node) *graph.Node {
	if len(z) < 2 {
		panic(fmt.Errorf("loss: FroSSL: %d views, want at least 2", len(z)))
	}
	columns := make([]*graph.Node, len(z)) // each [dim, batch]
	for i, view := range z {
		wantAlike("FroSSL", "view 0", z[0], fmt.Sprint("view ", i), view)
		columns[i] = op.Normalize(graph.Transpose(view, 0, 1))
	}
	mean := graph.ReduceMean(graph.Stack(columns, 0), 0) // [dim, batch]
	dim := mean.Shape().Dim(0)

	var loss *graph.Node
	for _, c := range columns {
		distance := graph.ReduceAllMean(graph.Square(graph.Sub(c, mean)))
		term := graph.Add(logFrobenius(c), graph.MulScalar(distance, float64(len(z)*dim)))
		if loss == nil {
			loss = term
		} else {
			loss = graph.Add(loss, term)
		}
	}
	return loss
}

// logFrobenius returns log ‖C/tr C‖² of C = x·xᵀ.
//
//	x       [n, m]
//	result  scalar
func logFrobenius(x *graph.Node) *graph.Node {
	if x.Shape().Dim(0) > x.Shape().Dim(1) {
		x = graph.Transpose(x, 0, 1)
	}
	squares := graph.ReduceAllSum(graph.Square(op.MatMulT(x, x)))
	trace := graph.ReduceAllSum(graph.Square(x))
	return graph.Sub(graph.Log(squares), graph.MulScalar(graph.Log(trace), 2.0))
}
