package optim_test

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

// tried are the optimizers that all checks are made with, one of each type.
var tried = []optim.Optimizer{
	optim.SGD{Momentum: 0.9, Nesterov: true},
	optim.LARS{Momentum: 0.9, Trust: 0.1, Epsilon: 1e-8},
	optim.Adam{Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8},
	optim.AdamW{Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8},
}

// with returns an optimizer with a weight decay, of all parameters or of weights alone.
func with(o optim.Optimizer, decay schedule.Schedule, skipVectors bool) optim.Optimizer {
	v := reflect.New(reflect.TypeOf(o)).Elem()
	v.Set(reflect.ValueOf(o))
	v.FieldByName("WeightDecay").Set(reflect.ValueOf(decay))
	v.FieldByName("SkipVectors").SetBool(skipVectors)
	return v.Interface().(optim.Optimizer)
}

// forEach runs a check with every optimizer of the package.
func forEach(t *testing.T, check func(t *testing.T, o optim.Optimizer)) {
	for i, o := range optim.All() {
		if i >= len(tried) || optim.Name(tried[i]) != optim.Name(o) {
			t.Fatalf("no test tries %s", optim.Name(o))
		}
		t.Run(optim.Name(o), func(t *testing.T) { check(t, tried[i]) })
	}
}

// rates are those of so many steps.
func rates(steps int) []float64 { return slices.Repeat([]float64{0.05}, steps) }

func wave(step int, _ []float64) []float64 { return gradientAt(step) }

// Every optimizer finds the least of ½Σ(w−0.5)², whose gradient is w − 0.5.
func TestMinimises(t *testing.T) {
	forEach(t, func(t *testing.T, o optim.Optimizer) {
		distance := func(params []float64) (sum float64) {
			for _, w := range params {
				sum += (w - 0.5) * (w - 0.5)
			}
			return sum
		}
		for _, skip := range []bool{false, true} {
			o := with(o, schedule.Constant(1e-4), skip)
			after := course{optimizer: o}.take(t, dtypes.Float64, start(), rates(200), func(_ int, w []float64) []float64 {
				gradient := make([]float64, len(w))
				for i := range w {
					gradient[i] = w[i] - 0.5
				}
				return gradient
			})
			if before, now := distance(start()), distance(after[len(after)-1]); !(now < 0.02*before) {
				t.Errorf("%+v: 200 steps go from %g to %g", o, before, now)
			}
		}
	})
}

// Without a learning rate parameters stay, whatever the slots do.
func TestNoRate(t *testing.T) {
	forEach(t, func(t *testing.T, o optim.Optimizer) {
		after := course{optimizer: with(o, schedule.Constant(0.1), false)}.take(t, dtypes.Float64, start(), make([]float64, 3), wave)
		testkit.Within(t, "parameters", after[2], start(), 0)
	})
}

// Weight decay makes weights smaller; with SkipVectors, vectors go on as without it.
func TestSkipVectors(t *testing.T) {
	forEach(t, func(t *testing.T, o optim.Optimizer) {
		take := func(decay float64, skip bool) []float64 {
			return course{optimizer: with(o, schedule.Constant(decay), skip)}.take(t, dtypes.Float64, start(), rates(4), wave)[3]
		}
		none, all, weights := take(0, false), take(0.1, false), take(0.1, true)
		testkit.Within(t, "weights", weights[:6], all[:6], 0)
		testkit.Within(t, "vectors", weights[6:], none[6:], 0)
		if slices.Equal(none[:6], all[:6]) || slices.Equal(none[6:], all[6:]) {
			t.Error("weight decay changes nothing")
		}
	})
}

// A weight decay that changes is, in every step, that of a constant.
func TestDecaySchedule(t *testing.T) {
	forEach(t, func(t *testing.T, o optim.Optimizer) {
		const steps = 4
		falling := schedule.Schedule{From: 0.3, To: 0.1, Shape: schedule.Linear, Per: schedule.Step}
		for _, dtype := range []dtypes.DType{dtypes.Float64, dtypes.Float32} {
			same := schedule.Schedule{From: 0.3, To: 0.3, Shape: schedule.Linear, Per: schedule.Epoch}
			constant := course{optimizer: with(o, schedule.Constant(0.3), true)}.take(t, dtype, start(), rates(steps), wave)
			flat := course{optimizer: with(o, same, true)}.take(t, dtype, start(), rates(steps), wave)
			testkit.Near(t, "parameters", flat[steps-1], constant[steps-1], map[dtypes.DType]float64{dtypes.Float64: 1e-14, dtypes.Float32: 1e-6}[dtype])
		}
		first := course{optimizer: with(o, schedule.Constant(0.3), false)}.take(t, dtypes.Float64, start(), rates(steps), wave)
		changing := course{optimizer: with(o, falling, false)}.take(t, dtypes.Float64, start(), rates(steps), wave)
		testkit.Within(t, "after the first step", changing[0], first[0], 1e-15)
		if slices.Equal(changing[1], first[1]) {
			t.Error("the second step has the first one's weight decay")
		}
	})
}

// A tensor that is frozen stays, and then takes the steps that it would take if
// the run began; the others do not notice.
func TestFreeze(t *testing.T) {
	forEach(t, func(t *testing.T, o optim.Optimizer) {
		const frozen, steps = 3, 7
		o = with(o, schedule.Constant(0.01), false)
		freeze := []optim.Freeze{{Path: "scale", Epochs: frozen}, {Path: "scale", Epochs: 1}}
		free, freeSlots := course{optimizer: o}.takeWithSlots(t, dtypes.Float64, start(), rates(steps), wave)
		held, heldSlots := course{optimizer: o, freeze: freeze}.takeWithSlots(t, dtypes.Float64, start(), rates(steps), wave)
		later, laterSlots := course{optimizer: o}.takeWithSlots(t, dtypes.Float64, start(), rates(steps-frozen),
			func(step int, _ []float64) []float64 { return gradientAt(step + frozen) })
		late := func(x []float64) []float64 { return x[6:10] }
		for step := range frozen {
			testkit.Within(t, fmt.Sprint("frozen, step ", step), late(held[step]), late(start()), 0)
		}
		for step := range steps - frozen {
			testkit.Within(t, fmt.Sprint("thawed, step ", step), late(held[frozen+step]), late(later[step]), 0)
		}
		for step := range steps {
			testkit.Within(t, fmt.Sprint("others, step ", step), slices.Delete(slices.Clone(held[step]), 6, 10), slices.Delete(slices.Clone(free[step]), 6, 10), 0)
		}
		for i, name := range o.Slots() {
			testkit.Within(t, name+" of the frozen tensor", late(heldSlots[i]), late(laterSlots[i]), 0)
			testkit.Within(t, name+" of the others", heldSlots[i][:6], freeSlots[i][:6], 0)
		}
	})
}

// Clipping shortens a gradient that is too long, by its length over all tensors,
// of which frozen ones are none.
func TestClip(t *testing.T) {
	forEach(t, func(t *testing.T, o optim.Optimizer) {
		const most = 2
		freeze := []optim.Freeze{{Path: "bias", Epochs: 100}}
		clipped := course{optimizer: o, clip: most, freeze: freeze}.take(t, dtypes.Float64, start(), rates(4), wave)
		shortened := false
		want := course{optimizer: o, freeze: freeze}.take(t, dtypes.Float64, start(), rates(4), func(step int, _ []float64) []float64 {
			gradient := gradientAt(step)
			factor := min(1, most/(testkit.Norm(gradient[:10])+1e-6))
			shortened = shortened || factor < 1
			for i := range gradient {
				gradient[i] *= factor
			}
			return gradient
		})
		for step := range want {
			testkit.Near(t, fmt.Sprint("after step ", step), clipped[step], want[step], 1e-13)
		}
		if !shortened {
			t.Error("no gradient is long enough")
		}
	})
}

func TestJSONAndValidate(t *testing.T) {
	forEach(t, func(t *testing.T, o optim.Optimizer) {
		if err := o.Validate(); err != nil {
			t.Error(err)
		}
		name := optim.Name(o)
		for _, decay := range []schedule.Schedule{
			schedule.Constant(5e-4),
			{From: 0.04, To: 0.4, Shape: schedule.Cosine, Per: schedule.Step},
		} {
			want := with(o, decay, true)
			text, err := optim.Types.Write(want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := optim.Types.Read(text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" || !strings.HasPrefix(string(text), `{"`+name+`":`) {
				t.Errorf("written as %s and read (-want +got):\n%s", text, diff)
			}
		}
		for want, decay := range map[string]schedule.Schedule{
			"weight_decay -1, want 0 or more":  schedule.Constant(-1),
			"weight_decay linear from 1 to -1": {From: 1, To: -1, Shape: schedule.Linear, Per: schedule.Step},
			"weight_decay: schedule: from NaN": schedule.Constant(math.NaN()),
		} {
			if err := with(o, decay, false).Validate(); err == nil || !strings.Contains(err.Error(), "optim: "+name+": "+want) {
				t.Errorf("error %v, want one about %q", err, want)
			}
		}
	})
}

func TestFreezeErrors(t *testing.T) {
	for _, c := range []struct {
		freeze optim.Freeze
		want   string // part of the error, "" for none
	}{
		{optim.Freeze{Path: "scale", Epochs: 1}, ""},
		{optim.Freeze{Path: "", Epochs: 1}, "no path"},
		{optim.Freeze{Path: "scale", Epochs: 0}, "scale: epochs 0"},
		{optim.Freeze{Path: "sca", Epochs: 1}, "no parameter sca"},
		{optim.Freeze{Path: "scale/weight", Epochs: 1}, "no parameter scale/weight, nor any below; it has those in " + startTensors[0].Path},
	} {
		err := c.freeze.Validate()
		if err == nil {
			err = c.freeze.Check(startTensors)
		}
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want one about %q", c.freeze, err, c.want)
		}
	}
	if err := (optim.Freeze{Path: "a/b", Epochs: 1}).Check([]nn.Variable{{Path: "a/b/c"}}); err != nil {
		t.Error(err)
	}
	for most, good := range map[float64]bool{0: true, 1: true, -1: false, math.Inf(1): false, math.NaN(): false} {
		if err := optim.ValidClip(most); (err == nil) != good {
			t.Errorf("clipping to %g: error %v", most, err)
		}
	}
}
