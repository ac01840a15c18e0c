package optim_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

// The reference numbers have twelve digits.
const twelveDigits = 1e-11

// The reference cases start here; gradient of tensor k, element i, at step t.
var startTensors = []nn.Variable{
	{Path: "weight", Dims: []int{2, 3}},
	{Path: "scale", Dims: []int{4}, Offset: 6},
	{Path: "bias", Dims: []int{2}, Offset: 10},
}

func start() []float64 {
	var values []float64
	for k := range 6 {
		values = append(values, 2*testkit.U(300, k)-1)
	}
	for k := range 4 {
		values = append(values, 1+0.3*(2*testkit.U(301, k)-1))
	}
	return append(values, 0, 0)
}

func gradientAt(step int) []float64 {
	var values []float64
	for k, tensor := range startTensors {
		for i := range tensor.Size() {
			values = append(values, math.Sin(0.7*float64(step)+1.3*float64(i)+2.1*float64(k)))
		}
	}
	return values
}

// hyperparameters are those of a case. A weight decay in words, "1e-4 for tensor
// 0, 0 for …", is that of tensors with more than one axis.
type hyperparameters struct {
	Momentum    float64
	WeightDecay json.RawMessage `json:"weight_decay"`
	Nesterov    bool
	Trust       float64 `json:"trust_coefficient"`
	Eps         float64
	Betas       [2]float64
}

func (h hyperparameters) weightDecay(t *testing.T) (decay schedule.Schedule, skipVectors bool) {
	t.Helper()
	text := strings.Trim(string(h.WeightDecay), `"`)
	number, rest, skipVectors := strings.Cut(text, " for tensor 0")
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || skipVectors && rest != ", 0 for tensors 1 and 2" {
		t.Fatalf("weight decay %q", text)
	}
	return schedule.Constant(value), skipVectors
}

// optimizerOf returns the optimizer whose name begins the case's name.
func optimizerOf(t *testing.T, name string, h hyperparameters) optim.Optimizer {
	t.Helper()
	decay, skipVectors := h.weightDecay(t)
	if h.Eps == 0 {
		h.Eps = 1e-8
	}
	adam := optim.Adam{Beta1: h.Betas[0], Beta2: h.Betas[1], Epsilon: h.Eps, WeightDecay: decay, SkipVectors: skipVectors}
	kind, _, _ := strings.Cut(name, "_")
	switch kind {
	case "sgd":
		return optim.SGD{Momentum: h.Momentum, WeightDecay: decay, Nesterov: h.Nesterov, SkipVectors: skipVectors}
	case "lars":
		return optim.LARS{Momentum: h.Momentum, WeightDecay: decay, Nesterov: h.Nesterov, Trust: h.Trust, Epsilon: h.Eps, SkipVectors: skipVectors}
	case "adam":
		return adam
	case "adamw":
		return optim.AdamW(adam)
	}
	t.Skip("there is no such optimizer yet")
	return nil
}

func TestGoldenSteps(t *testing.T) {
	for _, golden := range testkit.Cases(t, "optim") {
		t.Run(golden.File+"/"+golden.Name, func(t *testing.T) {
			var c struct {
				Params hyperparameters
				LR     []float64
				Want   [][][]float64 `json:"parameters_after_each_step"`
			}
			golden.Decode(t, &c)
			o := optimizerOf(t, golden.Name, c.Params)
			gradient := func(step int, _ []float64) []float64 { return gradientAt(step) }
			steps := course{optimizer: o}.take(t, dtypes.Float64, start(), c.LR, gradient)
			narrow := course{optimizer: o}.take(t, dtypes.Float32, start(), c.LR, gradient)
			for step, tensors := range c.Want {
				want := slices.Concat(tensors...)
				testkit.Near(t, "parameters after step "+strconv.Itoa(step), steps[step], want, twelveDigits)
				testkit.Near(t, "in float32, after step "+strconv.Itoa(step), narrow[step], want, 1e-6)
			}
		})
	}
}

// TestGoldenQuadratic minimises ½Σw² + 0.3Σw. A case is named by its optimizer,
// as "lars lr .3 m .9 wd 1e-4 trust .001", or by that and the schedule.
func TestGoldenQuadratic(t *testing.T) {
	for file, c := range testkit.Golden[struct{ Quadratic map[string]json.RawMessage }](t, "optim") {
		var w0 []float64
		for name, text := range c.Quadratic {
			var want [][]float64
			if name == "loss" || name == "w0" {
				continue
			}
			t.Run(file+"/"+name, func(t *testing.T) {
				if err := json.Unmarshal(c.Quadratic["w0"], &w0); err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(text, &want); err != nil {
					t.Fatal(err)
				}
				o, lr := optimizerInWords(t, name)
				var lrs []float64
				for epoch := range want {
					if strings.Contains(name, ", cosine over ") {
						rate := schedule.Schedule{From: lr, Shape: schedule.Annealing, Per: schedule.Epoch}
						lrs = append(lrs, rate.Value(epoch, len(want)))
					} else {
						lrs = append(lrs, lr)
					}
				}
				got := course{optimizer: o, variables: []nn.Variable{{Path: "w", Dims: []int{len(w0)}}}}.take(t, dtypes.Float64, w0, lrs, func(_ int, w []float64) []float64 {
					gradient := make([]float64, len(w))
					for i := range w {
						gradient[i] = w[i] + 0.3
					}
					return gradient
				})
				for step := range want {
					testkit.Near(t, "after step "+strconv.Itoa(step), got[step], want[step], twelveDigits)
				}
			})
		}
	}
}

func optimizerInWords(t *testing.T, words string) (o optim.Optimizer, lr float64) {
	t.Helper()
	words, _, _ = strings.Cut(words, ",")
	fields := strings.Fields(words)
	h := hyperparameters{WeightDecay: json.RawMessage("0")}
	for i := 1; i+1 < len(fields); i += 2 {
		number, err := strconv.ParseFloat(fields[i+1], 64)
		if err != nil {
			t.Fatalf("%q: %v", words, err)
		}
		switch fields[i] {
		case "lr":
			lr = number
		case "m":
			h.Momentum = number
		case "wd":
			h.WeightDecay = json.RawMessage(fmt.Sprint(number))
		case "trust":
			h.Trust = number
		default:
			t.Fatalf("%q: unknown %q", words, fields[i])
		}
	}
	return optimizerOf(t, fields[0], h), lr
}

// TestGoldenLateTensor freezes a tensor for two steps: from then on Adam counts.
func TestGoldenLateTensor(t *testing.T) {
	for file, c := range testkit.Golden[struct {
		Late struct {
			Start [][]float64
			Want  [][][]float64 `json:"parameters_after_each_step"`
		} `json:"adam_late_tensor"`
	}](t, "schedules") {
		t.Run(file, func(t *testing.T) {
			want := c.Late.Want
			if want == nil {
				t.Skip("the file has no case adam_late_tensor")
			}
			late := course{
				optimizer: optim.Adam{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: schedule.Constant(1e-6)},
				variables: []nn.Variable{{Path: "first", Dims: []int{2}}, {Path: "late/weight", Dims: []int{2}, Offset: 2}},
				freeze:    []optim.Freeze{{Path: "late", Epochs: 2}},
			}
			gradient := func(step int, params []float64) []float64 {
				values := make([]float64, len(params))
				for i := range values {
					values[i] = math.Sin(0.7*float64(step) + 1.3*float64(i%2) + 2.1*float64(i/2))
				}
				return values
			}
			lrs := slices.Repeat([]float64{0.01}, len(want))
			got := late.take(t, dtypes.Float64, slices.Concat(c.Late.Start...), lrs, gradient)
			for step := range want {
				testkit.Near(t, "after step "+strconv.Itoa(step), got[step], slices.Concat(want[step]...), twelveDigits)
			}
		})
	}
}
