package nn_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
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

// TestBatchNormFarFromZero checks the statistics of values that lie far from 0, with one
// among them that lies far from all others, wherever it is: rounding must be relative to
// their spread.
func TestBatchNormFarFromZero(t *testing.T) {
	const batch, side = 48, 4
	for _, splits := range []int{1, 4} {
		x := testkit.Array{Shape: []int{batch, side, side, 1}, Data: make([]float64, batch*side*side)}
		split := func(i int) int { return i / side / side % splits }
		fill := func() {
			for i := range x.Data {
				x.Data[i] = 1000 + float64(i*7919%256)/256
			}
		}
		for _, joint := range []bool{false, true} {
			m := testkit.NewModel(t, testkit.Any(t), nn.Mode{Precision: device.F32, JointViews: joint},
				func(scope *nn.Scope, in []*graph.Node) *graph.Node { return nn.SplitBatchNorm(scope, in[0], splits) }, x)
			for outlier := 0; outlier < len(x.Data); outlier += side * side {
				fill()
				x.Data[outlier] = -1000
				got := testkit.Part(t, m.Vars.Buffers(), m.Pass(t, true, nil, x).Buffers, "running_var")
				for s := range splits {
					var values []float64
					for i, v := range x.Data {
						if split(i) == s {
							values = append(values, v)
						}
					}
					what := fmt.Sprintf("joint %t, outlier %d: variance of split %d of %d", joint, outlier, s, splits)
					testkit.NearScalar(t, what, got[s], 0.9+0.1*variance(values), 1e-5)
				}
			}
		}
	}
}

// variance is the unbiased one.
func variance(values []float64) float64 {
	mean, squares := 0.0, 0.0
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return squares / float64(len(values)-1)
}

// TestBatchNormReLU compares it with the two in turn.
func TestBatchNormReLU(t *testing.T) {
	x := testkit.Array{Shape: []int{8, 3, 3, 2}, Data: testkit.G(1, 8*9, 2)}
	dy := testkit.Array{Shape: x.Shape, Data: testkit.G(2, 8*9, 2)}
	for _, precision := range []device.Precision{device.F32, device.BF16, device.F64} {
		for _, training := range []bool{true, false} {
			pass := func(forward func(scope *nn.Scope, x *graph.Node) *graph.Node) testkit.Outcome {
				m := newLayer(t, precision, x, forward)
				m.SetParam(t, "weight", []float64{-0.7, 1.3})
				m.SetParam(t, "bias", []float64{0.2, -0.4})
				return m.Pass(t, training, func(y *graph.Node) *graph.Node { return testkit.Upstream(dy)(op.Widen(y)) }, x)
			}
			got := pass(func(scope *nn.Scope, x *graph.Node) *graph.Node { return nn.SplitBatchNormReLU(scope, x, 2) })
			want := pass(func(scope *nn.Scope, x *graph.Node) *graph.Node { return op.ReLU(nn.SplitBatchNorm(scope, x, 2)) })
			for what, values := range map[string][2][]float64{
				"y": {got.Y, want.Y}, "dx": {got.DInputs[0], want.DInputs[0]},
				"gradient": {got.DParams, want.DParams}, "buffers": {got.Buffers, want.Buffers},
			} {
				testkit.Near(t, fmt.Sprintf("%s, training %t: %s", precision, training, what), values[0], values[1], 1e-6)
			}
			if off := slices.Index(got.Y, 0); off < 0 {
				t.Error("ReLU has nothing to do")
			}
		}
	}
}

// TestConvBatchNorm compares it with the two in turn, with statistics that a training pass
// has moved.
func TestConvBatchNorm(t *testing.T) {
	x := testkit.Array{Shape: []int{4, 6, 6, 3}, Data: testkit.G(1, 4*36, 3)}
	for precision, tolerance := range map[device.Precision]float64{device.F32: 1e-5, device.BF16: 0.03, device.F64: 1e-12} {
		for _, splits := range []int{1, 2} {
			m := newLayer(t, precision, x, func(scope *nn.Scope, x *graph.Node) *graph.Node {
				y := nn.Conv(scope.In("conv"), x, 5, 3, 2)
				return nn.SplitBatchNorm(scope.In("bn"), y, splits)
			})
			m.SetParam(t, "bn/weight", []float64{0.5, -2, 1, 0, 3})
			m.SetParam(t, "bn/bias", []float64{1, -1, 0, 2, 0.5})
			for range 20 {
				m.Buffers = m.Pass(t, true, nil, x).Buffers
			}
			folded := newLayer(t, precision, x, func(scope *nn.Scope, x *graph.Node) *graph.Node {
				return nn.ConvBatchNorm(scope.In("conv"), scope.In("bn"), x, 5, 3, 2, splits, nn.Constant(0))
			})
			folded.Params, folded.Buffers = m.Params, m.Buffers
			got, want := folded.Pass(t, false, nil, x), m.Pass(t, false, nil, x)
			testkit.NearNorm(t, fmt.Sprintf("%s, %d splits", precision, splits), got.Y, want.Y, tolerance)
			testkit.Near(t, "buffers", got.Buffers, want.Buffers, 0)
		}
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

// A batch in parts is normalised as each part would be alone; running statistics take the
// mean of the parts', view by view, in one pass as in several.
func TestNormParts(t *testing.T) {
	const parts, rows, channels = 2, 6, 3
	d := testkit.Any(t)
	var views []*tensors.Tensor
	for v := range 2 {
		views = append(views, testkit.Tensor(dtypes.Float32, testkit.G(40+v, rows, channels), rows, channels))
	}
	whole := nn.Mode{Training: true, Precision: device.F32}
	run := func(mode nn.Mode, forward func(scope *nn.Scope, views []*graph.Node) []*graph.Node) [][]float64 {
		t.Helper()
		vars, err := nn.Declare(d.Backend, mode, func(scope *nn.Scope) {
			zeros := graph.Zeros(scope.Graph(), views[0].Shape())
			forward(scope, []*graph.Node{zeros, zeros})
		})
		if err != nil {
			t.Fatal(err)
		}
		params, buffers := vars.Initial(op.Key(1))
		return testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
			model := vars.Bind(mode, in[2], in[3])
			out := forward(model.Scope, in[:2])
			return append(out, model.BuffersAfter())
		}, views[0], views[1], testkit.Tensor(dtypes.Float32, params, len(params)), testkit.Tensor(dtypes.Float32, buffers, len(buffers)))
	}
	norm := func(scope *nn.Scope, x *graph.Node) *graph.Node { return nn.BatchNorm(scope.In("bn"), x, true) }
	alone := run(whole, func(scope *nn.Scope, views []*graph.Node) []*graph.Node {
		var out []*graph.Node
		for _, view := range views {
			for p := range parts {
				own := scope.In(string(rune('a' + p))) // with running statistics of its own
				out = append(out, norm(own, graph.Slice(view, graph.AxisRange(p*rows/parts, (p+1)*rows/parts))))
			}
		}
		return out
	})
	for _, joint := range []bool{false, true} {
		mode := whole
		mode.JointViews, mode.NormParts = joint, parts
		got := run(mode, func(scope *nn.Scope, views []*graph.Node) []*graph.Node { return nn.PerView(scope, views, norm) })
		for v := range views {
			testkit.Near(t, "view", got[v], slices.Concat(alone[2*v], alone[2*v+1]), 1e-5)
		}
		running := alone[4] // of part a, then of part b
		var want []float64
		for i := range 2 * channels {
			want = append(want, (running[i]+running[2*channels+i])/2)
		}
		testkit.Near(t, "running statistics", got[2], want, 1e-5)
	}
}
