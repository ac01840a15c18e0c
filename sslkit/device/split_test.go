package device_test

import (
	"strings"
	"testing"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// sums is a program that adds the rows of x [8, 2] to a state [2], and sums up the squares of
// their products with each other.
func sums(in []*graph.Node) []*graph.Node {
	state, x := in[0], in[1]
	products := graph.MatMul(x, graph.Transpose(x, 0, 1))
	return []*graph.Node{graph.Add(state, graph.ReduceSum(x, 0)), graph.ReduceAllSum(graph.Square(products))}
}

// Accelerators that have parts of a batch compute together what one does of all of it, and change
// a state that each has in its place.
func TestSeveral(t *testing.T) {
	testkit.CPU(t)
	d, err := device.OpenSeveral(device.CPU, 4)
	if err != nil {
		t.Fatal(err)
	}
	exec, err := d.NewExec(device.InPlace("several", 1), sums, device.Whole, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	state := make([]*tensors.Tensor, d.Count)
	for i := range state {
		state[i] = tensors.FromValue([]float32{1, 2})
		if err := state[i].MaterializeOnDevice(d.Backend, false, backends.DeviceNum(i)); err != nil {
			t.Fatal(err)
		}
		state[i].FinalizeLocal()
	}
	wantState, wantSum := []float32{1, 2}, float32(0)
	for k := range 8 {
		for l := range 8 {
			product := float32(k*l + 1)
			wantSum += product * product
		}
	}
	for range 2 {
		var args []any
		for i := range state {
			donated, err := graph.DonateTensorBuffer(state[i], d.Backend, backends.DeviceNum(i))
			if err != nil {
				t.Fatal(err)
			}
			args = append(args, donated, [][]float32{{float32(2 * i), 1}, {float32(2*i + 1), 1}})
		}
		results, err := exec.Exec(args...)
		if err != nil {
			t.Fatal(err)
		}
		wantState[0], wantState[1] = wantState[0]+28, wantState[1]+8
		for i := range state {
			state[i] = results[2*i]
			if got := state[i].Value().([]float32); got[0] != wantState[0] || got[1] != wantState[1] {
				t.Errorf("state of accelerator %d: %v, want %v", i, got, wantState)
			}
			if got := tensors.ToScalar[float32](results[2*i+1]); got != wantSum {
				t.Errorf("sum of accelerator %d: %g, want %g", i, got, wantSum)
			}
		}
	}
}

// A program of one accelerator runs on any of several.
func TestOneOfSeveral(t *testing.T) {
	testkit.CPU(t)
	d, err := device.OpenSeveral(device.CPU, 4)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := d.NewExec("alone", sums)
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Finalize()
	state, rows := tensors.FromValue([]float32{5, 7}), tensors.FromValue([][]float32{{1, 2}, {3, 4}})
	args := make([]any, 2)
	for i, x := range []*tensors.Tensor{state, rows} {
		if args[i], err = d.Copy(x, 3); err != nil {
			t.Fatal(err)
		}
	}
	results, _, err := alone.ExecWithGraphOnDevice(3, args...)
	if err != nil {
		t.Fatal(err)
	}
	if got := results[0].Value().([]float32); got[0] != 9 || got[1] != 13 {
		t.Errorf("an accelerator alone: %v, want [9 13]", got)
	}
	if on, err := results[0].Device(); err != nil || on != 3 {
		t.Errorf("the result is on accelerator %d, error %v", on, err)
	}
}

func TestOpenSeveralErrors(t *testing.T) {
	testkit.CPU(t)
	for _, c := range []struct {
		kind  device.Kind
		count int
		want  string
	}{
		{device.CPU, 0, "0 devices, want at least 1"},
		{device.CPU, 65, "65 devices are wanted, a CPU is cut into at most 64"},
		{device.Go, 2, "2 devices are wanted, and the pure-Go backend is one"},
	} {
		if _, err := device.OpenSeveral(c.kind, c.count); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d of %s: error %v, want %q", c.count, c.kind, err, c.want)
		}
	}
	if d := testkit.CPU(t); d.Count != 1 || strings.Contains(d.String(), "×") {
		t.Errorf("one device says that it is %d: %s", d.Count, d)
	}
}
