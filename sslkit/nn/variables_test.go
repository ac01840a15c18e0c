package nn_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

var f32 = nn.Mode{Precision: device.F32}

func f32Shape(dims ...int) shapes.Shape { return shapes.Make(dtypes.Float32, dims...) }

// small is a network with every kind of variable.
func small(scope *nn.Scope, inputs []*graph.Node) *graph.Node {
	x := nn.Conv(scope.In("stem"), inputs[0], 4, 3, 1)
	x = nn.GlobalAveragePool(nn.BatchNorm(scope.In("stem/bn"), x, true))
	return nn.Dense(scope.In("head").In("0"), x, 5, true)
}

var smallInput = testkit.Array{Shape: []int{6, 4, 4, 3}, Data: testkit.G(1, 6, 48)}

func newSmall(t *testing.T, mode nn.Mode) *testkit.Model {
	return testkit.NewModel(t, testkit.Any(t), mode, small, smallInput)
}

func TestDeclare(t *testing.T) {
	vars := newSmall(t, f32).Vars
	check := func(what string, list []nn.Variable, want ...string) {
		t.Helper()
		var got []string
		for _, v := range list {
			got = append(got, fmt.Sprintf("%s %v at %d+%d", v.Path, v.Dims, v.Offset, v.Size()))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	check("params", vars.Params(),
		"stem/weight [3 3 3 4] at 0+108",
		"stem/bn/weight [4] at 108+4",
		"stem/bn/bias [4] at 112+4",
		"head/0/weight [4 5] at 116+20",
		"head/0/bias [5] at 136+5")
	check("buffers", vars.Buffers(),
		"stem/bn/running_mean [4] at 0+4",
		"stem/bn/running_var [4] at 4+4")
}

func TestInitial(t *testing.T) {
	vars := newSmall(t, f32).Vars
	params, buffers := vars.Initial(1)
	again, buffersAgain := newSmall(t, nn.Mode{Precision: device.F64, JointViews: true}).Vars.Initial(1)
	if !slices.Equal(params, again) || !slices.Equal(buffers, buffersAgain) {
		t.Error("the same seed gives other values")
	}
	if want := []float64{0, 0, 0, 0, 1, 1, 1, 1}; !slices.Equal(buffers, want) {
		t.Errorf("buffers %v, want %v", buffers, want)
	}
	if want := []float64{1, 1, 1, 1, 0, 0, 0, 0}; !slices.Equal(params[108:116], want) {
		t.Errorf("batch norm %v, want %v", params[108:116], want)
	}
	other, _ := vars.Initial(2)
	for _, part := range [][2]int{{0, 108}, {116, 141}} {
		for i := part[0]; i < part[1]; i++ {
			if params[i] == other[i] {
				t.Errorf("parameter %d is %g with seeds 1 and 2", i, params[i])
			}
			if slices.Contains(params[:i], params[i]) {
				t.Errorf("parameter %d has the value %g of an earlier one", i, params[i])
			}
		}
	}
}

// TestBind checks that every variable gets its own part of the flat vector.
func TestBind(t *testing.T) {
	m := newSmall(t, nn.Mode{Precision: device.F64})
	dims := map[string][]int{"head/0/weight": {4, 5}, "stem/bn/bias": {4}}
	got := testkit.Run(t, m.Device, func(in []*graph.Node) []*graph.Node {
		model := m.Vars.Bind(m.Mode, in[0], in[1])
		return []*graph.Node{
			model.In("head").In("0").Param("weight", nil, dims["head/0/weight"]...),
			model.In("stem").In("bn").Param("bias", nil, dims["stem/bn/bias"]...),
			model.In("stem/bn").Buffer("running_var", nil, 4),
			model.BuffersAfter(),
		}
	}, testkit.Tensor(dtypes.Float64, m.Params, len(m.Params)), testkit.Tensor(dtypes.Float64, []float64{0, 1, 2, 3, 4, 5, 6, 7}, 8))
	if !slices.Equal(got[0], m.Params[116:136]) || !slices.Equal(got[1], m.Params[112:116]) {
		t.Errorf("parameters are cut out at the wrong place: %v", got[:2])
	}
	if fmt.Sprint(got[2]) != "[4 5 6 7]" || fmt.Sprint(got[3]) != "[0 1 2 3 4 5 6 7]" {
		t.Errorf("buffers %v", got[2:])
	}
}

// TestGradientOrder checks the flat gradient of Σ (i+1)·param i.
func TestGradientOrder(t *testing.T) {
	x := testkit.Array{Shape: []int{2}, Data: []float64{3, 4}}
	m := testkit.NewModel(t, testkit.Any(t), nn.Mode{Precision: device.F64}, func(scope *nn.Scope, in []*graph.Node) *graph.Node {
		a := scope.Param("a", nn.Constant(1), 2)
		b := scope.Param("b", nn.Constant(1), 1, 3)
		again := scope.Param("a", nn.Constant(1), 2)
		sum := graph.Add(graph.ReduceAllSum(graph.Mul(a, in[0])), graph.MulScalar(graph.ReduceAllSum(b), 7))
		return graph.Add(sum, graph.ReduceAllSum(again))
	}, x)
	got := m.Pass(t, true, graph.ReduceAllSum, x)
	if fmt.Sprint(got.DParams, got.Buffers) != "[4 5 7 7 7] []" {
		t.Errorf("gradient %v, buffers %v", got.DParams, got.Buffers)
	}
}

func TestSetBuffer(t *testing.T) {
	x := testkit.Array{Shape: []int{2}, Data: []float64{3, 4}}
	m := testkit.NewModel(t, testkit.Any(t), nn.Mode{Precision: device.F64}, func(scope *nn.Scope, in []*graph.Node) *graph.Node {
		scope.Buffer("kept", nn.Constant(9), 1)
		before := scope.Buffer("sum", nn.Constant(10), 2)
		scope.SetBuffer("sum", graph.Add(before, in[0]))
		scope.SetBuffer("sum", graph.Add(scope.Buffer("sum", nn.Constant(10), 2), in[0]))
		return scope.Buffer("sum", nn.Constant(10), 2)
	}, x)
	got := m.Pass(t, true, graph.ReduceAllSum, x)
	if fmt.Sprint(got.Y, got.Buffers) != "[16 18] [9 16 18]" {
		t.Errorf("value %v, buffers after %v", got.Y, got.Buffers)
	}
	if fmt.Sprint(got.DInputs) != "[[0 0]]" {
		t.Errorf("gradient %v flows through a buffer", got.DInputs)
	}
}

// TestSetParam makes the rows of a weight as long as 1 outside of the gradient.
func TestSetParam(t *testing.T) {
	x := testkit.Array{Shape: []int{2}, Data: []float64{3, 4}}
	build := func(scope *nn.Scope, in []*graph.Node) *graph.Node {
		scope.Param("before", nn.Constant(7), 1)
		w := scope.Param("w", nn.Constant(2), 2)
		scope.SetParam("w", graph.Mul(w, w))
		w = scope.Param("w", nil, 2)
		return graph.Add(graph.ReduceAllSum(graph.Mul(graph.Mul(w, w), in[0])), graph.ReduceAllSum(scope.Param("after", nn.Constant(5), 1)))
	}
	m := testkit.NewModel(t, testkit.Any(t), nn.Mode{Precision: device.F64}, func(scope *nn.Scope, in []*graph.Node) *graph.Node {
		return graph.Add(build(scope, in), graph.ReduceAllSum(scope.Param("before", nil, 1)))
	}, x)
	if got := m.Pass(t, true, graph.ReduceAllSum, x); fmt.Sprint(got.Y, got.DParams) != "[124] [1 24 32 1]" {
		t.Errorf("value %v and gradient %v, want those at w = 4", got.Y, got.DParams)
	}
	after := testkit.Run(t, m.Device, func(in []*graph.Node) []*graph.Node {
		model := m.Vars.Bind(m.Mode, in[0], graph.Zeros(in[0].Graph(), shapes.Make(dtypes.Float64, 0)))
		unchanged := model.ParamsAfter()
		build(model.Scope, in[1:])
		return []*graph.Node{unchanged, model.ParamsAfter()}
	}, testkit.Tensor(dtypes.Float64, m.Params, 4), x.Tensor(dtypes.Float64))
	if fmt.Sprint(after) != "[[7 2 2 5] [7 4 4 5]]" {
		t.Errorf("parameters before and after %v", after)
	}
}

// TestRedrawn draws a part of a target network for itself.
func TestRedrawn(t *testing.T) {
	d := testkit.Open(t, device.Go)
	vars, err := nn.Declare(d.Backend, f32, func(scope *nn.Scope) {
		target := scope.Target(graph.Scalar(scope.Graph(), dtypes.Float64, 0.9))
		target.In("a").Param("w", nn.Normal(1), 3)
		target.In("b").Redrawn().In("c").Param("w", nn.Normal(1), 3)
	})
	if err != nil {
		t.Fatal(err)
	}
	params, buffers := vars.Initial(3)
	if !slices.Equal(params[:3], buffers[:3]) {
		t.Errorf("the target starts with %v, want a copy of %v", buffers[:3], params[:3])
	}
	for i := 3; i < 6; i++ {
		if params[i] == buffers[i] || buffers[i] == buffers[i-3] || buffers[i] == 0 {
			t.Errorf("redrawn values %v of a target, those of the online network are %v", buffers[3:], params[3:])
		}
	}
}

func TestPanics(t *testing.T) {
	d := testkit.Open(t, device.Go)
	vars := newSmall(t, f32).Vars
	vector := func(g *graph.Graph, n int) *graph.Node { return graph.Zeros(g, f32Shape(n)) }
	for _, c := range []struct {
		text  string
		build func(m nn.Model)
	}{
		{`"stem/weight" has shape (Float32)[3 3 3 4], asked for with [4]`, func(m nn.Model) {
			m.In("stem").Param("weight", nil, 3, 3, 3, 4)
			m.In("stem").Param("weight", nil, 4)
		}},
		{`"head/0/weight" was declared with dimensions [4 5], asked for with [5 4]`, func(m nn.Model) {
			m.In("head/0").Param("weight", nil, 5, 4)
		}},
		{`"new" was not there`, func(m nn.Model) { m.Param("new", nil, 1) }},
		{`there is no variable "running_mean"`, func(m nn.Model) { m.SetBuffer("running_mean", vector(m.Graph(), 4)) }},
		{`"stem/bn/running_mean" has shape`, func(m nn.Model) {
			m.In("stem/bn").Buffer("running_mean", nil, 4)
			m.In("stem/bn").SetBuffer("running_mean", vector(m.Graph(), 5))
		}},
		{`there is no trained variable "w"`, func(m nn.Model) { m.SetParam("w", vector(m.Graph(), 4)) }},
		{`there is no trained variable "stem/bn/running_mean"`, func(m nn.Model) {
			m.In("stem/bn").Buffer("running_mean", nil, 4)
			m.In("stem/bn").SetParam("running_mean", vector(m.Graph(), 4))
		}},
		{`"head/0/bias" has shape (Float32)[5], not (Float32)[4]`, func(m nn.Model) {
			m.In("head/0").Param("bias", nil, 5)
			m.In("head/0").SetParam("bias", vector(m.Graph(), 4))
		}},
		{`does not use parameter "stem/weight"`, func(m nn.Model) {
			m.Gradient(graph.ReduceAllSum(m.In("head/0").Param("bias", nil, 5)))
		}},
	} {
		testkit.Panics(t, d, c.text, func(g *graph.Graph) { c.build(vars.Bind(f32, vector(g, 141), vector(g, 8))) })
	}
	testkit.Panics(t, d, "want [8]", func(g *graph.Graph) { vars.Bind(f32, vector(g, 141), vector(g, 9)) })

	if _, err := nn.Declare(d.Backend, f32, func(scope *nn.Scope) {
		scope.Param("w", nn.Constant(0), 1)
		scope.Param("w", nn.Constant(0), 2)
	}); err == nil || !strings.Contains(err.Error(), `"w" has shape`) {
		t.Errorf("Declare: error %v, want the model's panic", err)
	}
}
