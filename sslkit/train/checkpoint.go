package train

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"

	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/nlpodyssey/safetensors"
)

// checkpoint is a run's state between two steps: the flat vectors of
// nn.Variables, the optimizer's velocity in the order of the parameters, and
// the meters of the epoch in work.
//
// Its file is in the safetensors format, a tensor for each variable under its
// path ("velocity/…" for the optimizer's), in float32 where that loses nothing,
// else in float64. Its metadata have the place in the run, and a SHA-256 over
// the tensors, in the order that is there, too.
type checkpoint struct {
	place
	params, velocity, buffers, meters []float64
}

// place is where a run is.
type place struct {
	Epoch   int     `json:"epoch"`   // the last complete one
	Step    int     `json:"step"`    // steps done of the next
	Seconds float64 `json:"seconds"` // that they took
}

func newCheckpoint(at place, st *state) (*checkpoint, error) {
	c := &checkpoint{place: at}
	for _, v := range []struct {
		to   *[]float64
		from *tensors.Tensor
	}{{&c.params, st.params}, {&c.velocity, st.velocity}, {&c.buffers, st.buffers}, {&c.meters, st.meters}} {
		var err error
		if *v.to, err = floats(v.from); err != nil {
			return nil, err
		}
	}
	return c, nil
}

const velocityPrefix = "velocity/"

// part is a tensor of the file: a piece of one of the flat vectors.
type part struct {
	name   string
	dims   []int
	values []float64
}

// parts lists the tensors, in an order that the model decides.
func (c *checkpoint) parts(vars *nn.Variables) []part {
	var list []part
	add := func(prefix string, variables []nn.Variable, flat []float64) {
		for _, v := range variables {
			list = append(list, part{prefix + v.Path, v.Dims, flat[v.Offset : v.Offset+v.Size()]})
		}
	}
	add("", vars.Params(), c.params)
	add(velocityPrefix, vars.Params(), c.velocity)
	add("", vars.Buffers(), c.buffers)
	return append(list, part{"meters", []int{meterCount}, c.meters})
}

// file returns the checkpoint as a file's content.
func (c *checkpoint) file(vars *nn.Variables) ([]byte, error) {
	views := map[string]safetensors.TensorView{}
	var names []string
	sum := sha256.New()
	for _, p := range c.parts(vars) {
		dtype, data := encode(p.values)
		sum.Write(data)
		shape := make([]uint64, len(p.dims))
		for i, d := range p.dims {
			shape[i] = uint64(d)
		}
		view, err := safetensors.NewTensorView(dtype, shape, data)
		if err != nil {
			return nil, fmt.Errorf("checkpoint: %s: %w", p.name, err)
		}
		views[p.name] = view
		names = append(names, p.name)
	}
	at, err := json.Marshal(c.place)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	order, err := json.Marshal(names)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	file, err := safetensors.Serialize(views, map[string]string{
		"place":  string(at),
		"order":  string(order),
		"sha256": hex.EncodeToString(sum.Sum(nil)),
	})
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	return file, nil
}

// readCheckpoint reads the checkpoint of a model with the given variables. A
// file that is cut off, changed, or another model's is an error.
func readCheckpoint(path string, vars *nn.Variables) (*checkpoint, error) {
	file, err := openCheckpoint(path)
	if err != nil {
		return nil, err
	}
	c := file.empty(vars)
	parts := c.parts(vars)
	if file.old {
		parts = parts[:len(parts)-1] // there were no meters
		c.meters = noMeters
	}
	var names []string
	for _, p := range parts {
		if err := file.read(p); err != nil {
			return nil, err
		}
		names = append(names, p.name)
	}
	return c, file.check(names)
}

// encode returns numbers as the bytes of the narrowest type that holds them exactly.
func encode(values []float64) (safetensors.DType, []byte) {
	for _, v := range values {
		if float64(float32(v)) != v {
			wide := make([]byte, 0, 8*len(values))
			for _, v := range values {
				wide = binary.LittleEndian.AppendUint64(wide, math.Float64bits(v))
			}
			return safetensors.F64, wide
		}
	}
	narrow := make([]byte, 0, 4*len(values))
	for _, v := range values {
		narrow = binary.LittleEndian.AppendUint32(narrow, math.Float32bits(float32(v)))
	}
	return safetensors.F32, narrow
}

// decode fills values with the numbers of a tensor, and reports whether the
// tensor has that many.
func decode(values []float64, dtype safetensors.DType, data []byte) bool {
	switch {
	case dtype == safetensors.F32 && len(data) == 4*len(values):
		for i := range values {
			values[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])))
		}
	case dtype == safetensors.F64 && len(data) == 8*len(values):
		for i := range values {
			values[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
		}
	default:
		return false
	}
	return true
}
