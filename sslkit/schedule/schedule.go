// Package schedule holds numbers that change while a run trains: a learning rate,
// the momentum of a target network, a temperature, a weight decay.
//
// A [Schedule] is a plain value. [Schedule.Value] computes it on the host, for
// tables and plots, [Schedule.At] in a training step's graph.
package schedule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/internal/named"
	"github.com/gossl/gossl/sslkit/nn"
)

// A Schedule says how a number goes From one value To another. Its zero value is
// the constant 0.
type Schedule struct {
	From   float64 `json:"from"`
	To     float64 `json:"to"`
	Warmup int     `json:"warmup"` // epochs or steps before, in which it climbs from 0 to From: after the first it is From/Warmup
	Over   int     `json:"over"`   // epochs or steps that it then takes, after which it stays; 0: all that are left
	Shape  Shape   `json:"shape"`
	Per    Unit    `json:"per"`
}

// Shape is the way of a [Schedule].
type Shape string

const (
	// Flat stays at From.
	Flat Shape = ""
	// Linear goes straight to To, which the last epoch or step has.
	Linear Shape = "linear"
	// Cosine goes along half a cosine to To, which the last epoch or step has.
	//
	// Grill et al., Bootstrap Your Own Latent, 2020, arXiv:2006.07733, sec. 3.3.
	Cosine Shape = "cosine"
	// Annealing goes along half a cosine to To, which it would reach after the
	// last epoch or step.
	//
	// Loshchilov, Hutter, SGDR, 2016, arXiv:1608.03983, eq. 5 without restarts.
	Annealing Shape = "annealing"
	// Wave goes along a cosine to To and back again, and, unless Over is 0, goes on so.
	Wave Shape = "wave"
)

// Unit is what a [Schedule] counts.
type Unit string

const (
	Epoch Unit = "epoch" // it changes from epoch to epoch
	Step  Unit = "step"  // it changes from step to step, all through the run
)

// Constant returns the schedule of a number that does not change.
func Constant(v float64) Schedule { return Schedule{From: v} }

// IsConstant says whether the number does not change.
func (s Schedule) IsConstant() bool { return s.Shape == Flat && s.Warmup == 0 }

// Value returns the number in an epoch or step, whichever Per says, counted from
// 0, of so many in the whole run.
func (s Schedule) Value(at, of int) float64 {
	if at < s.Warmup {
		return s.From * (float64(at+1) / float64(s.Warmup))
	}
	at -= s.Warmup
	last := s.last(of)
	switch {
	case s.Shape == Flat:
		return s.From
	case s.Shape != Wave && float64(at) >= last:
		return s.To
	case s.Shape == Linear:
		return s.From + (s.To-s.From)*(float64(at)/last)
	}
	return s.To - (s.To-s.From)*(1+math.Cos(math.Pi*float64(at)/last))/2
}

// last is how many epochs or steps after the warm-up To is reached.
func (s Schedule) last(of int) float64 {
	n := s.Over
	if n == 0 {
		n = of - s.Warmup
	}
	switch s.Shape {
	case Annealing:
		return float64(n)
	case Wave:
		return float64(n) / 2
	}
	return float64(n - 1)
}

// At returns the number at the time of a clock. It is computed in float64 and may
// differ from [Schedule.Value] in the last digit; a constant does not.
//
//	result  scalar, float64
func (s Schedule) At(c nn.Clock) *graph.Node {
	step, of := c.Epoch, c.Epochs
	if s.Per == Step {
		step, of = c.Step, c.Steps
	}
	g := step.Graph()
	from, to := graph.Scalar(g, dtypes.Float64, s.From), graph.Scalar(g, dtypes.Float64, s.To)
	if s.IsConstant() {
		return from
	}
	at := graph.ConvertDType(step, dtypes.Float64)
	value := from
	if s.Shape != Flat {
		value = s.way(graph.AddScalar(at, -float64(s.Warmup)), s.last(of), from, to)
	}
	if s.Warmup == 0 {
		return value
	}
	climb := graph.Mul(from, graph.DivScalar(graph.OnePlus(at), float64(s.Warmup)))
	return graph.Where(graph.LessThan(at, graph.Scalar(g, dtypes.Float64, float64(s.Warmup))), climb, value)
}

// In returns the number in the step that a scope belongs to, by its clock. A
// constant needs none, so that a method can be built outside a run, too.
//
//	result  scalar, float64
func (s Schedule) In(scope *nn.Scope) *graph.Node {
	if s.IsConstant() {
		return graph.Scalar(scope.Graph(), dtypes.Float64, s.From)
	}
	return s.At(scope.Clock())
}

// way is the number after the warm-up, at times counted from there.
func (s Schedule) way(at *graph.Node, last float64, from, to *graph.Node) *graph.Node {
	end := graph.Scalar(at.Graph(), dtypes.Float64, last)
	if s.Shape != Wave && last <= 0 {
		return to
	}
	part := graph.Div(at, end)
	var value *graph.Node
	if s.Shape == Linear {
		value = graph.Add(from, graph.Mul(graph.Sub(to, from), part))
	} else {
		angle := graph.Div(graph.MulScalar(at, math.Pi), end)
		value = graph.Sub(to, graph.DivScalar(graph.Mul(graph.Sub(to, from), graph.OnePlus(graph.Cos(angle))), 2))
	}
	if s.Shape == Wave {
		return value
	}
	return graph.Where(graph.LessThan(at, end), value, to)
}

// Validate reports the first field that makes no sense.
func (s Schedule) Validate() error {
	switch {
	case math.IsNaN(s.From) || math.IsInf(s.From, 0):
		return fmt.Errorf("schedule: from %g, want a finite number", s.From)
	case math.IsNaN(s.To) || math.IsInf(s.To, 0):
		return fmt.Errorf("schedule: to %g, want a finite number", s.To)
	case s.Warmup < 0:
		return fmt.Errorf("schedule: warmup %d, want 0 or more", s.Warmup)
	case s.Over < 0:
		return fmt.Errorf("schedule: over %d, want 0 or more", s.Over)
	}
	switch s.Shape {
	case Flat:
		if s.To != 0 || s.Over != 0 {
			return fmt.Errorf("schedule: to %g over %d without a shape, want %q, %q, %q or %q", s.To, s.Over, Linear, Cosine, Annealing, Wave)
		}
	case Linear, Cosine, Annealing, Wave:
	default:
		return fmt.Errorf("schedule: shape %q, want none, %q, %q, %q or %q", s.Shape, Linear, Cosine, Annealing, Wave)
	}
	switch s.Per {
	case Epoch, Step:
	case "":
		if !s.IsConstant() {
			return fmt.Errorf("schedule: per is not set, want %q or %q", Epoch, Step)
		}
	default:
		return fmt.Errorf("schedule: per %q, want %q or %q", s.Per, Epoch, Step)
	}
	return nil
}

// Bounds returns the least and the greatest of From and, unless the shape is flat,
// To: what comes after the warm-up lies between them.
func (s Schedule) Bounds() (least, most float64) {
	if s.Shape == Flat {
		return s.From, s.From
	}
	return min(s.From, s.To), max(s.From, s.To)
}

// String describes the schedule in words: "0.99", or "cosine from 0.996 to 1 per step".
func (s Schedule) String() string {
	if s == Constant(s.From) {
		return fmt.Sprint(s.From)
	}
	text := fmt.Sprint(s.From)
	if s.Shape != Flat {
		text = fmt.Sprintf("%s from %g to %g", s.Shape, s.From, s.To)
	}
	if s.Over > 0 {
		text += fmt.Sprintf(" over %d", s.Over)
	}
	if s.Warmup > 0 {
		text += fmt.Sprintf(" after a warm-up of %d", s.Warmup)
	}
	return fmt.Sprintf("%s per %s", text, s.Per)
}

// fields has Schedule's fields without its methods.
type fields Schedule

// MarshalJSON implements [json.Marshaler]: a constant is a plain number.
func (s Schedule) MarshalJSON() ([]byte, error) {
	if s == Constant(s.From) {
		return json.Marshal(s.From)
	}
	return json.Marshal(fields(s))
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *Schedule) UnmarshalJSON(text []byte) error {
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		var v float64
		if err := json.Unmarshal(text, &v); err != nil || bytes.Equal(text, []byte("null")) {
			return fmt.Errorf("schedule: %.80s: want a number, or an object with from, to, warmup, over, shape and per", text)
		}
		*s = Constant(v)
		return nil
	}
	var f fields
	if err := named.Strictly(text, &f); err != nil {
		return fmt.Errorf("schedule: %w", err)
	}
	*s = Schedule(f)
	return nil
}
