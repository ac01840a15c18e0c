// Package head holds the small networks between a backbone and a loss.
package head

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

// A Projection is a projection head, the projector of a method: a dense layer,
// ReLU and a dense layer, either with batch norm after both (and then no
// biases) or with biases and no batch norm.
type Projection struct {
	Hidden    int  `json:"hidden"` // width between the layers
	Out       int  `json:"out"`    // dimensions of the projection
	BatchNorm bool `json:"batch_norm"`
}

var _ nn.Net = Projection{}

// Validate reports the first field that makes no sense.
func (p Projection) Validate() error {
	if p.Hidden < 1 || p.Out < 1 {
		return fmt.Errorf("head: Projection: hidden %d and out %d, want at least 1", p.Hidden, p.Out)
	}
	return nil
}

// Forward returns the projection z of features h.
//
//	h       [batch, features]
//	result  [batch, Out], in the mode's precision
func (p Projection) Forward(scope *nn.Scope, h *graph.Node) *graph.Node {
	z := nn.Dense(scope.In("0"), h, p.Hidden, !p.BatchNorm)
	if p.BatchNorm {
		z = nn.BatchNorm(scope.In("0/bn"), z, true)
	}
	z = nn.Dense(scope.In("1"), op.ReLU(z), p.Out, !p.BatchNorm)
	if p.BatchNorm {
		z = nn.BatchNorm(scope.In("1/bn"), z, true)
	}
	return z
}
