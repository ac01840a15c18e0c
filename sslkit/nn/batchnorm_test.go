package nn_test

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

// A normPass is what a batch norm gives in training or evaluation mode.
type normPass struct {
	Y, DX, DWeight, DBias testkit.Array
	Mean                  testkit.Array  `json:"running_mean"`
	Var                   testkit.Array  `json:"running_var"`
	X2                    *testkit.Array // a second batch
	MeanAfterX2           testkit.Array  `json:"running_mean_after_x2"`
	VarAfterX2            testkit.Array  `json:"running_var_after_x2"`
}

func newBatchNorm(t *testing.T, precision device.Precision, x testkit.Array, splits int) *testkit.Model {
	return newLayer(t, precision, x, func(scope *nn.Scope, x *graph.Node) *graph.Node {
		if splits > 0 {
			return nn.SplitBatchNorm(scope, x, splits)
		}
		return nn.BatchNorm(scope, x, true)
	})
}

func checkBatchNorm(t *testing.T, c layerCase, in arithmetic) {
	m := newBatchNorm(t, in.Precision, c.X, c.Splits)
	m.SetParam(t, "weight", c.Weight.Data)
	m.SetParam(t, "bias", c.Bias.Data)
	part := func(of []float64, path string) []float64 { return testkit.Part(t, m.Vars.Params(), of, path) }
	running := func(when string, mean, variance testkit.Array) {
		t.Helper()
		in.near(t, "running mean "+when, testkit.Part(t, m.Vars.Buffers(), m.Buffers, "running_mean"), mean.Data)
		in.near(t, "running variance "+when, testkit.Part(t, m.Vars.Buffers(), m.Buffers, "running_var"), variance.Data)
	}

	train := m.Pass(t, true, testkit.Upstream(c.DY), c.X)
	in.near(t, "y", train.Y, c.Train.Y.Data)
	dx := in
	if in.Precision == device.F32 {
		dx.tolerance = 1e-3 // a constant channel scales it by 1/√ε
	}
	dx.near(t, "dx", train.DInputs[0], c.Train.DX.Data)
	in.near(t, "dweight", part(train.DParams, "weight"), c.Train.DWeight.Data)
	in.near(t, "dbias", part(train.DParams, "bias"), c.Train.DBias.Data)
	m.Buffers = train.Buffers
	running("after training", c.Train.Mean, c.Train.Var)
	if c.Train.X2 != nil {
		m.Buffers = m.Pass(t, true, nil, *c.Train.X2).Buffers
		running("after the second batch", c.Train.MeanAfterX2, c.Train.VarAfterX2)
	}

	eval := m.Pass(t, false, testkit.Upstream(c.DY), c.X)
	in.near(t, "y in evaluation", eval.Y, c.Eval.Y.Data)
	in.near(t, "dx in evaluation", eval.DInputs[0], c.Eval.DX.Data)
	m.Buffers = eval.Buffers
	if c.Splits == 0 {
		running("after evaluation", c.Eval.Mean, c.Eval.Var)
	}
}

// TestBatchNormOfConstant checks that rounding cannot make a variance negative.
func TestBatchNormOfConstant(t *testing.T) {
	x := testkit.Array{Shape: []int{16, 8, 8, 3}, Data: make([]float64, 16*8*8*3)}
	for i := range x.Data {
		x.Data[i] = []float64{1000.1, -1e4 / 3, 0}[i%3]
	}
	for _, precision := range []device.Precision{device.F32, device.BF16, device.F64} {
		t.Run(string(precision), func(t *testing.T) {
			m := newBatchNorm(t, precision, x, 0)
			got := m.Pass(t, true, testkit.SumSquares, x)
			for what, values := range map[string][]float64{"y": got.Y, "dx": got.DInputs[0], "gradient": got.DParams, "buffers": got.Buffers} {
				for i, v := range values {
					if math.IsNaN(v) || math.IsInf(v, 0) {
						t.Errorf("%s[%d] is %g", what, i, v)
						break
					}
				}
			}
			for _, v := range testkit.Part(t, m.Vars.Buffers(), got.Buffers, "running_var") {
				// The running variance starts at 1 and takes a tenth of the batch's.
				if v < 0.9-1e-6 {
					t.Errorf("running variance %g, want at least 0.9", v)
				}
			}
		})
	}
}

func TestBatchNormWithoutScale(t *testing.T) {
	x := testkit.Array{Shape: []int{6, 5}, Data: testkit.G(1, 6, 5)}
	plain := newLayer(t, device.F64, x, func(scope *nn.Scope, x *graph.Node) *graph.Node {
		return nn.BatchNorm(scope, x, false)
	})
	if n := len(plain.Vars.Params()); n != 0 {
		t.Errorf("a batch norm that is not affine has %d parameters", n)
	}
	want := newBatchNorm(t, device.F64, x, 0).Pass(t, true, nil, x)
	got := plain.Pass(t, true, testkit.SumSquares, x)
	testkit.Near(t, "y", got.Y, want.Y, 1e-12)
	testkit.Near(t, "buffers", got.Buffers, want.Buffers, 1e-12)
}
