package device

import (
	"slices"
	"testing"
	"time"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/internal/hlo"
)

// Of a network of several devices each computes its part of the batch, and the gradients of all
// layers are added up together.
func TestPlanSeveral(t *testing.T) {
	const layers, width, rows, devices = 6, 256, 1024, 8
	training := func(in []*graph.Node) []*graph.Node { // params [layers·width²], batch [rows, width]
		x, weights := in[1], make([]*graph.Node, layers)
		for i := range weights {
			weights[i] = graph.Reshape(graph.Slice(in[0], graph.AxisRange(i*width*width, (i+1)*width*width)), width, width)
			x = graph.Tanh(graph.MatMul(x, weights[i]))
		}
		loss := graph.ReduceAllMean(graph.Square(x))
		gradients := graph.Gradient(loss, weights...)
		for i, g := range gradients {
			gradients[i] = graph.Reshape(g, -1)
		}
		return []*graph.Node{graph.Sub(in[0], graph.Concatenate(gradients, 0)), loss}
	}
	inputs := []shapes.Shape{shapes.Make(dtypes.Float32, layers*width*width), shapes.Make(dtypes.Float32, rows, width)}
	plan := func(count int) Program {
		target := *openTarget(t, "h100").target
		target.Devices = count
		d, err := target.Open()
		if err != nil {
			t.Fatal(err)
		}
		if d.Count != max(count, 1) {
			t.Errorf("%d devices were wanted and %d opened", count, d.Count)
		}
		p, err := d.PlanSplit("training", training, []Split{Whole, 0}, inputs...)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	one, all := plan(0), plan(devices)
	if len(one.Collectives) != 0 || one.Communication != 0 {
		t.Errorf("one device: %+v", one)
	}
	const params = 4 * layers * width * width
	if all.FLOPs != one.FLOPs/devices || all.Memory.Arguments != params+4*rows*width/devices || one.Memory.Arguments != params+4*rows*width {
		t.Errorf("one device %+v\neach of %d %+v", one, devices, all)
	}
	if len(all.Collectives) != 1 || all.Collectives[0].Kind != "all-reduce" || all.Collectives[0].Type != "f32" {
		t.Fatalf("collectives %+v, want all-reduces alone", all.Collectives)
	}
	if c := all.Collectives[0]; c.Count > 2 || c.Bytes < params || c.Bytes > params+64 || all.Communication <= 0 {
		t.Errorf("all-reduces %+v in %v, want one or two of %d bytes", c, all.Communication, params)
	}
}

// A target has at most as many devices as a machine.
func TestTooManyDevices(t *testing.T) {
	target := Targets()[0]
	for _, count := range []int{-1, MostPlanned + 1} {
		target.Devices = count
		if err := target.Validate(); err == nil {
			t.Errorf("%d devices are valid", count)
		}
	}
}

// How long collectives take is what each device sends, and something for each.
func TestCommunication(t *testing.T) {
	target := Target{Link: 1e9, Devices: 4}
	for _, c := range []struct {
		list []hlo.Collective
		want []Collectives
		took time.Duration
	}{
		{nil, nil, 0},
		{[]hlo.Collective{{Kind: "all-reduce", Type: "f32", Bytes: 8e8}}, []Collectives{{"all-reduce", "f32", 1, 8e8, 8e8}}, 1500 * time.Millisecond},
		{[]hlo.Collective{{Kind: "all-gather", Type: "f32", Bytes: 8e8}}, []Collectives{{"all-gather", "f32", 1, 8e8, 8e8}}, 750 * time.Millisecond},
		{[]hlo.Collective{{Kind: "collective-permute", Type: "f32", Bytes: 8e8}}, []Collectives{{"collective-permute", "f32", 1, 8e8, 8e8}}, time.Second},
		{
			[]hlo.Collective{{Kind: "all-reduce", Type: "f32", Bytes: 1e3}, {Kind: "all-gather", Type: "f32", Bytes: 8e8}, {Kind: "all-reduce", Type: "f32", Bytes: 3e3}},
			[]Collectives{{"all-gather", "f32", 1, 8e8, 8e8}, {"all-reduce", "f32", 2, 4e3, 3e3}},
			750*time.Millisecond + 7500*time.Nanosecond,
		},
	} {
		got, took := target.collectives(c.list)
		if want := c.took + time.Duration(len(c.list))*20*time.Microsecond; !slices.Equal(got, c.want) || (took-want).Abs() > time.Microsecond {
			t.Errorf("%+v take %v, want %v %s", c.list, took, want, cmp.Diff(c.want, got))
		}
	}
}
