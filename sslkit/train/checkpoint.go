package train

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"

	"github.com/gossl/gossl/sslkit/nn"
	"github.com/nlpodyssey/safetensors"
)

// checkpoint is a run's state after an epoch: the flat vectors of nn.Variables,
// and the optimizer's velocity in the order of the parameters.
//
// Its file is in the safetensors format, a tensor for each variable under its
// path ("velocity/…" for the optimizer's), in float64, which holds float32
// exactly. Its metadata have the epoch and a SHA-256 over the tensors.
type checkpoint struct {
	epoch                     int
	params, velocity, buffers []float64
}

func newCheckpoint(epoch int, st *state) (*checkpoint, error) {
	c := &checkpoint{epoch: epoch}
	var err error
	if c.params, err = floats(st.params); err != nil {
		return nil, err
	}
	if c.velocity, err = floats(st.velocity); err != nil {
		return nil, err
	}
	c.buffers, err = floats(st.buffers)
	return c, err
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
	return list
}

func (c *checkpoint) write(path string, vars *nn.Variables) error {
	views := map[string]safetensors.TensorView{}
	sum := sha256.New()
	for _, p := range c.parts(vars) {
		data := make([]byte, 0, 8*len(p.values))
		for _, v := range p.values {
			data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
		}
		sum.Write(data)
		shape := make([]uint64, len(p.dims))
		for i, d := range p.dims {
			shape[i] = uint64(d)
		}
		view, err := safetensors.NewTensorView(safetensors.F64, shape, data)
		if err != nil {
			return fmt.Errorf("checkpoint: %s: %w", p.name, err)
		}
		views[p.name] = view
	}
	file, err := safetensors.Serialize(views, map[string]string{
		"epoch":  strconv.Itoa(c.epoch),
		"sha256": hex.EncodeToString(sum.Sum(nil)),
	})
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return writeFile(path, file)
}

// readCheckpoint reads the checkpoint of a model with the given variables. A
// file that is cut off, changed, or another model's is an error.
func readCheckpoint(path string, vars *nn.Variables) (*checkpoint, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	tensors, err := safetensors.Deserialize(file)
	if err != nil {
		return nil, fmt.Errorf("damaged checkpoint: %w", err)
	}
	_, header, err := safetensors.ReadMetadata(file)
	if err != nil {
		return nil, fmt.Errorf("damaged checkpoint: %w", err)
	}
	meta := header.Metadata()
	c := &checkpoint{}
	if c.epoch, err = strconv.Atoi(meta["epoch"]); err != nil {
		return nil, fmt.Errorf("damaged checkpoint: epoch %q is not a number", meta["epoch"])
	}
	paramCount, bufferCount := vars.Sizes()
	c.params, c.velocity, c.buffers = make([]float64, paramCount), make([]float64, paramCount), make([]float64, bufferCount)
	sum := sha256.New()
	for _, p := range c.parts(vars) {
		tensor, ok := tensors.Tensor(p.name)
		if !ok || tensor.DType() != safetensors.F64 || len(tensor.Data()) != 8*len(p.values) {
			return nil, fmt.Errorf("the checkpoint has no tensor %q of %d float64 numbers: it is another model's", p.name, len(p.values))
		}
		sum.Write(tensor.Data())
		for i := range p.values {
			p.values[i] = math.Float64frombits(binary.LittleEndian.Uint64(tensor.Data()[8*i:]))
		}
	}
	if hex.EncodeToString(sum.Sum(nil)) != meta["sha256"] {
		return nil, errors.New("damaged checkpoint: its checksum is wrong")
	}
	return c, nil
}
