package loss

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// Sinkhorn returns soft assignments of projections to prototypes which use all
// prototypes about equally.
//
//	scores  [batch, prototypes]  projections times prototypes
//	queue   [size, prototypes]   scores of earlier projections, or nil
//	result  [batch, prototypes]  constant; rows sum to 1; at least float32
//
// Starting from exp(scores/epsilon), each iteration makes the sums over the
// images (those of the queue, too) equal for all prototypes, then the sums over
// the prototypes 1 for all images. It works on logarithms, so nothing
// overflows.
//
// Caron et al., Unsupervised Learning of Visual Features by Contrasting Cluster
// Assignments, 2020, arXiv:2006.09882, eq. 3 to 5. It panics if queue and
// scores differ in prototypes, if epsilon is not positive or if iterations is
// less than 1.
func Sinkhorn(scores, queue *graph.Node, epsilon float64, iterations int) *graph.Node {
	wantColumns("Sinkhorn", "scores", scores, scores)
	wantPositive("Sinkhorn", "epsilon", epsilon)
	if iterations < 1 {
		panic(fmt.Errorf("loss: Sinkhorn: %d iterations, want at least 1", iterations))
	}
	batch := scores.Shape().Dim(0)
	scores = op.Widen(scores)
	if queue != nil {
		wantColumns("Sinkhorn", "queue", queue, scores)
		scores = graph.Concatenate([]*graph.Node{scores, graph.ConvertDType(queue, scores.DType())}, 0) // [batch+size, prototypes]
	}
	logQ := graph.StopGradient(graph.DivScalar(scores, epsilon))
	for range iterations {
		perPrototype := op.LogSumExp(graph.Transpose(logQ, 0, 1)) // [prototypes]
		logQ = graph.Sub(logQ, graph.ExpandLeftToRank(perPrototype, 2))
		logQ = graph.LogSoftmax(logQ)
	}
	return graph.Exp(graph.Slice(logQ, graph.AxisRange(0, batch))) // [batch, prototypes]
}
