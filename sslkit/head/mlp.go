package head

import (
	"errors"
	"fmt"
	"math"
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
// projector) or its prediction head (its predictor). Dense layers with ReLU or GELU
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

	// GELU takes the place of ReLU, see [op.GELU].
	GELU bool `json:"gelu"`

	// SharedNorm makes the batch norms of the hidden layers one: shared factors and
	// running statistics. Views must go through such a head in separate passes, see
	// [nn.PerView], if its running statistics are not to depend on that.
	SharedNorm bool `json:"shared_norm"`

	// InitStd is the standard deviation of the weights at first, normal ones; biases
	// are 0 then. 0 is PyTorch's default, [nn.UniformFanIn].
	InitStd float64 `json:"init_std"`
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
	if m.SharedNorm && !m.BatchNorm {
		return errors.New("head: MLP: shared_norm without batch_norm: there is none to share")
	}
	if !(m.InitStd >= 0) || math.IsInf(m.InitStd, 0) {
		return fmt.Errorf("head: MLP: init_std %g, want a positive number, or 0 for the default", m.InitStd)
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
		h = m.layer(scope, layer, h, m.Hidden)
		switch {
		case m.BatchNorm:
			h = nn.BatchNorm(scope.In(m.normOf(layer)), h, true)
		case m.LayerNorm:
			h = nn.LayerNorm(scope.In(fmt.Sprint(layer, "/ln")), h, layerNormEpsilon)
		}
		if m.GELU {
			h = op.GELU(h)
		} else {
			h = op.ReLU(h)
		}
	}
	last := m.Layers - 1
	h = m.layer(scope, last, h, m.Out)
	if m.OutNorm == NoNorm {
		return h
	}
	return nn.BatchNorm(scope.In(fmt.Sprint(last, "/bn")), h, m.OutNorm == AffineNorm)
}

// layer is a dense layer.
func (m MLP) layer(scope *nn.Scope, number int, h *graph.Node, out int) *graph.Node {
	scope = scope.In(strconv.Itoa(number))
	normed := m.BatchNorm || m.LayerNorm
	if number == m.Layers-1 {
		normed = m.OutNorm != NoNorm
	}
	bias := m.AllBiases || !normed
	switch {
	case m.InitStd == 0:
		return nn.Dense(scope, h, out, bias)
	case bias:
		return nn.DenseInit(scope, h, out, nn.Normal(m.InitStd), nn.Constant(0))
	}
	return nn.DenseInit(scope, h, out, nn.Normal(m.InitStd), nil)
}

// normOf is where a hidden layer's batch norm lies.
func (m MLP) normOf(layer int) string {
	if m.SharedNorm {
		layer = 0
	}
	return fmt.Sprint(layer, "/bn")
}
