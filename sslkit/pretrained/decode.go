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

// decode reads the values of a tensor in a file. Its errors continue a sentence that
// begins with the tensor's name.
func (t *tensor) decode(view safetensors.TensorView) error {
	equal := func(a uint64, b int) bool { return b >= 0 && a == uint64(b) }
	splits := t.splits(view)
	if splits == 1 && !slices.EqualFunc(view.Shape(), t.dims, equal) {
		return fmt.Errorf("has shape %v, want %v%s", view.Shape(), t.dims, t.hint(view))
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
	if splits > 1 {
		wide := make([]float64, len(t.values))
		for i, v := range t.values {
			wide[i] = float64(v)
		}
		t.values = t.values[:t.size()]
		for i, v := range mean(wide, splits) {
			t.values[i] = float32(v)
		}
	}
	return nil
}

// splits is how many statistics a file has of each channel, one vector behind the
// other, where its batch norms have splits; 1 of any other tensor.
func (t *tensor) splits(view safetensors.TensorView) int {
	if shape := view.Shape(); t.statistic && len(shape) == 1 && len(t.dims) == 1 && t.dims[0] > 0 && shape[0]%uint64(t.dims[0]) == 0 {
		return max(int(shape[0]/uint64(t.dims[0])), 1)
	}
	return 1
}

// hint is what to do about a first convolution of another size.
func (t *tensor) hint(view safetensors.TensorView) string {
	shape := view.Shape()
	if len(shape) != 4 || len(t.dims) != 4 || t.dims[1] != 3 {
		return ""
	}
	switch {
	case shape[2] == 3 && t.dims[2] == 7:
		return ": for a small stem say LargeStem false, or `sslkit import --small-stem`"
	case shape[2] == 7 && t.dims[2] == 3:
		return ": for a large stem say LargeStem true, or leave --small-stem of `sslkit import` away"
	}
	return ""
}
