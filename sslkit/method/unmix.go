package method

import (
	"encoding/json"
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/internal/named"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

// UnMix lets another method compare mixtures of images, too: image i of view 0 is mixed
// with the one at its place from the end of the batch, and so much of the loss pulls the
// mixture to the one as there is of it, the rest to the other. The loss is
//
//	base(view 0) + λ·base(mixtures) + (1−λ)·base(mixtures in reverse order)
//
// where what the network makes of the mixtures takes the place of what it makes of view 0.
//
// Each step draws λ uniformly, and with probability Global blends whole images,
// λ·image + (1−λ)·other. Else a rectangle of the other image replaces that of the image:
// its sides are √(1−λ) of the image's, its centre is drawn, what lies outside is cut off,
// and λ becomes the part of the image that is left. All images of a batch are mixed alike.
//
// Its meters are the base's, "contrastive accuracy" of those that have one, and "mixture loss",
// the part of the loss that is due to the mixtures.
//
// Shen et al., Un-Mix: Rethinking Image Mixtures for Unsupervised Visual Representation
// Learning, AAAI 2022, arXiv:2003.05438, algorithm 1.
type UnMix struct {
	Base   Mixer   // the method that compares
	Global float64 // probability that images are blended: 0.5 in the paper
}

// A Mixer is a method that [UnMix] can be used with: its Loss takes [Step.Seen] through
// the trained network and has [Step.Mix] add the loss of the mixtures.
type Mixer interface {
	Method
	Collapser
	Mixes()
}

var _ Method = UnMix{}

// writtenUnMix is UnMix as JSON has it.
type writtenUnMix struct {
	Base   json.RawMessage `json:"base"` // as {"MoCo": {…}}
	Global float64         `json:"global"`
}

// MarshalJSON implements [json.Marshaler].
func (m UnMix) MarshalJSON() ([]byte, error) {
	base, err := Types.Write(m.Base)
	if err != nil {
		return nil, err
	}
	return json.Marshal(writtenUnMix{base, m.Global})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (m *UnMix) UnmarshalJSON(text []byte) error {
	var w writtenUnMix
	if err := named.Strictly(text, &w); err != nil {
		return err
	}
	base, err := Types.Read(w.Base)
	if err != nil {
		return err
	}
	mixer, ok := base.(Mixer)
	if !ok {
		return fmt.Errorf("base is %s, want a method that compares mixtures: one with Mixes", Name(base))
	}
	m.Base, m.Global = mixer, w.Global
	return nil
}

// Views is two full ones.
func (UnMix) Views() Crops { return Crops{Full: 2} }

// Collapsed is twice the base's: of mixtures it is as large as of images.
func (m UnMix) Collapsed(batch int) Collapse {
	c := m.Base.Collapsed(batch)
	c.Loss *= 2
	return c
}

// Validate reports the first hyperparameter that makes no sense.
func (m UnMix) Validate(net backbone.Backbone) error {
	if m.Base == nil {
		return fmt.Errorf("method: UnMix: base is not set")
	}
	if !(m.Global >= 0 && m.Global <= 1) {
		return fmt.Errorf("method: UnMix: global %g, want a probability", m.Global)
	}
	if crops := m.Base.Views(); crops != m.Views() {
		return fmt.Errorf("method: UnMix: base: %s has %d full and %d local views, want 2 full ones", Name(m.Base), crops.Full, crops.Local)
	}
	if err := m.Base.Validate(net); err != nil {
		return fmt.Errorf("method: UnMix: base: %w", err)
	}
	return nil
}

// Loss is the base's with mixtures. It panics if the base does not heed them.
func (m UnMix) Loss(step Step) Output {
	step.mixture = m.mix(step.Scope, step.Full[0])
	out := m.Base.Loss(step)
	if step.mixture.loss == nil {
		panic(fmt.Errorf("method: UnMix: base: %s does not use Step.Mix", Name(m.Base)))
	}
	meters := map[string]*graph.Node{"mixture loss": step.mixture.loss}
	for name, value := range out.Meters {
		meters[name] = value
	}
	out.Meters = meters
	return out
}

// A mixture is one of view 0 with itself in reverse order.
type mixture struct {
	images *graph.Node // as the view
	own    *graph.Node // scalar λ: how much of mixture i is of image i
	loss   *graph.Node // scalar: what Step.Mix has added; nil before
}

// mix draws a mixture of a view.
//
//	x  [batch, height, width, channels]
func (m UnMix) mix(scope *nn.Scope, x *graph.Node) *mixture {
	g, height, width := x.Graph(), x.Shape().Dimensions[1], x.Shape().Dimensions[2]
	drawn := scope.Noise(1, 4)
	number := func(i int) *graph.Node {
		return graph.Reshape(graph.Slice(drawn, graph.AxisRange(), graph.AxisElem(i)))
	}
	global := graph.LessThan(number(0), graph.Scalar(g, drawn.DType(), m.Global))
	own := number(1)

	side := graph.Sqrt(graph.OneMinus(own))
	rows, tall := cut(number(2), side, height)    // [height], scalar
	columns, broad := cut(number(3), side, width) // [width], scalar
	area := graph.DivScalar(graph.Mul(tall, broad), float64(height*width))
	inside := graph.LogicalAnd(
		graph.BroadcastToDims(graph.Reshape(rows, 1, height, 1, 1), x.Shape().Dimensions...),
		graph.BroadcastToDims(graph.Reshape(columns, 1, 1, width, 1), x.Shape().Dimensions...)) // as x

	other := op.Reverse(x)
	share := graph.ConvertDType(own, x.DType())
	blended := graph.Add(graph.Mul(x, share), graph.Mul(other, graph.OneMinus(share)))
	everywhere := graph.BroadcastToDims(global, x.Shape().Dimensions...)
	return &mixture{
		images: graph.Where(everywhere, blended, graph.Where(inside, other, x)),
		own:    graph.Where(global, own, graph.OneMinus(area)),
	}
}

// cut returns which of size rows a rectangle covers, [size] bool, and how many, a scalar
// of the numbers' type.
//
//	center  scalar in [0, 1), part of the size
//	side    scalar in [0, 1], likewise; half of it is rounded down to whole rows
func cut(center, side *graph.Node, size int) (covered, count *graph.Node) {
	half := graph.Floor(graph.DivScalar(graph.Floor(graph.MulScalar(side, float64(size))), 2))
	middle := graph.Floor(graph.MulScalar(center, float64(size)))
	from := graph.MaxScalar(graph.Sub(middle, half), 0)
	to := graph.MinScalar(graph.Add(middle, half), float64(size))
	row := graph.Iota(center.Graph(), shapes.Make(center.DType(), size), 0)
	return graph.LogicalAnd(graph.GreaterOrEqual(row, from), graph.LessThan(row, to)), graph.Sub(to, from)
}

// Seen returns the views that the trained network sees: the full ones and, in a step of
// [UnMix], the mixtures behind them.
func (s Step) Seen() []*graph.Node {
	if s.mixture == nil {
		return s.Full
	}
	return append(s.Full[:len(s.Full):len(s.Full)], s.mixture.images)
}

// Mix adds to a loss that of the mixtures. Without mixtures it is the loss as it is.
//
//	value    scalar: the loss without them
//	outputs  each [batch, …]: what networks make of the mixtures
//	of       the loss with these in the place of what they make of view 0
func (s Step) Mix(value *graph.Node, outputs []*graph.Node, of func(outputs []*graph.Node) *graph.Node) *graph.Node {
	if s.mixture == nil {
		return value
	}
	reversed := make([]*graph.Node, len(outputs))
	for i, y := range outputs {
		reversed[i] = op.Reverse(y)
	}
	own := graph.ConvertDType(s.mixture.own, value.DType())
	s.mixture.loss = graph.Add(graph.Mul(of(outputs), own), graph.Mul(of(reversed), graph.OneMinus(own)))
	return graph.Add(value, s.mixture.loss)
}
