package backbone

import (
	"fmt"
	"iter"
	"math"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

// A ViT is a vision transformer: an image is cut into patches, which become tokens,
// and tokens tell each other what they are. The features of an image are a token
// of its own, the class token.
//
// Dosovitskiy et al., An Image is Worth 16x16 Words, 2020, arXiv:2010.11929.
type ViT struct {
	Patch int `json:"patch"` // pixels along a side of a patch
	Width int `json:"width"` // of a token
	Depth int `json:"depth"` // blocks
	Heads int `json:"heads"` // of attention
	MLP   int `json:"mlp"`   // width between the two dense layers of a block

	// Grid is how many patches lie along a side of the images that the positions are
	// made for; for images of other sizes they are resized.
	Grid      int       `json:"grid"`
	Positions Positions `json:"positions"`
	Resize    Resize    `json:"resize"`

	Init ViTInit `json:"init"`
}

var (
	_ Listed    = ViT{}
	_ Describer = ViT{}
)

// ViTBase32 is ViT-B with patches of 32 pixels, for images of 224: as MAE and SimMIM
// are benchmarked.
func ViTBase32() ViT {
	return ViT{Patch: 32, Width: 768, Depth: 12, Heads: 12, MLP: 3072, Grid: 7, Positions: SineCosine, Resize: Antialias, Init: XavierInit}
}

// ViTSmall16 is ViT-S with patches of 16 pixels, for images of 224.
func ViTSmall16() ViT {
	return ViT{Patch: 16, Width: 384, Depth: 12, Heads: 6, MLP: 1536, Grid: 14, Positions: SineCosine, Resize: Antialias, Init: XavierInit}
}

// ViTTiny is a transformer for images of 32 pixels that learns within minutes on a CPU.
func ViTTiny() ViT {
	return ViT{Patch: 4, Width: 64, Depth: 4, Heads: 4, MLP: 256, Grid: 8, Positions: SineCosine, Resize: Antialias, Init: XavierInit}
}

// Features is the number of features of an image.
func (v ViT) Features() int { return v.Width }

// Shrunk returns a ViT of two narrow blocks, for the same images.
func (v ViT) Shrunk() Backbone {
	v.Width, v.Depth, v.Heads, v.MLP = 16, 2, 2, 32
	return v
}

// Tokens is how many tokens an image has, the class token among them.
func (v ViT) Tokens(height, width int) int { return 1 + height/v.Patch*(width/v.Patch) }

// Validate reports the first field that makes no sense.
func (v ViT) Validate() error {
	for _, field := range []struct {
		name  string
		value int
	}{{"patch", v.Patch}, {"grid", v.Grid}} {
		if field.value < 1 {
			return fmt.Errorf("backbone: ViT: %s %d, want at least 1", field.name, field.value)
		}
	}
	if err := v.trunk().validate("ViT"); err != nil {
		return err
	}
	if v.Positions != SineCosine && v.Positions != Learned {
		return fmt.Errorf("backbone: ViT: positions %q, want %q or %q", v.Positions, SineCosine, Learned)
	}
	if v.Positions == SineCosine && v.Width%4 != 0 {
		return fmt.Errorf("backbone: ViT: width %d, want a multiple of 4 for positions %q", v.Width, SineCosine)
	}
	if v.Resize != Antialias && v.Resize != Bicubic {
		return fmt.Errorf("backbone: ViT: resize %q, want %q or %q", v.Resize, Antialias, Bicubic)
	}
	return nil
}

// Forward returns the class token behind the last layer norm.
//
//	x       [batch, height, width, 3], normalised; sides are multiples of Patch
//	result  [batch, Width], at least float32
func (v ViT) Forward(scope *nn.Scope, x *graph.Node) *graph.Node {
	return Build(scope, v.Layers(), x)
}

// The layers of a ViT behind which a mask changes its tokens.
const (
	vitTokens   = "tokens"
	vitEmbedded = "embedded"
	vitFeatures = "pool"
)

// Layers lists the network as timm has it.
func (v ViT) Layers() iter.Seq[Layer] {
	return listing(func(l *list) {
		patches := PatchEmbedding{Patch: v.Patch, Width: v.Width, Init: v.Init}
		l.add("cls_token", Token{Width: v.Width, Init: v.Init}, Input)
		l.add("pos_embed", PositionTable{Patch: v.Patch, Width: v.Width, Grid: v.Grid, Positions: v.Positions, Resize: v.Resize}, Input)
		l.add("patch_embed.proj", patches, Input)
		l.add(vitTokens, Prepend{}, "cls_token", "patch_embed.proj")
		l.add(vitEmbedded, Add{}, vitTokens, "pos_embed")
		v.trunk().list(l)
		l.add(vitFeatures, FirstToken{})
	})
}

func (v ViT) trunk() Trunk { return Trunk{v.Width, v.Depth, v.Heads, v.MLP, v.Init} }

// Encode returns all tokens behind the last layer norm, the class token first, then
// the patches row by row.
//
//	x       [batch, height, width, 3], normalised; sides are multiples of Patch
//	result  [batch, tokens, Width], in the mode's precision
func (v ViT) Encode(scope *nn.Scope, x *graph.Node) *graph.Node {
	return v.encode(scope, x, same, same)
}

// Attention is how much the class token heeds each token in the last block, by head.
//
//	x       [batch, height, width, 3], normalised; sides are multiples of Patch
//	result  [batch, Heads, tokens], at least float32: the class token's own weight first,
//	        then those of the patches row by row; the sum of a head's is 1
//
// Caron et al., Emerging Properties in Self-Supervised Vision Transformers, 2021,
// arXiv:2104.14294, fig. 1.
func (v ViT) Attention(scope *nn.Scope, x *graph.Node) *graph.Node {
	last := fmt.Sprintf("blocks.%d.attn", v.Depth-1)
	until := func(yield func(Layer) bool) {
		for l := range v.Layers() {
			if !yield(l) || l.Name == last {
				return
			}
		}
	}
	weights, err := Follow(until, x, func(l Layer, in []*graph.Node) *graph.Node {
		if l.Name == last {
			return l.Kind.(Attention).Weigh(scope.In(l.Path), in[0])
		}
		return l.Forward(scope.In(l.Path), in...)
	})
	if err != nil {
		panic(err)
	}
	ofClass := graph.Slice(weights, graph.AxisRange(), graph.AxisRange(), graph.AxisElem(0)) // [batch, Heads, 1, tokens]
	return op.Widen(graph.Squeeze(ofClass, 2))
}

// EncodeKept is [ViT.Encode] of some tokens: others are left out behind the
// embedding of patches, and cost nothing.
//
//	kept    [batch, n] int32: numbers of tokens, 0 is the class token
//	result  [batch, n, Width], in the order of kept
func (v ViT) EncodeKept(scope *nn.Scope, x, kept *graph.Node) *graph.Node {
	return v.encode(scope, x, same, func(tokens *graph.Node) *graph.Node { return op.StackRows(tokens, kept) })
}

// EncodeHidden is [ViT.Encode] where a mask token stands for some of the tokens,
// before they get their positions.
//
//	hidden  [batch, tokens] bool
//	token   [Width]
//	result  [batch, tokens, Width]
func (v ViT) EncodeHidden(scope *nn.Scope, x, hidden, token *graph.Node) *graph.Node {
	return v.encode(scope, x, func(tokens *graph.Node) *graph.Node {
		dims := tokens.Shape().Dimensions
		token := graph.BroadcastToDims(graph.Reshape(graph.ConvertDType(token, tokens.DType()), 1, 1, v.Width), dims...)
		hidden := graph.BroadcastToDims(graph.ExpandAxes(hidden, -1), dims...)
		return graph.Where(hidden, token, tokens)
	}, same)
}

func same(tokens *graph.Node) *graph.Node { return tokens }

// encode changes tokens before and after they get their positions.
func (v ViT) encode(scope *nn.Scope, x *graph.Node, before, after func(tokens *graph.Node) *graph.Node) *graph.Node {
	y, err := Follow(v.Layers(), x, func(l Layer, in []*graph.Node) *graph.Node {
		if l.Name == vitFeatures {
			return in[0]
		}
		y := l.Forward(scope.In(l.Path), in...)
		switch l.Name {
		case vitTokens:
			return before(y)
		case vitEmbedded:
			return after(y)
		}
		return y
	})
	if err != nil {
		panic(err)
	}
	return y
}

// Describe implements [Describer].
func (v ViT) Describe() string {
	return fmt.Sprintf("ViT of width %d, %d blocks of %d heads, patches of %d pixels, %s positions", v.Width, v.Depth, v.Heads, v.Patch, v.Positions)
}

// A Trunk is what a transformer does with tokens: blocks of attention and dense
// layers, each behind a layer norm and beside a shortcut, and a last layer norm.
type Trunk struct {
	Width, Depth, Heads, MLP int // as in [ViT]
	Init                     ViTInit
}

func (t Trunk) validate(name string) error {
	if t.Depth < 1 || t.MLP < 1 {
		return fmt.Errorf("backbone: %s: depth %d and mlp %d, want at least 1", name, t.Depth, t.MLP)
	}
	if t.Heads < 1 || t.Width < 1 || t.Width%t.Heads != 0 {
		return fmt.Errorf("backbone: %s: %d heads, want at least 1, and a width that is a multiple of them: it is %d", name, t.Heads, t.Width)
	}
	switch t.Init {
	case XavierInit, TimmInit, TorchvisionInit:
		return nil
	}
	return fmt.Errorf("backbone: %s: init %q, want %q, %q or %q", name, t.Init, XavierInit, TimmInit, TorchvisionInit)
}

// Validate reports the first field that makes no sense.
func (t Trunk) Validate() error { return t.validate("Trunk") }

// Forward applies the blocks to tokens.
//
//	tokens  [batch, tokens, Width]
//	result  as tokens, in the mode's precision
func (t Trunk) Forward(scope *nn.Scope, tokens *graph.Node) *graph.Node {
	return Build(scope, listing(t.list), tokens)
}

func (t Trunk) list(l *list) {
	for i := range t.Depth {
		if l.stopped {
			return
		}
		t.block(l, fmt.Sprintf("blocks.%d.", i))
	}
	l.add("norm", LayerNorm{t.Width})
}

func (t Trunk) block(l *list, name string) {
	in := l.last
	l.add(name+"norm1", LayerNorm{t.Width})
	l.add(name+"attn", Attention{t.Width, t.Heads, t.Init})
	l.add(name+"add1", Add{}, in, name+"attn")
	l.add(name+"norm2", LayerNorm{t.Width})
	l.add(name+"mlp.fc1", Linear{t.Width, t.MLP, t.Init})
	l.add(name+"mlp.act", GELU{})
	l.add(name+"mlp.fc2", Linear{t.MLP, t.Width, t.Init})
	l.add(name+"add2", Add{}, name+"add1", name+"mlp.fc2")
}

// ViTInit says how a transformer's weights start.
type ViTInit string

const (
	// XavierInit is MAE's: [nn.Xavier] for patches and dense layers, biases of 0, a
	// class token of deviation 0.02.
	XavierInit ViTInit = "xavier"
	// TimmInit is XavierInit with the bias of the patches as PyTorch's convolutions
	// have it, which MAE's init leaves alone in timm's networks.
	TimmInit ViTInit = "timm"
	// TorchvisionInit is torchvision's own: patches as LeCun's normal, biases between
	// dense layers of deviation 1e-6, attention's last layer as PyTorch's are by
	// default, a class token of 0.
	TorchvisionInit ViTInit = "torchvision"
)

// TokenDeviation is that of tokens and learned positions at first.
const TokenDeviation = 0.02

// patch is how the weight and the bias of the embedding of patches start.
func (i ViTInit) patch(in, out int) (weight, bias nn.Init) {
	switch i {
	case TorchvisionInit:
		return nn.Normal(1 / math.Sqrt(float64(in))), nn.Constant(0)
	case TimmInit:
		return nn.Xavier(in, out), nn.UniformFanIn(in)
	}
	return nn.Xavier(in, out), nn.Constant(0)
}

func (i ViTInit) token() nn.Init {
	if i == TorchvisionInit {
		return nn.Constant(0)
	}
	return nn.Normal(TokenDeviation)
}

func (i ViTInit) linear(in, out int) (weight, bias nn.Init) {
	if i == TorchvisionInit {
		return nn.Xavier(in, out), nn.Normal(1e-6)
	}
	return nn.Xavier(in, out), nn.Constant(0)
}

func (i ViTInit) attention(width int) nn.AttentionInit {
	init := nn.AttentionInit{QKV: nn.Xavier(width, 3*width), QKVBias: nn.Constant(0), Proj: nn.Xavier(width, width), ProjBias: nn.Constant(0)}
	if i == TorchvisionInit {
		init.Proj = nn.UniformFanIn(width)
	}
	return init
}
