package head

import (
	"fmt"
	"math"
	"strconv"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

// An Encoder is a transformer on short sequences of projections, with the norms behind
// what they norm, as PyTorch's TransformerEncoder has it by default.
//
// Vaswani et al., Attention Is All You Need, 2017, arXiv:1706.03762, section 3.
type Encoder struct {
	Depth   int     `json:"depth"` // layers
	Heads   int     `json:"heads"`
	Hidden  int     `json:"hidden"`  // width between the two dense layers of a layer
	Dropout float64 `json:"dropout"` // in four places of a layer, see [nn.Dropout]
}

// Validate reports the first field that makes no sense, alone or with sequences of that
// width.
func (e Encoder) Validate(width int) error {
	if e.Depth < 1 || e.Hidden < 1 {
		return fmt.Errorf("head: Encoder: depth %d and hidden %d, want at least 1", e.Depth, e.Hidden)
	}
	if e.Heads < 1 || width%e.Heads != 0 {
		return fmt.Errorf("head: Encoder: heads %d, want a number that divides the width of %d", e.Heads, width)
	}
	if !(e.Dropout >= 0 && e.Dropout < 1) {
		return fmt.Errorf("head: Encoder: dropout %g, want a number from 0 to below 1", e.Dropout)
	}
	return nil
}

// Forward applies the layers.
//
//	x       [batch, tokens, width]
//	result  as x, in the mode's precision
func (e Encoder) Forward(scope *nn.Scope, x *graph.Node) *graph.Node {
	x = graph.ConvertDType(x, scope.Mode().Precision.DType())
	width := x.Shape().Dimensions[2]
	init := nn.AttentionInit{
		QKV: nn.Xavier(width, 3*width), QKVBias: nn.Constant(0), Proj: nn.UniformFanIn(width), ProjBias: nn.Constant(0),
	}
	for i := range e.Depth {
		layer := scope.In(strconv.Itoa(i))
		drop := func(y *graph.Node) *graph.Node { return nn.Dropout(layer, y, e.Dropout) }
		y := nn.AttentionDropout(layer.In("attn"), x, e.Heads, init, e.Dropout)
		x = nn.LayerNorm(layer.In("norm1"), graph.Add(x, drop(y)), layerNormEpsilon)
		y = op.ReLU(nn.Dense(layer.In("fc1"), x, e.Hidden, true)) // [batch, tokens, Hidden]
		y = nn.Dense(layer.In("fc2"), drop(y), width, true)       // [batch, tokens, width]
		x = nn.LayerNorm(layer.In("norm2"), graph.Add(x, drop(y)), layerNormEpsilon)
	}
	return x
}

// WavePositions tells the tokens of a sequence apart: a wave along the dimensions is added
// to each, sines to the even ones and cosines to the odd ones, of a wavelength that grows
// from pair to pair of tokens.
//
//	x       [batch, tokens, width]
//	result  as x
//
// Element (t, i) of the waves is sin or cos of i·10000^(−2⌊t/2⌋/T), with T the number of
// tokens, or one more if that is odd. The paper of transformers has the waves along the
// tokens; this is what solo-learn does for All4One.
func WavePositions(x *graph.Node) *graph.Node {
	x.AssertRank(3)
	tokens, width := x.Shape().Dimensions[1], x.Shape().Dimensions[2]
	waves := make([]float64, 0, tokens*width)
	for t := range tokens {
		frequency := math.Pow(10000, -float64(t/2*2)/float64((tokens+1)/2*2))
		for i := range width {
			sin, cos := math.Sincos(float64(i) * frequency)
			waves = append(waves, []float64{sin, cos}[t%2])
		}
	}
	table := graph.ConvertDType(graph.Const(x.Graph(), waves), x.DType())
	return graph.Add(x, graph.BroadcastToDims(graph.Reshape(table, 1, tokens, width), x.Shape().Dimensions...))
}
