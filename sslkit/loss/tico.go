package loss

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// TiCo returns a loss that pulls the two views together and away from the
// directions that projections had of late, and the new covariance that holds
// those directions.
//
//	z0, z1         [batch, dim]  projections, not yet normalised; z1 of the target network
//	covariance     [dim, dim]    of earlier batches; zeros at first
//	loss           scalar, at least float32
//	newCovariance  [dim, dim], in the covariance's type; constant
//
// With normalised rows, newCovariance = beta·covariance + (1−beta)·Z0ᵀ·Z0/batch,
// and the loss is 1 − mean(z0·z1) + rho·mean(z0ᵀ·newCovariance·z0), means over
// the batch. No gradient is stopped in z0 and z1, but none flows through
// newCovariance, unless through says so: it did in lightly until 2024.
//
// Zhu et al., TiCo: Transformation Invariance and Covariance Contrast for
// Self-Supervised Visual Representation Learning, 2022, arXiv:2206.10698,
// algorithm 1. It panics if z0 and z1 differ in shape or the covariance does
// not fit them.
func TiCo(z0, z1, covariance *graph.Node, beta, rho float64, through bool) (loss, newCovariance *graph.Node) {
	wantAlike("TiCo", "z0", z0, "z1", z1)
	if dim := z0.Shape().Dim(1); covariance.Rank() != 2 || covariance.Shape().Dim(0) != dim || covariance.Shape().Dim(1) != dim {
		panic(fmt.Errorf("loss: TiCo: covariance has shape %s, want [%d, %[2]d]", covariance.Shape(), dim))
	}
	z0, z1 = op.Normalize(z0), op.Normalize(z1)
	batch := float64(z0.Shape().Dim(0))
	now := graph.DivScalar(op.MatMul(graph.Transpose(z0, 0, 1), z0), batch) // [dim, dim]
	earlier := graph.ConvertDType(covariance, now.DType())
	after := graph.Add(graph.MulScalar(earlier, beta), graph.MulScalar(now, 1-beta))
	constant := graph.StopGradient(after)
	if !through {
		after = constant
	}

	cosine := graph.ReduceSum(graph.Mul(z0, z1), -1)                     // [batch]
	contrast := graph.ReduceSum(graph.Mul(op.MatMul(z0, after), z0), -1) // [batch]
	rows := graph.Sub(graph.MulScalar(contrast, rho), cosine)            // [batch]
	return graph.OnePlus(graph.ReduceAllMean(rows)), graph.ConvertDType(constant, covariance.DType())
}
