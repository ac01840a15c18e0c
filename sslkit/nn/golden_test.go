package nn_test

import (
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

type layerCase struct {
	Kernel, Stride, Splits int
	X, Y, DX, DY           testkit.Array
	Weight                 testkit.Array  // of batch norm
	Bias                   *testkit.Array // of batch norm and linear
	DBias                  testkit.Array
	WeightOIHW             testkit.Array `json:"weight_oihw"`
	DWeightOIHW            testkit.Array `json:"dweight_oihw"`
	WeightOutIn            testkit.Array `json:"weight_out_in"`
	DWeightOutIn           testkit.Array `json:"dweight_out_in"`
	DXRows013              testkit.Array `json:"dx_rows_0_1_3"`
	Train, Eval            normPass
}

// goldenLayers says how the reference cases are checked whose name starts with
// the prefix, and the absolute tolerance in float32.
var goldenLayers = []struct {
	prefix  string
	float32 float64
	check   func(t *testing.T, c layerCase, in arithmetic)
}{
	{"batchnorm", 1e-5, checkBatchNorm},
	{"splitbatchnorm", 1e-5, checkBatchNorm},
	{"conv", 2e-6, checkConv},
	{"linear", 2e-6, checkDense},
	{"maxpool", 2e-6, func(t *testing.T, c layerCase, in arithmetic) {
		testkit.XLA(t) // the pure-Go backend has no gradient of it
		checkPlain(t, c, in, func(x *graph.Node) *graph.Node { return nn.MaxPool(x, c.Kernel, c.Stride) })
	}},
	{"global_average_pool", 2e-6, func(t *testing.T, c layerCase, in arithmetic) {
		checkPlain(t, c, in, nn.GlobalAveragePool)
	}},
	{"relu", 0, func(t *testing.T, c layerCase, in arithmetic) {
		c.DY = testkit.Array{Shape: c.X.Shape, Data: []float64{1, 1, 1, 1, 1}}
		checkPlain(t, c, in, op.ReLU)
	}},
	{"row_normalise", 2e-6, func(t *testing.T, c layerCase, in arithmetic) {
		checkPlain(t, c, in, op.Normalize)
	}},
}

// An arithmetic is a precision, and how near the reference its results are.
type arithmetic struct {
	device.Precision
	tolerance float64 // absolute in float32, in float64 relative to the root mean square
}

func (in arithmetic) near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if in.Precision == device.F64 {
		testkit.Near(t, what, got, want, in.tolerance)
	} else {
		testkit.Within(t, what, got, want, in.tolerance)
	}
}

func TestGoldenLayers(t *testing.T) {
	for _, golden := range testkit.Cases(t, "layers") {
		t.Run(golden.File+"/"+golden.Name, func(t *testing.T) {
			if strings.HasPrefix(golden.Name, "basicblock") {
				t.Skip("checked in package backbone")
			}
			for _, l := range goldenLayers {
				if strings.HasPrefix(golden.Name, l.prefix) {
					var c layerCase
					golden.Decode(t, &c)
					t.Run("f64", func(t *testing.T) { l.check(t, c, arithmetic{device.F64, 1e-10}) })
					t.Run("f32", func(t *testing.T) { l.check(t, c, arithmetic{device.F32, l.float32}) })
					return
				}
			}
			t.Fatal("the test does not know the layer")
		})
	}
}

// newLayer makes a model of one layer.
func newLayer(t *testing.T, precision device.Precision, x testkit.Array, layer func(scope *nn.Scope, x *graph.Node) *graph.Node) *testkit.Model {
	t.Helper()
	return testkit.NewModel(t, testkit.Any(t), nn.Mode{Precision: precision}, func(scope *nn.Scope, inputs []*graph.Node) *graph.Node {
		return layer(scope, inputs[0])
	}, x)
}

func checkConv(t *testing.T, c layerCase, in arithmetic) {
	m := newLayer(t, in.Precision, c.X, func(scope *nn.Scope, x *graph.Node) *graph.Node {
		return nn.Conv(scope, x, c.WeightOIHW.Shape[0], c.Kernel, c.Stride)
	})
	m.SetParam(t, "weight", testkit.Kernel(c.WeightOIHW).Data)
	got := m.Pass(t, true, testkit.Upstream(c.DY), c.X)
	in.near(t, "y", got.Y, c.Y.Data)
	in.near(t, "dx", got.DInputs[0], c.DX.Data)
	in.near(t, "dweight", got.DParams, testkit.Kernel(c.DWeightOIHW).Data)
}

// TestStridedPoints compares the convolutions of a GPU that skip pixels with those of a CPU.
func TestStridedPoints(t *testing.T) {
	for _, size := range []int{6, 7} {
		x := testkit.Array{Shape: []int{2, size, size, 3}, Data: testkit.G(1, 2*size*size, 3)}
		pass := func(joint bool) testkit.Outcome {
			return testkit.NewModel(t, testkit.Any(t), nn.Mode{Precision: device.F64, JointViews: joint}, func(scope *nn.Scope, inputs []*graph.Node) *graph.Node {
				return nn.Conv(scope, inputs[0], 4, 1, 2)
			}, x).Pass(t, true, testkit.SumSquares, x)
		}
		got, want := pass(true), pass(false)
		testkit.Near(t, "y", got.Y, want.Y, 1e-12)
		testkit.Near(t, "gradient of x", got.DInputs[0], want.DInputs[0], 1e-12)
		testkit.Near(t, "gradient of the weights", got.DParams, want.DParams, 1e-12)
	}
}

func checkDense(t *testing.T, c layerCase, in arithmetic) {
	m := newLayer(t, in.Precision, c.X, func(scope *nn.Scope, x *graph.Node) *graph.Node {
		return nn.Dense(scope, x, c.WeightOutIn.Shape[0], c.Bias != nil)
	})
	m.SetParam(t, "weight", testkit.Kernel(c.WeightOutIn).Data)
	if c.Bias != nil {
		m.SetParam(t, "bias", c.Bias.Data)
	}
	got := m.Pass(t, true, testkit.Upstream(c.DY), c.X)
	in.near(t, "y", got.Y, c.Y.Data)
	in.near(t, "dx", got.DInputs[0], c.DX.Data)
	in.near(t, "dweight", testkit.Part(t, m.Vars.Params(), got.DParams, "weight"), testkit.Kernel(c.DWeightOutIn).Data)
	if c.Bias != nil {
		in.near(t, "dbias", testkit.Part(t, m.Vars.Params(), got.DParams, "bias"), c.DBias.Data)
	}
}

// checkPlain checks a function without variables.
func checkPlain(t *testing.T, c layerCase, in arithmetic, f func(x *graph.Node) *graph.Node) {
	dtype := in.ParamDType()
	got := testkit.Run(t, testkit.Any(t), func(x []*graph.Node) []*graph.Node {
		y := f(x[0])
		dx := graph.Gradient(testkit.Upstream(c.DY)(y), x[0])[0]
		return []*graph.Node{y, dx}
	}, c.X.Tensor(dtype))
	in.near(t, "y", got[0], c.Y.Data)
	want := c.DX.Data
	if rows := c.DXRows013; rows.Data != nil { // the gradient of row 2, which is zero, is a convention
		row := rows.Shape[1]
		got[1] = append(got[1][:2*row:2*row], got[1][3*row:]...)
		want = rows.Data
	}
	in.near(t, "dx", got[1], want)
}
