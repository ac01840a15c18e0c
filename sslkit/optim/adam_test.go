package optim_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/optim"
)

// TestAdamStepsAreAsLongAsTheRate checks that a constant gradient of any size
// moves every parameter by the learning rate at every step, in float32, where
// 1 − 0.999 has lost digits.
func TestAdamStepsAreAsLongAsTheRate(t *testing.T) {
	adam := optim.Adam{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-12}
	const steps = 20
	three := []nn.Variable{{Path: "w", Dims: []int{3}}}
	lrs, gradient := make([]float64, steps), []float64{1e-4, -30, 2e3}
	for i := range lrs {
		lrs[i] = 1
	}
	after := course{optimizer: adam, variables: three}.take(t, dtypes.Float32, make([]float64, 3), lrs, func(int, []float64) []float64 { return gradient })
	for step, params := range after {
		far := float64(step + 1)
		testkit.Within(t, "parameters", params, []float64{-far, far, -far}, 2e-6*far)
	}
}

// TestAdamWithoutBetas is a step along the signs of the gradient.
func TestAdamWithoutBetas(t *testing.T) {
	adam := optim.Adam{Beta2: 1e-300, Epsilon: 1e-30}
	two := []nn.Variable{{Path: "w", Dims: []int{2}}}
	after := course{optimizer: adam, variables: two}.take(t, dtypes.Float64, []float64{1, 1}, []float64{0.5}, func(int, []float64) []float64 { return []float64{7, -7} })
	testkit.Within(t, "parameters", after[0], []float64{0.5, 1.5}, 1e-12)
}

func TestAdamValidate(t *testing.T) {
	good := optim.Adam{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
	for _, c := range []struct {
		change func(a *optim.Adam)
		want   string // part of the error, "" for none
	}{
		{func(a *optim.Adam) {}, ""},
		{func(a *optim.Adam) { a.Beta1 = 0 }, ""},
		{func(a *optim.Adam) { a.Beta1 = 1 }, "beta1 1"},
		{func(a *optim.Adam) { a.Beta2 = 0 }, "beta2 0"},
		{func(a *optim.Adam) { a.Epsilon = 0 }, "epsilon 0"},
		{func(a *optim.Adam) { a.Epsilon = math.NaN() }, "epsilon NaN"},
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
