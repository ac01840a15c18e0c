package pretrained

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/nlpodyssey/safetensors"
	"github.com/x448/float16"
)

// A coding is how a type's numbers lie in a file.
type coding struct {
	size   int // bytes
	number func(data []byte) float32
}

var codings = map[safetensors.DType]coding{
	safetensors.F32: {4, func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }},
	safetensors.F64: {8, func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) }},
	safetensors.F16: {2, func(b []byte) float32 { return float16.Frombits(binary.LittleEndian.Uint16(b)).Float32() }},
	safetensors.BF16: {2, func(b []byte) float32 {
		return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16)
	}},
}

// decode reads the values of a tensor in a file. The error goes on after the tensor's name.
func (t *tensor) decode(view safetensors.TensorView) error {
	equal := func(a uint64, b int) bool { return b >= 0 && a == uint64(b) }
	if !slices.EqualFunc(view.Shape(), t.dims, equal) {
		return fmt.Errorf("has shape %v, want %v", view.Shape(), t.dims)
	}
	c, ok := codings[view.DType()]
	if !ok {
		return fmt.Errorf("has type %s, want F32, F64, F16 or BF16", view.DType())
	}
	data := view.Data()
	t.values = make([]float32, len(data)/c.size)
	for i := range t.values {
		t.values[i] = c.number(data[c.size*i:])
	}
	if !t.finite() {
		return errors.New("has numbers that are not finite in float32")
	}
	return nil
}
