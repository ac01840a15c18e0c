package nn_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

// followed is a small network and its target.
func followed(scope *nn.Scope, inputs []*graph.Node) *graph.Node {
	momentum := graph.Scalar(scope.Graph(), dtypes.Float64, 0.9)
	layer := func(network *nn.Scope) *graph.Node {
		return nn.BatchNorm(network.In("bn"), nn.Dense(network.In("0"), inputs[0], 2, true), true)
	}
	return graph.Add(layer(scope.In("online")), layer(scope.Target(momentum)))
}

func newValues(t *testing.T) (v *nn.Values, params, buffers []float64) {
	t.Helper()
	vars := testkit.NewModel(t, testkit.Any(t), f32, followed, testkit.Array{Shape: []int{4, 3}, Data: testkit.G(1, 4, 3)}).Vars
	params, buffers = vars.Initial(1)
	for i := range params {
		params[i] = float64(i)
	}
	for i := range buffers {
		buffers[i] = 100 + float64(i)
	}
	v, err := vars.Values(params, buffers)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vars.Values(params, params); err == nil || !strings.Contains(err.Error(), "vector 1 has 12 numbers, want 20") {
		t.Errorf("error %v", err)
	}
	return v, params, buffers
}

func TestValues(t *testing.T) {
	v, params, _ := newValues(t)
	bias, dims, err := v.Get("online/0/bias")
	if err != nil || !slices.Equal(bias, []float64{6, 7}) || !slices.Equal(dims, []int{2}) {
		t.Fatal(bias, dims, err)
	}
	bias[0], dims[0] = -1, -1
	if again, dims, _ := v.Get("online/0/bias"); again[0] != 6 || dims[0] != 2 || v.Changed() {
		t.Error("what Get returns is no copy")
	}
	if err := v.Set("online/0/bias", bias); err != nil || !slices.Equal(params[5:9], []float64{5, -1, 7, 8}) || !v.Changed() {
		t.Error(params, err)
	}
	if err := v.Set("online/0/bias", bias[:1]); err == nil || !strings.Contains(err.Error(), `"online/0/bias" has 2 numbers, not 1`) {
		t.Errorf("error %v", err)
	}
	if err := v.Set("queue", bias); err == nil || !strings.Contains(err.Error(), `no variable "queue"`) {
		t.Errorf("error %v", err)
	}
}

// The target gets parameters and running statistics, and nothing else changes.
func TestResetTarget(t *testing.T) {
	v, params, buffers := newValues(t)
	if err := v.ResetTarget(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"0/weight", "0/bias", "bn/weight", "bn/bias", "bn/running_mean", "bn/running_var"} {
		online, _, err := v.Get("online/" + name)
		target, _, other := v.Get("target/" + name)
		if err != nil || other != nil || !slices.Equal(online, target) {
			t.Errorf("%s: %v and %v, %v, %v", name, online, target, err, other)
		}
		if strings.Contains(name, "running") != (online[0] >= 100) {
			t.Errorf("%s is %v", name, online)
		}
	}
	if params[3] != 3 || !slices.Contains(buffers, 100) || !v.Changed() {
		t.Errorf("%v, %v", params, buffers)
	}
}
