package op_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/op"
)

// withGradient returns f(x) and the gradient of Σ f(x)·(1, 2, 3, …).
func withGradient(t *testing.T, dtype dtypes.DType, x testkit.Array, f func(x *graph.Node) *graph.Node) (y, dx []float64) {
	t.Helper()
	out := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		y := f(in[0])
		weights := graph.AddScalar(graph.Iota(y.Graph(), y.Shape().Clone(), 0), 1)
		return []*graph.Node{y, graph.Gradient(graph.ReduceAllSum(graph.Mul(y, weights)), in[0])[0]}
	}, x.Tensor(dtype))
	return out[0], out[1]
}

func vector(values ...float64) testkit.Array {
	return testkit.Array{Shape: []int{len(values)}, Data: values}
}

func TestReLU(t *testing.T) {
	y, dx := withGradient(t, dtypes.Float32, vector(-2, 0, 3, math.Copysign(0, -1), 1e-30), op.ReLU)
	if y = y[:3]; !slices.Equal(y, []float64{0, 0, 3}) || !slices.Equal(dx, []float64{0, 0, 3, 0, 5}) {
		t.Errorf("ReLU and gradient %g %g, want [0 0 3] [0 0 3 0 5]", y, dx)
	}
	if y, _ = withGradient(t, dtypes.Float32, vector(math.NaN()), op.ReLU); !math.IsNaN(y[0]) {
		t.Errorf("ReLU of NaN is %g, want NaN", y)
	}
}

// TestGELU compares value and gradient with x·Φ(x) and Φ(x) + x·φ(x).
func TestGELU(t *testing.T) {
	x := []float64{-3, -0.5, 0, 0.7, 4}
	y, dx := withGradient(t, dtypes.Float64, vector(x...), op.GELU)
	for i, v := range x {
		below := (1 + math.Erf(v/math.Sqrt2)) / 2
		testkit.Within(t, "GELU", y[i:i+1], []float64{v * below}, 1e-12)
		slope := below + v*math.Exp(-v*v/2)/math.Sqrt(2*math.Pi)
		testkit.Within(t, "gradient", dx[i:i+1], []float64{slope * float64(i+1)}, 1e-12)
	}
}

func TestRsqrt(t *testing.T) {
	x := []float64{0.25, 1, 9, 1e-5}
	y, dx := withGradient(t, dtypes.Float64, vector(x...), graph.Rsqrt)
	for i, v := range x {
		testkit.NearScalar(t, "1/√x", y[i], 1/math.Sqrt(v), 1e-12)
		testkit.NearScalar(t, "gradient", dx[i], -0.5*math.Pow(v, -1.5)*float64(i+1), 1e-12)
	}
}

func TestNormalize(t *testing.T) {
	x := testkit.Array{Shape: []int{4, 2}, Data: []float64{3, 4, 0, 0, -1e-9, 0, 1e15, 1e15}}
	for _, dtype := range []dtypes.DType{dtypes.Float64, dtypes.Float32} {
		y, dx := withGradient(t, dtype, x, op.Normalize)
		testkit.Within(t, "rows", y, []float64{0.6, 0.8, 0, 0, -1, 0, math.Sqrt2 / 2, math.Sqrt2 / 2}, 1e-6)
		for i, v := range dx {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s: gradient %d is %g", dtype, i, v)
			}
		}
		// d(x/|x|) = (I − yyᵀ)/|x|: with weights (1, 1) the gradient is ((1,1) − 1.4·y)/5.
		testkit.Within(t, "gradient", dx[:2], []float64{(1 - 1.4*0.6) / 5, (1 - 1.4*0.8) / 5}, 1e-6)
	}
}

func TestNorm(t *testing.T) {
	x := testkit.Array{Shape: []int{2, 2}, Data: []float64{3, 0, -2, 6}}
	y, dx := withGradient(t, dtypes.Float64, x, func(x *graph.Node) *graph.Node { return graph.Reshape(op.Norm(x), 1) })
	testkit.Within(t, "norm", y, []float64{7}, 1e-12)
	testkit.Within(t, "gradient", dx, []float64{3. / 7, 0, -2. / 7, 6. / 7}, 1e-12)
}

func TestNormalizeWidens(t *testing.T) {
	testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		for _, c := range []struct{ from, to dtypes.DType }{
			{dtypes.BFloat16, dtypes.Float32}, {dtypes.Float16, dtypes.Float32},
			{dtypes.Float32, dtypes.Float32}, {dtypes.Float64, dtypes.Float64},
		} {
			if got := op.Normalize(graph.ConvertDType(in[0], c.from)).DType(); got != c.to {
				t.Errorf("Normalize of %s has type %s, want %s", c.from, got, c.to)
			}
		}
		return in
	}, matrix(1, 2, 2).Tensor(dtypes.Float32))
}

func TestLogSumExp(t *testing.T) {
	inf := math.Inf(-1)
	x := testkit.Array{Shape: []int{4, 3}, Data: []float64{1, 2, 3, 1e4, 1e4, inf, -1e4, -1e4, -1e4, 5, inf, inf}}
	y, dx := withGradient(t, dtypes.Float32, x, op.LogSumExp)
	e1, e2 := math.Exp(-1), math.Exp(-2)
	testkit.Within(t, "value", y, []float64{3 + math.Log(1+e1+e2), 1e4 + math.Ln2, -1e4 + math.Log(3), 5}, 1e-3)
	sum := 1 + e1 + e2
	testkit.Within(t, "gradient", dx, []float64{e2 / sum, e1 / sum, 1 / sum, 1, 1, 0, 1, 1, 1, 4, 0, 0}, 1e-6)
}

// TestReverse reverses rows, and their gradients.
func TestReverse(t *testing.T) {
	x := testkit.Array{Shape: []int{3, 2}, Data: []float64{1, 2, 3, 4, 5, 6}}
	y, dx := withGradient(t, dtypes.Float32, x, func(x *graph.Node) *graph.Node {
		reversed := op.Reverse(x)
		return graph.Mul(reversed, graph.Reshape(graph.Const(x.Graph(), []float32{1, 10, 100}), 3, 1))
	})
	if !slices.Equal(y, []float64{5, 6, 30, 40, 100, 200}) || !slices.Equal(dx, []float64{300, 300, 20, 20, 1, 1}) {
		t.Errorf("reversed rows %g with gradient %g", y, dx)
	}
}
