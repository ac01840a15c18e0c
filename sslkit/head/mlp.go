package head

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

// A Norm says whether a head's output goes through batch norm.
type Norm string

// The three ends of a head.
const (
	NoNorm     Norm = "none"
	AffineNorm Norm = "affine" // batch norm with learnt scale and shift
	PlainNorm  Norm = "plain"  // batch norm without them
)

// layerNormEpsilon is PyTorch's default.
const layerNormEpsilon = 1e-5

// An MLP is a multi-layer perceptron: the projection head of a method (its
// projector) or its prediction head (its predictor). Dense layers with ReLU
// between them; a layer that a norm follows has no bias.
type MLP struct {
	Layers    int  `json:"layers"`     // dense layers, at least 2
	Hidden    int  `json:"hidden"`     // width between them
	Out       int  `json:"out"`        // dimensions of the output
	BatchNorm bool `json:"batch_norm"` // before every ReLU
	LayerNorm bool `json:"layer_norm"` // likewise, in place of batch norm
	OutNorm   Norm `json:"out_norm"`

	// AllBiases gives a bias to layers that batch norm follows, too. It changes
	// nothing that can be learnt; heads of 2021 had it.
	AllBiases bool `json:"all_biases"`
}

var _ nn.Net = MLP{}

// Validate reports the first field that makes no sense.
func (m MLP) Validate() error {
	if m.Layers < 2 {
		return fmt.Errorf("head: MLP: layers %d, want at least 2", m.Layers)
	}
	if m.Hidden < 1 || m.Out < 1 {
		return fmt.Errorf("head: MLP: hidden %d and out %d, want at least 1", m.Hidden, m.Out)
	}
	if m.BatchNorm && m.LayerNorm {
		return errors.New("head: MLP: batch_norm and layer_norm, want one of them")
	}
	switch m.OutNorm {
	case NoNorm, AffineNorm, PlainNorm:
		return nil
	}
	return fmt.Errorf("head: MLP: out_norm %q, want %q, %q or %q", m.OutNorm, NoNorm, AffineNorm, PlainNorm)
}

// Forward returns the projection z of features h, or the prediction p of z.
//
//	h       [batch, features]
//	result  [batch, Out], in the mode's precision
func (m MLP) Forward(scope *nn.Scope, h *graph.Node) *graph.Node {
	for layer := range m.Layers - 1 {
		h = op.ReLU(m.hidden(scope, layer, h))
	}
	return m.layer(scope, m.Layers-1, h, m.Out, m.OutNorm != NoNorm, m.OutNorm == AffineNorm)
}

// hidden is what comes before a ReLU.
func (m MLP) hidden(scope *nn.Scope, layer int, h *graph.Node) *graph.Node {
	if !m.LayerNorm {
		return m.layer(scope, layer, h, m.Hidden, m.BatchNorm, true)
	}
	name := strconv.Itoa(layer)
	h = nn.Dense(scope.In(name), h, m.Hidden, m.AllBiases)
	return nn.LayerNorm(scope.In(name+"/ln"), h, layerNormEpsilon)
}

func (m MLP) layer(scope *nn.Scope, number int, h *graph.Node, out int, norm, affine bool) *graph.Node {
	name := strconv.Itoa(number)
	h = nn.Dense(scope.In(name), h, out, m.AllBiases || !norm)
	if norm {
		h = nn.BatchNorm(scope.In(name+"/bn"), h, affine)
	}
	return h
}
