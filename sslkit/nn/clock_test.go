package nn_test

import (
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

// drawn runs a graph without variables, whose model has a key, the first counter
// that is free, and the clock of step 7 in epoch 2.
func drawn(t *testing.T, key uint64, first int, build func(scope *nn.Scope) *graph.Node) []float64 {
	t.Helper()
	d := testkit.Open(t, device.Go)
	vars, err := nn.Declare(d.Backend, f32, func(scope *nn.Scope) { build(scope) }) // has keys and a clock, too
	if err != nil {
		t.Fatal(err)
	}
	empty := testkit.Tensor(dtypes.Float32, nil, 0)
	return testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
		clock := nn.Clock{Step: in[3], Epoch: in[4], Steps: 12, Epochs: 4}
		model := vars.Bind(f32, in[0], in[1]).WithKey(in[2], first).WithClock(clock)
		return []*graph.Node{build(model.Scope)}
	}, empty, empty, tensors.FromScalar(key), tensors.FromScalar(int32(7)), tensors.FromScalar(int32(2)))[0]
}

// TestKey checks that each call draws other numbers, from the key and the number
// of the call alone.
func TestKey(t *testing.T) {
	const n = 8
	calls := func(scope *nn.Scope) *graph.Node {
		return graph.Concatenate([]*graph.Node{op.Uniform(scope.Key(), n), op.Uniform(scope.In("inside").Key(), n)}, 0)
	}
	both := drawn(t, 5, 2, calls)
	second := drawn(t, 5, 3, func(scope *nn.Scope) *graph.Node { return op.Uniform(scope.Key(), n) })
	if !slices.Equal(both[n:], second) || slices.Equal(both[:n], second) {
		t.Errorf("two calls draw %v, the second one's numbers are %v", both, second)
	}
	if again := drawn(t, 5, 2, calls); !slices.Equal(again, both) {
		t.Errorf("the same key gives %v and %v", both, again)
	}
	if other := drawn(t, 6, 2, calls); slices.Equal(other[:n], both[:n]) {
		t.Error("another key gives the same numbers")
	}
}

// TestPermutation checks that an order is that of the next key.
func TestPermutation(t *testing.T) {
	got := drawn(t, 5, 2, func(scope *nn.Scope) *graph.Node { return scope.Permutation(9) })
	want := testkit.Run(t, testkit.Open(t, device.Go), func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{op.Permutation(op.KeyNodeAt(in[0], 2), 9)}
	}, tensors.FromScalar(uint64(5)))[0]
	if !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}

func TestClock(t *testing.T) {
	got := drawn(t, 0, 0, func(scope *nn.Scope) *graph.Node {
		c := scope.In("inside").Clock()
		return graph.Stack([]*graph.Node{c.Step, c.Epoch, graph.Scalar(scope.Graph(), dtypes.Int32, c.Steps+c.Epochs)}, 0)
	})
	if got[0] != 7 || got[1] != 2 || got[2] != 16 {
		t.Errorf("step, epoch and their numbers together are %v, want 7, 2 and 16", got)
	}
}

// TestWithoutClock checks the panics of graphs that belong to no run.
func TestWithoutClock(t *testing.T) {
	for want, use := range map[string]func(*nn.Scope){
		"nn: Clock: the graph has no clock":              func(scope *nn.Scope) { scope.Clock() },
		"nn: Key: the graph has no source of random":     func(scope *nn.Scope) { scope.Key() },
		"nn: Target: momentum has shape (Float32), want": func(scope *nn.Scope) { scope.Target(graph.Const(scope.Graph(), float32(1))) },
	} {
		testkit.Panics(t, testkit.Open(t, device.Go), want, func(g *graph.Graph) {
			nothing := graph.Zeros(g, f32Shape(0))
			use((&nn.Variables{}).Bind(f32, nothing, nothing).Scope)
		})
	}
}

// TestTargetKeepsFloat32 checks that a constant momentum is rounded as a factor
// known beforehand: 1−momentum is formed before.
func TestTargetKeepsFloat32(t *testing.T) {
	const momentum = 0.996
	online, target := testkit.G(1, 1, 64), testkit.G(2, 1, 64)
	d := testkit.Any(t)
	build := func(scope *nn.Scope) {
		scope.Target(graph.Const(scope.Graph(), momentum)).Param("w", nn.Constant(0), len(online))
	}
	vars, err := nn.Declare(d.Backend, f32, build)
	if err != nil {
		t.Fatal(err)
	}
	after := testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
		model := vars.Bind(f32, in[0], in[1])
		build(model.Scope)
		folded := graph.Add(graph.MulScalar(in[1], momentum), graph.MulScalar(in[0], 1-momentum))
		return []*graph.Node{model.BuffersAfter(), folded}
	}, testkit.Tensor(dtypes.Float32, online, len(online)), testkit.Tensor(dtypes.Float32, target, len(target)))
	if !slices.Equal(after[0], after[1]) {
		t.Errorf("the target is %v, want %v", after[0], after[1])
	}
}
