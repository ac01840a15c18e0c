package optim_test

import (
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/optim"
)

// A course of steps, each of which is an epoch.
type course struct {
	optimizer optim.Optimizer
	variables []nn.Variable // nil: startTensors
	clip      float64
	freeze    []optim.Freeze
}

// take returns the parameters after each step.
func (c course) take(t *testing.T, dtype dtypes.DType, params, lrs []float64, gradient func(step int, params []float64) []float64) [][]float64 {
	t.Helper()
	after, _ := c.takeWithSlots(t, dtype, params, lrs, gradient)
	return after
}

// takeWithSlots returns the parameters after each step and the slots after the
// last: in float64 on the pure-Go device, in float32 on the one that trains.
func (c course) takeWithSlots(t *testing.T, dtype dtypes.DType, params, lrs []float64,
	gradient func(step int, params []float64) []float64) (after, slots [][]float64) {
	t.Helper()
	d := testkit.Open(t, device.Go)
	if dtype == dtypes.Float32 {
		d = testkit.Any(t)
	}
	if c.variables == nil {
		c.variables = startTensors
	}
	count := len(c.optimizer.Slots())
	exec, err := graph.NewExec(d.Backend, func(in []*graph.Node) []*graph.Node {
		rest := in[1+count:]
		params, slots := optim.Step(c.optimizer, optim.Update{
			Params: in[0], Slots: in[1 : 1+count], Gradient: rest[0], LR: graph.Reshape(rest[1]),
			Variables: c.variables,
			Clock:     nn.Clock{Step: rest[2], Epoch: rest[2], Steps: len(lrs), Epochs: len(lrs)},
		}, c.clip, c.freeze)
		out := append([]*graph.Node{params}, slots...)
		for i, node := range out {
			if !node.Shape().Equal(in[i].Shape()) {
				t.Errorf("%s becomes %s in a step", in[i].Shape(), node.Shape())
			}
		}
		return out
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	vector := func(values ...float64) any { return testkit.Tensor(dtype, values, len(values)) }
	values := [][]float64{params}
	for range count {
		values = append(values, make([]float64, len(params)))
	}
	for step, lr := range lrs {
		var args []any
		for _, v := range values {
			args = append(args, vector(v...))
		}
		out, err := exec.Exec(append(args, vector(gradient(step, values[0])...), vector(lr), tensors.FromScalar(int32(step)))...)
		if err != nil {
			t.Fatalf("%+v", err)
		}
		if len(out) != len(values) {
			t.Fatalf("%d vectors come out of a step of %d", len(out), len(values))
		}
		for i := range values {
			values[i] = testkit.Values(t, out[i])
		}
		after = append(after, values[0])
	}
	return after, values[1:]
}
