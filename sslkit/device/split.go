package device

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/distributed"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
)

// A Split says how an input lies on accelerators that run a program together: the axis along
// which it is cut into equal parts, one after another, one for each; or [Whole].
type Split int

// Whole inputs lie on each accelerator.
const Whole Split = -1

// meshAxis is what the accelerators stand along.
const meshAxis = "devices"

// NewExec returns what runs a program on all accelerators of the device together. It is the
// program for whole inputs, as build has it: the compiler cuts it up to match how the inputs
// lie, and adds what the accelerators have to send each other, so that its results are those
// of one. splits are those of the inputs; further ones lie as the last one does. All outputs
// are whole.
//
// Its arguments are those of the first accelerator, then those of the second, and so on;
// likewise its results. With one accelerator, or without splits, it is graph.NewExec, whose
// programs run on the accelerator that is asked for.
func (d *Device) NewExec(name string, build func(inputs []*graph.Node) []*graph.Node, splits ...Split) (*graph.Exec, error) {
	exec, err := graph.NewExec(d.Backend, build)
	if err != nil {
		return nil, err
	}
	exec.WithName(name)
	if d.Count == 1 || len(splits) == 0 {
		return exec, nil
	}
	m, err := newMesh(d.Count)
	if err != nil {
		return nil, err
	}
	return exec.AutoSharding(m.devices).WithInputShardingSpecs(m.specs(splits)...).WithOutputShardingSpecs(m.spec(Whole)), nil
}

// mesh is several accelerators in GoMLX's terms.
type mesh struct{ devices *distributed.DeviceMesh }

func newMesh(count int) (mesh, error) {
	devices, err := distributed.NewDeviceMesh([]int{count}, []string{meshAxis})
	if err != nil {
		return mesh{}, fmt.Errorf("device: %d devices: %w", count, err)
	}
	return mesh{devices}, nil
}

func (m mesh) spec(s Split) *distributed.ShardingSpec {
	spec := distributed.NewReplicatedShardingSpec(m.devices)
	if s != Whole {
		spec.Axes = append(make([]distributed.AxisSpec, s), distributed.AxisSpec{meshAxis})
	}
	return spec
}

func (m mesh) specs(splits []Split) []*distributed.ShardingSpec {
	specs := make([]*distributed.ShardingSpec, len(splits))
	for i, s := range splits {
		specs[i] = m.spec(s)
	}
	return specs
}

// compile compiles a program in a new graph of the device, for shapes of whole inputs: what
// [Device.NewExec] does at a first call. Without splits it is a program for one accelerator.
func (d *Device) compile(g *graph.Graph, build func(inputs []*graph.Node) []*graph.Node, splits []Split, inputs []shapes.Shape) error {
	if d.Count == 1 || len(splits) == 0 {
		nodes := make([]*graph.Node, len(inputs))
		for i, shape := range inputs {
			nodes[i] = graph.Parameter(g, inputName(i), shape)
		}
		return g.Compile(build(nodes)...)
	}
	m, err := newMesh(d.Count)
	if err != nil {
		return err
	}
	if err := g.SetAutoSharding(m.devices); err != nil {
		return err
	}
	nodes := make([]*graph.Node, len(inputs))
	for i, shape := range inputs {
		nodes[i] = graph.ShardedParameter(g, inputName(i), shape, m.spec(splits[min(i, len(splits)-1)]))
	}
	outputs := build(nodes)
	return g.CompileWithSharding(outputs, slices.Repeat([]*distributed.ShardingSpec{m.spec(Whole)}, len(outputs)))
}

func inputName(i int) string { return fmt.Sprintf("input_%d", i) }

// Put copies flat values to an accelerator, counted from 0, as a tensor of a shape whose
// buffer can be donated.
func (d *Device) Put(accelerator int, flat any, shape shapes.Shape) (*tensors.Tensor, error) {
	on := backends.DeviceNum(accelerator)
	buffer, err := d.Backend.BufferFromFlatData(on, flat, shape)
	if err == nil {
		var x *tensors.Tensor
		if x, err = tensors.FromBuffer(d.Backend, buffer); err == nil {
			return x, nil
		}
	}
	return nil, fmt.Errorf("device: upload %s: %w", shape, err)
}

// Copy copies a tensor to an accelerator, counted from 0, on which it is not yet.
func (d *Device) Copy(x *tensors.Tensor, accelerator int) (*tensors.Tensor, error) {
	from, err := x.Device()
	if err != nil {
		from = 0 // it is on the host
	}
	buffer, err := x.Buffer(d.Backend, from)
	if err == nil {
		buffer, err = d.Backend.BufferCopyToDevice(buffer, backends.DeviceNum(accelerator))
	}
	if err == nil {
		x, err = tensors.FromBuffer(d.Backend, buffer)
	}
	if err != nil {
		return nil, fmt.Errorf("device: copy %s to accelerator %d: %w", x.Shape(), accelerator, err)
	}
	return x, nil
}
