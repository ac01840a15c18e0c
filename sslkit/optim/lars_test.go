package optim_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

// larsStep makes one step with rate 1 and without momentum, and returns how far
// each parameter went.
func larsStep(t *testing.T, lars optim.LARS, params, gradient []float64) []float64 {
	t.Helper()
	after := course{optimizer: lars}.take(t, dtypes.Float64, params, []float64{1}, func(int, []float64) []float64 { return gradient })[0]
	moved := make([]float64, len(params))
	for i := range moved {
		moved[i] = params[i] - after[i]
	}
	return moved
}

// TestLARSStepsAreAsLongAsWeights checks that without weight decay worth the
// name, each tensor moves by trust times its norm, whatever the gradient's.
func TestLARSStepsAreAsLongAsWeights(t *testing.T) {
	lars := optim.LARS{Trust: 0.01, WeightDecay: schedule.Constant(1e-12)}
	params, gradient := start(), gradientAt(3)
	params[10], params[11] = 3, 4
	for i := range gradient {
		gradient[i] *= math.Pow(1000, float64(i/5))
	}
	moved := larsStep(t, lars, params, gradient)
	for _, v := range startTensors {
		part := func(x []float64) []float64 { return x[v.Offset : v.Offset+v.Size()] }
		testkit.NearScalar(t, "step of "+v.Path, testkit.Norm(part(moved)), 0.01*testkit.Norm(part(params)), 1e-9)
		cos := 0.0
		for i := range part(moved) {
			cos += part(moved)[i] * part(gradient)[i]
		}
		testkit.NearScalar(t, "direction of "+v.Path, cos/testkit.Norm(part(moved))/testkit.Norm(part(gradient)), 1, 1e-9)
	}
}

// TestLARSLeavesAlone checks the tensors that are not scaled: without weights,
// without gradient, without weight decay, and vectors if they are skipped.
func TestLARSLeavesAlone(t *testing.T) {
	lars := optim.LARS{Trust: 0.01, WeightDecay: schedule.Constant(0.1)}
	gradient := gradientAt(1)
	clear(gradient[6:10])
	moved := larsStep(t, lars, start(), gradient)
	testkit.Near(t, "no weights", moved[10:], gradient[10:], 1e-12)
	testkit.Within(t, "no gradient", moved[6:10], gradient[6:10], 0)

	testkit.Near(t, "no weight decay", larsStep(t, optim.LARS{Trust: 0.01}, start(), gradient), gradient, 1e-12)

	lars.SkipVectors = true
	gradient = gradientAt(2)
	skipped := larsStep(t, lars, start(), gradient)
	testkit.Near(t, "vectors skipped", skipped[6:], gradient[6:], 1e-12)
	if math.Abs(skipped[0]-gradient[0]) < 0.1 {
		t.Errorf("a matrix moved by its gradient %g", gradient[0])
	}
}

func TestLARSPanics(t *testing.T) {
	d := testkit.Open(t, device.Go)
	for text, tensors := range map[string][]nn.Variable{
		`tensor "bias" begins at 5, want 6`: {{Path: "weight", Dims: []int{2, 3}}, {Path: "bias", Dims: []int{6}, Offset: 5}},
		"tensors of 6 elements, want 12":    {{Path: "weight", Dims: []int{2, 3}}},
	} {
		testkit.Panics(t, d, text, func(g *graph.Graph) {
			vector := graph.Zeros(g, shapes.Make(dtypes.Float32, 12))
			optim.LARS{Trust: 1, WeightDecay: schedule.Constant(1)}.Step(optim.Update{
				Params: vector, Slots: []*graph.Node{vector}, Gradient: vector, LR: graph.Scalar(g, dtypes.Float32, 1), Variables: tensors,
			})
		})
	}
}

func TestLARSValidate(t *testing.T) {
	good := optim.LARS{Momentum: 0.9, WeightDecay: schedule.Constant(1e-4), Trust: 0.001, Epsilon: 1e-8}
	for _, c := range []struct {
		change func(l *optim.LARS)
		want   string // part of the error, "" for none
	}{
		{func(l *optim.LARS) {}, ""},
		{func(l *optim.LARS) { l.Momentum = 1 }, "LARS: momentum 1"},
		{func(l *optim.LARS) { l.WeightDecay = schedule.Constant(-1) }, "LARS: weight_decay -1"},
		{func(l *optim.LARS) { l.Trust = 0 }, "LARS: trust 0"},
		{func(l *optim.LARS) { l.Trust = math.NaN() }, "LARS: trust NaN"},
		{func(l *optim.LARS) { l.Epsilon = -1 }, "LARS: epsilon -1"},
	} {
		l := good
		c.change(&l)
		err := l.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want one about %q", l, err, c.want)
		}
	}
}

// TestLARSClips checks that a tensor moves by its ratio where that is below the
// learning rate, and by the learning rate elsewhere.
func TestLARSClips(t *testing.T) {
	const lr = 0.03
	lars := optim.LARS{Trust: 0.02, WeightDecay: schedule.Constant(0.1), Epsilon: 1e-8, Clip: true}
	params, gradient := start(), gradientAt(3)
	for i := range gradient {
		gradient[i] *= math.Pow(100, float64(i/5)-1)
	}
	after := course{optimizer: lars}.take(t, dtypes.Float64, params, []float64{lr}, func(int, []float64) []float64 { return gradient })[0]
	clipped := 0
	for _, v := range startTensors {
		w, g := params[v.Offset:v.Offset+v.Size()], gradient[v.Offset:v.Offset+v.Size()]
		rate, decay := 0.02*testkit.Norm(w)/(testkit.Norm(g)+0.1*testkit.Norm(w)+1e-8), 0.1
		switch {
		case testkit.Norm(w) == 0:
			rate, decay = lr, 0
		case rate > lr:
			rate = lr
			clipped++
		}
		for i := range w {
			testkit.NearScalar(t, v.Path, after[v.Offset+i], w[i]-rate*(g[i]+decay*w[i]), 1e-9)
		}
	}
	if clipped == 0 || clipped == len(startTensors) {
		t.Errorf("%d of %d tensors are clipped, want some", clipped, len(startTensors))
	}
}
