package optim_test

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/optim"
)

// The reference numbers have twelve digits.
const twelveDigits = 1e-11

// The reference cases start here; gradient of tensor k, element i, at step t.
var startShapes = []int{6, 4, 2}

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
	for k, size := range startShapes {
		for i := range size {
			values = append(values, math.Sin(0.7*float64(step)+1.3*float64(i)+2.1*float64(k)))
		}
	}
	return values
}

func TestGoldenSteps(t *testing.T) {
	for _, golden := range testkit.Cases(t, "optim") {
		t.Run(golden.File+"/"+golden.Name, func(t *testing.T) {
			if !strings.HasPrefix(golden.Name, "sgd_") {
				t.Skip("there is no such optimizer yet")
			}
			var c struct {
				Params struct {
					Momentum    float64
					WeightDecay float64 `json:"weight_decay"`
					Nesterov    bool
				}
				LR   []float64
				Want [][][]float64 `json:"parameters_after_each_step"`
			}
			golden.Decode(t, &c)
			sgd := optim.SGD{Momentum: c.Params.Momentum, WeightDecay: c.Params.WeightDecay, Nesterov: c.Params.Nesterov}
			steps := takeSteps(t, sgd, dtypes.Float64, start(), c.LR, func(step int, _ []float64) []float64 { return gradientAt(step) })
			narrow := takeSteps(t, sgd, dtypes.Float32, start(), c.LR, func(step int, _ []float64) []float64 { return gradientAt(step) })
			for step, tensors := range c.Want {
				var want []float64
				for _, values := range tensors {
					want = append(want, values...)
				}
				testkit.Near(t, "parameters after step "+strconv.Itoa(step), steps[step], want, twelveDigits)
				testkit.Near(t, "in float32, after step "+strconv.Itoa(step), narrow[step], want, 1e-6)
			}
		})
	}
}

// takeSteps returns the parameters after each step.
func takeSteps(t *testing.T, sgd optim.SGD, dtype dtypes.DType, params, lrs []float64, gradient func(step int, params []float64) []float64) [][]float64 {
	t.Helper()
	var after [][]float64
	velocity := make([]float64, len(params))
	for step, lr := range lrs {
		vector := func(values []float64) *tensors.Tensor { return testkit.Tensor(dtype, values, len(values)) }
		out := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
			newParams, newVelocity := sgd.Step(in[0], in[1], in[2], graph.Reshape(in[3]))
			return []*graph.Node{newParams, newVelocity}
		}, vector(params), vector(velocity), vector(gradient(step, params)), vector([]float64{lr}))
		params, velocity = out[0], out[1]
		after = append(after, params)
	}
	return after
}

// TestGoldenQuadratic minimises ½Σw² + 0.3Σw, with the cosine schedule.
func TestGoldenQuadratic(t *testing.T) {
	const name = "sgd lr .06 m .9 wd 5e-4, cosine over 4 epochs of 1 step"
	for file, c := range testkit.Golden[struct{ Quadratic map[string]json.RawMessage }](t, "optim") {
		if c.Quadratic[name] == nil {
			t.Logf("%s: no quadratic of SGD", file)
			continue
		}
		var w0 []float64
		var want [][]float64
		if err := errors.Join(json.Unmarshal(c.Quadratic["w0"], &w0), json.Unmarshal(c.Quadratic[name], &want)); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		sgd := optim.SGD{LR: 0.06, Momentum: 0.9, WeightDecay: 5e-4}
		var lrs []float64
		for epoch := range want {
			lrs = append(lrs, sgd.LR*optim.Cosine(epoch, len(want)))
		}
		got := takeSteps(t, sgd, dtypes.Float64, w0, lrs, func(_ int, w []float64) []float64 {
			gradient := make([]float64, len(w))
			for i := range w {
				gradient[i] = w[i] + 0.3
			}
			return gradient
		})
		for step := range want {
			testkit.Near(t, file+": after step "+strconv.Itoa(step), got[step], want[step], twelveDigits)
		}
	}
}

// TestGoldenSchedules compares the factor of every epoch listed. A table is
// named by the number of epochs, as "E=200".
func TestGoldenSchedules(t *testing.T) {
	for file, c := range testkit.Golden[struct {
		Schedules map[string]map[string]json.RawMessage
	}](t, "optim") {
		for schedule, tables := range c.Schedules {
			t.Run(file+"/"+schedule, func(t *testing.T) {
				if schedule != "cosine_annealing" {
					t.Skip("there is no such schedule yet")
				}
				for name, table := range tables {
					checkCosine(t, name, table)
				}
			})
		}
	}
}

func checkCosine(t *testing.T, name string, table json.RawMessage) {
	t.Helper()
	title, rate, hasRate := strings.Cut(name, " at lr0 ")
	factor := 1.0
	if hasRate {
		factor, _ = strconv.ParseFloat(rate, 64)
	}
	number, isTable := strings.CutPrefix(title, "E=")
	epochs, err := strconv.Atoi(number)
	if !isTable || err != nil {
		return // the rule in words
	}
	want := map[string]float64{}
	var list []float64
	if json.Unmarshal(table, &list) == nil {
		for epoch, f := range list {
			want[strconv.Itoa(epoch)] = f
		}
	} else if err := json.Unmarshal(table, &want); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(want) == 0 {
		t.Errorf("%s: no epochs", name)
	}
	for at, f := range want {
		epoch, err := strconv.Atoi(at)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		// 1 + cos loses digits where it is small: compare with the factor 1.
		testkit.Within(t, name+", epoch "+at, []float64{factor * optim.Cosine(epoch, epochs)}, []float64{f}, 1e-12*factor)
	}
}
