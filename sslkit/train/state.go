package train

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
)

// copies are a value on each accelerator of the device, or its parts.
type copies []*tensors.Tensor

func (c copies) free() {
	for _, x := range c {
		if x != nil && x.Ok() {
			x.MustFinalizeAll()
		}
	}
}

// state is what a step changes.
type state struct {
	params  copies   // flat vectors, as checkpoints hold them
	slots   []copies // the optimizer's
	buffers copies
	meters  copies // [meterCount + the method's own]
	number  copies // steps done in this epoch, int32
}

// noState is a state without values.
func (l layout) noState() *state { return &state{slots: make([]copies, len(l.slots))} }

// fields lists what a step changes, in the program's order.
func (st *state) fields() []*copies { return append(st.vectors(), &st.number) }

// vectors lists what a checkpoint has of it, likewise.
func (st *state) vectors() []*copies {
	vectors := []*copies{&st.params}
	for i := range st.slots {
		vectors = append(vectors, &st.slots[i])
	}
	return append(vectors, &st.buffers, &st.meters)
}

// upload copies values to each accelerator, as buffers that can be donated; without dimensions
// it is a scalar.
func upload[T dtypes.Supported](d *device.Device, values []T, dims ...int) (copies, error) {
	return uploadEach(d, func(int) []T { return values }, dims)
}

// uploadParts copies rows of values to the accelerators, an equal part of each row to each.
func uploadParts[T dtypes.Supported](d *device.Device, values []T, rows, columns int) (copies, error) {
	each := columns / d.Count
	return uploadEach(d, func(k int) []T {
		part := make([]T, 0, rows*each)
		for row := range slices.Chunk(values, columns) {
			part = append(part, row[k*each:(k+1)*each]...)
		}
		return part
	}, []int{rows, each})
}

func uploadEach[T dtypes.Supported](d *device.Device, values func(accelerator int) []T, dims []int) (copies, error) {
	c := make(copies, d.Count)
	shape := shapes.Make(dtypes.FromGenericsType[T](), dims...)
	for k := range c {
		var err error
		if c[k], err = d.Put(k, values(k), shape); err != nil {
			c.free()
			return nil, fmt.Errorf("train: %w", err)
		}
	}
	return c, nil
}

// vector copies values to each accelerator, in the parameters' type.
func (s *step) vector(values []float64) (copies, error) {
	if s.recipe.Precision.ParamDType() == dtypes.Float64 {
		return upload(s.device, values, len(values))
	}
	return upload(s.device, narrowed(values), len(values))
}

func narrowed(values []float64) []float32 {
	narrow := make([]float32, len(values))
	for i, v := range values {
		narrow[i] = float32(v)
	}
	return narrow
}

// floats copies a whole value of the parameters' type to the host.
func floats(c copies) ([]float64, error) {
	t := c[0]
	if t.DType() == dtypes.Float64 {
		return tensors.CopyFlatData[float64](t)
	}
	narrow, err := tensors.CopyFlatData[float32](t)
	if err != nil {
		return nil, err
	}
	wide := make([]float64, len(narrow))
	for i, v := range narrow {
		wide[i] = float64(v)
	}
	return wide, nil
}
