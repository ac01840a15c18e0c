package method_test

import (
	"encoding/json"
	"testing"

	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

// training says how a case's steps are taken. Each is an epoch.
type training struct {
	LR       rates
	Schedule *struct { // nil: LR says all
		Kind     string
		LR0, End float64 // the first rate, and the last as a part of it
		Epochs   int
		Warmup   int `json:"warmup_epochs"`
	}
	Optimizer *struct { // nil: that of the first methods
		Kind        string
		Momentum    float64
		Nesterov    bool
		WeightDecay float64 `json:"weight_decay"`
		Betas       [2]float64
		Eps, Trust  float64
	}
	FrozenPrototypes int `json:"prototypes_frozen_epochs"`
	QueueFrom        int `json:"queue_start_epoch"`

	EMA         []float64 // weight that the target keeps, in each step
	EMAMomentum float64   `json:"ema_momentum"`
	EMASchedule *struct {
		Start, End float64
	} `json:"ema_schedule"`
}

// rates are the learning rates of steps; the last one stays.
type rates []float64

// UnmarshalJSON reads a list, or one number.
func (r *rates) UnmarshalJSON(text []byte) error {
	var one float64
	if json.Unmarshal(text, &one) == nil {
		*r = rates{one}
		return nil
	}
	return json.Unmarshal(text, (*[]float64)(r))
}

// epochs are those of the whole run, of which the case takes the first.
func (c training) epochs() int {
	if c.Schedule == nil {
		return runSteps
	}
	return c.Schedule.Epochs
}

// rate is the schedule of the learning rate.
func (c training) rate(t *testing.T) schedule.Schedule {
	t.Helper()
	s := c.Schedule
	if s == nil {
		return schedule.Constant(c.LR[0])
	}
	switch s.Kind {
	case "cosine":
		return schedule.Schedule{From: s.LR0, Shape: schedule.Annealing, Per: schedule.Epoch}
	case "warmup_cosine":
		return schedule.Schedule{From: s.LR0, To: s.LR0 * s.End, Warmup: s.Warmup, Shape: schedule.Cosine, Per: schedule.Epoch}
	}
	t.Fatalf("schedule of kind %q", s.Kind)
	return schedule.Schedule{}
}

// momentum is the schedule of the target's, by default a constant.
func (c training) momentum(otherwise float64) schedule.Schedule {
	switch s := c.EMASchedule; {
	case s != nil:
		return schedule.Schedule{From: s.Start, To: s.End, Shape: schedule.Cosine, Per: schedule.Epoch}
	case c.EMAMomentum != 0:
		return schedule.Constant(c.EMAMomentum)
	}
	return schedule.Constant(otherwise)
}

// optimizer takes the steps, and keeps some tensors as they are at first.
func (c training) optimizer(t *testing.T) (optim.Optimizer, []optim.Freeze) {
	t.Helper()
	o := c.Optimizer
	if o == nil {
		return optim.SGD{Momentum: 0.9, WeightDecay: schedule.Constant(5e-4)}, nil
	}
	var freeze []optim.Freeze
	if c.FrozenPrototypes > 0 {
		freeze = append(freeze, optim.Freeze{Path: "online/prototypes", Epochs: c.FrozenPrototypes})
	}
	decay := schedule.Constant(o.WeightDecay)
	adam := optim.Adam{Beta1: o.Betas[0], Beta2: o.Betas[1], Epsilon: o.Eps, WeightDecay: decay}
	switch o.Kind {
	case "sgd":
		return optim.SGD{Momentum: o.Momentum, Nesterov: o.Nesterov, WeightDecay: decay}, freeze
	case "lars":
		return optim.LARS{Momentum: o.Momentum, Nesterov: o.Nesterov, WeightDecay: decay, Trust: o.Trust, Epsilon: o.Eps}, freeze
	case "adam":
		return adam, freeze
	case "adamw":
		return optim.AdamW(adam), freeze
	}
	t.Fatalf("optimizer of kind %q", o.Kind)
	return nil, nil
}

// checkSchedules compares what is computed from a case's schedules with its lists.
// A reset copies the online network, which is a momentum of 0.
func (c stepCase) checkSchedules(t *testing.T) {
	t.Helper()
	for step := range c.Loss {
		if len(c.LR) > 1 {
			testkit.NearScalar(t, at("learning rate", step), c.rate(t).Value(step, c.epochs()), c.LR[step], 1e-11)
		}
		if len(c.EMA) > 0 && c.EMA[step] != 0 {
			testkit.NearScalar(t, at("target's momentum", step), c.momentum(0).Value(step, c.epochs()), c.EMA[step], 1e-11)
		}
	}
}
