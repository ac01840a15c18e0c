package head_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		head  head.MLP
		valid bool
	}{
		{head.MLP{Layers: 2, Hidden: 1, Out: 1, OutNorm: head.NoNorm}, true},
		{head.MLP{Layers: 3, Hidden: 8, Out: 4, BatchNorm: true, OutNorm: head.PlainNorm}, true},
		{head.MLP{Layers: 2, Out: 4, OutNorm: head.NoNorm}, false},
		{head.MLP{Layers: 2, Hidden: 8, OutNorm: head.NoNorm}, false},
		{head.MLP{Layers: 2, Hidden: -1, Out: 4, OutNorm: head.NoNorm}, false},
		{head.MLP{Layers: 1, Hidden: 8, Out: 4, OutNorm: head.NoNorm}, false},
		{head.MLP{Layers: 2, Hidden: 8, Out: 4}, false},
		{head.MLP{Layers: 2, Hidden: 8, Out: 4, LayerNorm: true, OutNorm: head.NoNorm}, true},
		{head.MLP{Layers: 2, Hidden: 8, Out: 4, LayerNorm: true, BatchNorm: true, OutNorm: head.NoNorm}, false},
		{head.MLP{Layers: 3, Hidden: 8, Out: 4, BatchNorm: true, SharedNorm: true, InitStd: 0.02, OutNorm: head.NoNorm}, true},
		{head.MLP{Layers: 3, Hidden: 8, Out: 4, SharedNorm: true, OutNorm: head.NoNorm}, false},
		{head.MLP{Layers: 2, Hidden: 8, Out: 4, InitStd: -1, OutNorm: head.NoNorm}, false},
	} {
		if err := c.head.Validate(); (err == nil) != c.valid {
			t.Errorf("%+v: error %v, want valid %v", c.head, err, c.valid)
		}
	}
}

var features = testkit.Array{Shape: []int{6, 5}, Data: testkit.G(1, 6, 5)}

func newModel(t *testing.T, p head.MLP) *testkit.Model {
	return testkit.NewModel(t, testkit.Any(t), nn.Mode{Precision: device.F64}, func(scope *nn.Scope, inputs []*graph.Node) *graph.Node {
		return p.Forward(scope, inputs[0])
	}, features)
}

func TestVariables(t *testing.T) {
	for _, c := range []struct {
		head head.MLP
		want string
	}{
		{head.MLP{Layers: 2, OutNorm: head.NoNorm}, "0/weight 0/bias 1/weight 1/bias"},
		{head.MLP{Layers: 2, BatchNorm: true, OutNorm: head.AffineNorm}, "0/weight 0/bn/weight 0/bn/bias 1/weight 1/bn/weight 1/bn/bias"},
		{head.MLP{Layers: 2, BatchNorm: true, OutNorm: head.NoNorm}, "0/weight 0/bn/weight 0/bn/bias 1/weight 1/bias"},
		{head.MLP{Layers: 2, BatchNorm: true, OutNorm: head.NoNorm, AllBiases: true}, "0/weight 0/bias 0/bn/weight 0/bn/bias 1/weight 1/bias"},
		{head.MLP{Layers: 3, BatchNorm: true, SharedNorm: true, OutNorm: head.NoNorm}, "0/weight 0/bn/weight 0/bn/bias 1/weight 2/weight 2/bias"},
		{head.MLP{Layers: 3, BatchNorm: true, OutNorm: head.PlainNorm}, "0/weight 0/bn/weight 0/bn/bias 1/weight 1/bn/weight 1/bn/bias 2/weight"},
		{head.MLP{Layers: 2, LayerNorm: true, OutNorm: head.NoNorm}, "0/weight 0/ln/weight 0/ln/bias 1/weight 1/bias"},
	} {
		c.head.Hidden, c.head.Out = 7, 3
		var got []string
		for _, v := range newModel(t, c.head).Vars.Params() {
			got = append(got, v.Path)
		}
		if !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%+v: parameters %q, want %s", c.head, got, c.want)
		}
	}
}

// TestInitStd draws weights from a normal distribution, and no biases.
func TestInitStd(t *testing.T) {
	m := newModel(t, head.MLP{Layers: 2, Hidden: 500, Out: 400, InitStd: 0.02, OutNorm: head.NoNorm})
	weight := testkit.Part(t, m.Vars.Params(), m.Params, "1/weight")
	testkit.NearScalar(t, "deviation", testkit.Norm(weight)/math.Sqrt(float64(len(weight))), 0.02, 0.02)
	testkit.Within(t, "biases", testkit.Part(t, m.Vars.Params(), m.Params, "1/bias"), make([]float64, 400), 0)
}

// TestSharedNorm checks that two layers move the same running statistics.
func TestSharedNorm(t *testing.T) {
	p := head.MLP{Layers: 3, Hidden: 5, Out: 3, BatchNorm: true, OutNorm: head.NoNorm}
	running := func() (mean []float64) {
		m := newModel(t, p)
		return testkit.Part(t, m.Vars.Buffers(), m.Pass(t, true, nil, features).Buffers, "0/bn/running_mean")
	}
	own := running()
	p.SharedNorm = true
	for i, mean := range running() {
		if math.Abs(mean-0.9*own[i]) < 1e-6 {
			t.Errorf("mean %d is %g: the second layer's part is missing", i, mean)
		}
	}
}

// TestForward compares the heads without batch norm with plain loops.
func TestForward(t *testing.T) {
	relu := func(x float64) float64 { return max(x, 0) }
	gelu := func(x float64) float64 { return x * (1 + math.Erf(x/math.Sqrt2)) / 2 }
	checkForward(t, head.MLP{Layers: 2, Hidden: 7, Out: 3, OutNorm: head.NoNorm}, relu)
	checkForward(t, head.MLP{Layers: 2, Hidden: 7, Out: 3, OutNorm: head.NoNorm, GELU: true}, gelu)
}

func checkForward(t *testing.T, p head.MLP, activation func(float64) float64) {
	m := newModel(t, p)
	dense := func(x []float64, in, out int, layer string) []float64 {
		weight := testkit.Part(t, m.Vars.Params(), m.Params, layer+"/weight")
		bias := testkit.Part(t, m.Vars.Params(), m.Params, layer+"/bias")
		var y []float64
		for row := range len(x) / in {
			for o := range out {
				sum := bias[o]
				for i := range in {
					sum += x[row*in+i] * weight[i*out+o]
				}
				y = append(y, sum)
			}
		}
		return y
	}
	hidden := dense(features.Data, 5, 7, "0")
	for i := range hidden {
		hidden[i] = activation(hidden[i])
	}
	testkit.Near(t, "projection", m.Pass(t, true, nil, features).Y, dense(hidden, 7, 3, "1"), 1e-12)
}

// TestBatchNorm checks that the last layer's outputs are normalised too.
func TestBatchNorm(t *testing.T) {
	z := newModel(t, head.MLP{Layers: 2, Hidden: 7, Out: 3, BatchNorm: true, OutNorm: head.AffineNorm}).Pass(t, true, nil, features).Y
	for column := range 3 {
		mean, square := 0.0, 0.0
		for row := range 6 {
			v := z[row*3+column]
			mean += v / 6
			square += v * v / 6
		}
		if mean*mean > 1e-20 || square < 0.98 || square > 1 {
			t.Errorf("column %d has mean %g and mean square %g, want 0 and just below 1", column, mean, square)
		}
	}
}
