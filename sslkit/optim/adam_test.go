package optim_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/optim"
)

func adamSteps(t *testing.T, adam optim.Adam, dtype dtypes.DType, params, lrs []float64, gradient func(step int, params []float64) []float64) [][]float64 {
	t.Helper()
	return takeSteps(t, optimizer{2, func(params *graph.Node, state []*graph.Node, gradient, lr, step *graph.Node) []*graph.Node {
		newParams, m := adam.Step(params, optim.Moments{Mean: state[0], Square: state[1]}, gradient, lr, step)
		return []*graph.Node{newParams, m.Mean, m.Square}
	}}, dtype, params, lrs, gradient)
}

// TestAdamStepsAreAsLongAsTheRate checks that a constant gradient of any size
// moves every parameter by the learning rate at every step, in float32, where
// 1 − 0.999 has lost digits.
func TestAdamStepsAreAsLongAsTheRate(t *testing.T) {
	adam := optim.Adam{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-12}
	const steps = 20
	lrs, gradient := make([]float64, steps), []float64{1e-4, -30, 2e3}
	for i := range lrs {
		lrs[i] = 1
	}
	after := adamSteps(t, adam, dtypes.Float32, make([]float64, 3), lrs, func(int, []float64) []float64 { return gradient })
	for step, params := range after {
		far := float64(step + 1)
		testkit.Within(t, "parameters", params, []float64{-far, far, -far}, 2e-6*far)
	}
}

// TestAdamWithoutBetas is a step along the signs of the gradient.
func TestAdamWithoutBetas(t *testing.T) {
	adam := optim.Adam{Beta2: 1e-300, Epsilon: 1e-30}
	after := adamSteps(t, adam, dtypes.Float64, []float64{1, 1}, []float64{0.5}, func(int, []float64) []float64 { return []float64{7, -7} })
	testkit.Within(t, "parameters", after[0], []float64{0.5, 1.5}, 1e-12)
}

func TestAdamValidate(t *testing.T) {
	good := optim.Adam{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
	for _, c := range []struct {
		change func(a *optim.Adam)
		want   string // part of the error, "" for none
	}{
		{func(a *optim.Adam) {}, ""},
		{func(a *optim.Adam) { a.Beta1 = 0 }, ""},
		{func(a *optim.Adam) { a.LR = math.NaN() }, "lr NaN"},
		{func(a *optim.Adam) { a.Beta1 = 1 }, "beta1 1"},
		{func(a *optim.Adam) { a.Beta2 = 0 }, "beta2 0"},
		{func(a *optim.Adam) { a.Epsilon = 0 }, "epsilon 0"},
		{func(a *optim.Adam) { a.WeightDecay = -1 }, "weight_decay -1"},
	} {
		a := good
		c.change(&a)
		for name, err := range map[string]error{"Adam: ": a.Validate(), "AdamW: ": optim.AdamW(a).Validate()} {
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), name+c.want) {
				t.Errorf("%+v: error %v, want one about %q", a, err, name+c.want)
			}
		}
	}
}
