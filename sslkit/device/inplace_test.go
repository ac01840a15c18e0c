package device_test

import (
	"os"
	"testing"
	"unsafe"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// stateful is a program that changes a state, and another output.
func stateful(t *testing.T, d *device.Device, name string) *graph.Exec {
	t.Helper()
	exec, err := graph.NewExec(d.Backend, func(in []*graph.Node) []*graph.Node {
		state, by := in[0], in[1]
		reversed := graph.Reverse(state, 0) // needs the old state after some of the new one is written
		return []*graph.Node{graph.Add(graph.MulScalar(state, 2), by), graph.ReduceAllSum(graph.Mul(reversed, state))}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(exec.Finalize)
	return exec.WithName(name)
}

func uploaded(t *testing.T, d *device.Device, values ...float32) *tensors.Tensor {
	t.Helper()
	x := tensors.FromValue(values)
	if err := x.MaterializeOnDevice(d.Backend, false, 0); err != nil {
		t.Fatal(err)
	}
	x.FinalizeLocal()
	return x
}

// address is where a CPU's backend holds a tensor.
func address(t *testing.T, d *device.Device, x *tensors.Tensor) unsafe.Pointer {
	t.Helper()
	buffer, err := x.Buffer(d.Backend, 0)
	if err != nil {
		t.Fatal(err)
	}
	data, err := d.Backend.(backends.DataInterface).BufferData(buffer)
	if err != nil {
		t.Fatal(err)
	}
	return unsafe.Pointer(&data.([]float32)[0])
}

// The state keeps its place, and its numbers are those of a program beside it.
func TestStateIsChangedInPlace(t *testing.T) {
	d := testkit.XLA(t)
	if d.Kind != device.CPU {
		t.Skipf("%s does not show where its buffers are", d)
	}
	for name, wantSame := range map[string]bool{device.InPlace("step", 1): true, "step": false} {
		exec, state := stateful(t, d, name), uploaded(t, d, 1, 2, 3)
		want, same := []float32{1, 2, 3}, true
		for range 5 {
			before := address(t, d, state)
			donated, err := graph.DonateTensorBuffer(state, d.Backend, 0)
			if err != nil {
				t.Fatal(err)
			}
			after, err := exec.Exec(donated, []float32{1, 1, 1})
			if err != nil {
				t.Fatal(err)
			}
			sum := 2*want[0]*want[2] + want[1]*want[1]
			for i := range want {
				want[i] = 2*want[i] + 1
			}
			state = after[0]
			same = same && address(t, d, state) == before
			testkit.Near(t, name, []float64{float64(after[1].Value().(float32))}, []float64{float64(sum)}, 0)
		}
		if got := state.Value().([]float32); got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
			t.Errorf("%s: state %v, want %v", name, got, want)
		}
		if same != wantSame {
			t.Errorf("%s: the state keeps its place: %v, want %v", name, same, wantSame)
		}
	}
}

// A state that is not donated stays what it is.
func TestStateOfOthersIsCopied(t *testing.T) {
	d := testkit.XLA(t)
	exec, state := stateful(t, d, device.InPlace("step", 1)), uploaded(t, d, 1, 2, 3)
	for range 3 {
		after, err := exec.Exec(state, []float32{1, 1, 1})
		if err != nil {
			t.Fatal(err)
		}
		if got := after[0].Value().([]float32); got[0] != 3 || got[1] != 5 || got[2] != 7 {
			t.Errorf("new state %v, want [3 5 7]", got)
		}
	}
	if got := state.Value().([]float32); got[0] != 1 || got[1] != 2 || got[2] != 3 {
		t.Errorf("the state became %v", got)
	}
}

// What is done to programs is done to planned ones, too: the state is not there twice, and
// convolutions lie in the one CUDA graph, unless the user wants them outside.
func TestPlannedAsEdited(t *testing.T) {
	d := testkit.Target(t, "h100")
	images, weights := shapes.Make(dtypes.BFloat16, 64, 16, 16, 64), shapes.Make(dtypes.BFloat16, 3, 3, 64, 64)
	plan := func(name string) device.Program {
		p, err := d.Plan(name, func(in []*graph.Node) []*graph.Node {
			x, weight := in[0], in[1]
			for range 3 {
				x = graph.Tanh(graph.Convolve(x, weight).PadSame().Done())
				weight = graph.Tanh(graph.MulScalar(weight, 2))
			}
			return []*graph.Node{x, weight, graph.ReduceAllSum(x)}
		}, images, weights)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := plan(device.InPlace("step", 2))
	if want := int64(images.ByteSize() + weights.ByteSize()); p.Memory.Aliased != want {
		t.Errorf("%d bytes are aliased, want those of images and weights, %d", p.Memory.Aliased, want)
	}
	if p.Graphs != 1 || p.Launches != 0 {
		t.Errorf("%d graphs and %d launches outside, want one graph: %v", p.Graphs, p.Launches, p.Operations)
	}
	t.Setenv("XLA_FLAGS", os.Getenv("XLA_FLAGS")+" --xla_gpu_enable_command_buffer=-CONVOLUTION")
	if p := plan("step"); p.Memory.Aliased != 0 || p.Launches < 3 {
		t.Errorf("as the user wants it, %d bytes are aliased and %d launches are outside of graphs, want 0 and three convolutions at least",
			p.Memory.Aliased, p.Launches)
	}
}
