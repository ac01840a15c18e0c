package train

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/gossl/gossl/sslkit/nn"
	"github.com/nlpodyssey/safetensors"
)

// layout says of what the state of a run consists.
type layout struct {
	vars   *nn.Variables
	slots  []string // names of the optimizer's vectors
	meters []string // names of the method's own meters

	evaluated string // where the backbone is that the run is evaluated by: see [method.EvaluatedPath]
}

// check reports names that two tensors of a checkpoint would have.
func (l layout) check() error {
	seen := map[string]bool{metersName: true}
	for _, name := range l.meters {
		seen[metersName+"/"+name] = true
	}
	add := func(prefix string, variables []nn.Variable) error {
		for _, v := range variables {
			name := prefix + v.Path
			if seen[name] {
				return fmt.Errorf("two tensors of a checkpoint would be %q: give the variable, or the optimizer's slots %q, other names", name, l.slots)
			}
			seen[name] = true
		}
		return nil
	}
	err := errors.Join(add("", l.vars.Params()), add("", l.vars.Buffers()))
	for _, slot := range l.slots {
		err = errors.Join(err, add(slot+"/", l.vars.Params()))
	}
	return err
}

// empty returns a checkpoint of zeros, with meters as before the first step.
func (l layout) empty() *checkpoint {
	params, buffers := l.vars.Sizes()
	c := &checkpoint{
		params:  make([]float64, params),
		slots:   make([][]float64, len(l.slots)),
		buffers: make([]float64, buffers),
		meters:  l.noMeters(),
	}
	for i := range c.slots {
		c.slots[i] = make([]float64, params)
	}
	return c
}

// checkpoint is a run's state between two steps: the flat vectors of
// nn.Variables, the optimizer's vectors in the order of the parameters, and
// the meters of the epoch in work.
//
// Its file is in the safetensors format, a tensor for each variable under its
// path, and the optimizer's under the slot's name and that path ("velocity/…"),
// in float32 where that loses nothing,
// else in float64. Its metadata have the place in the run, a SHA-256 over
// the tensors, in the order that is there, too, and the path of the backbone that the run
// is evaluated by, for those who do not know the method.
type checkpoint struct {
	place
	params, buffers, meters []float64
	slots                   [][]float64
}

// place is where a run is.
type place struct {
	Epoch   int     `json:"epoch"`            // the last complete one
	Step    int     `json:"step"`             // steps done of the next
	Seconds float64 `json:"seconds"`          // that they took
	Paused  float64 `json:"paused,omitempty"` // seconds of those in which the method paused
}

func newCheckpoint(at place, st *state) (*checkpoint, error) {
	c := &checkpoint{place: at, slots: make([][]float64, len(st.slots))}
	for i, v := range c.vectors() {
		from := *st.vectors()[i]
		var err error
		if *v, err = floats(from); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// vectors lists the vectors in the order of [state]'s.
func (c *checkpoint) vectors() []*[]float64 {
	vectors := []*[]float64{&c.params}
	for i := range c.slots {
		vectors = append(vectors, &c.slots[i])
	}
	return append(vectors, &c.buffers, &c.meters)
}

// metersName is the tensor of the meters that every run has; those of a method's
// own follow, "meters/entropy".
const metersName = "meters"

// evaluatedKey is that of layout.evaluated in a file's metadata. Older files lack it:
// then the path is [method.BackbonePath].
const evaluatedKey = "evaluated"

// part is a tensor of the file: a piece of one of the flat vectors.
type part struct {
	name   string
	dims   []int
	values []float64
}

// parts lists the tensors, in an order that the model decides: the meters are last.
func (c *checkpoint) parts(l layout) []part {
	var list []part
	add := func(prefix string, variables []nn.Variable, flat []float64) {
		for _, v := range variables {
			list = append(list, part{prefix + v.Path, v.Dims, flat[v.Offset : v.Offset+v.Size()]})
		}
	}
	add("", l.vars.Params(), c.params)
	for i, slot := range l.slots {
		add(slot+"/", l.vars.Params(), c.slots[i])
	}
	add("", l.vars.Buffers(), c.buffers)
	return append(list, c.meterParts(l)...)
}

// meterParts lists the tensors of the meters.
func (c *checkpoint) meterParts(l layout) []part {
	list := []part{{metersName, []int{meterCount}, c.meters[:meterCount]}}
	for i, name := range l.meters {
		at := meterCount + i
		list = append(list, part{metersName + "/" + name, []int{1}, c.meters[at : at+1]})
	}
	return list
}

// file returns the checkpoint as a file's content.
func (c *checkpoint) file(l layout) ([]byte, error) {
	views := map[string]safetensors.TensorView{}
	var names []string
	sum := sha256.New()
	for _, p := range c.parts(l) {
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
		"place":      string(at),
		"order":      string(order),
		"sha256":     hex.EncodeToString(sum.Sum(nil)),
		evaluatedKey: l.evaluated,
	})
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	return file, nil
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

// read reads the checkpoint of a run with this layout. A file that is cut off,
// changed, or another model's is an error. Between two epochs its meters do not
// count, and a method may have got others since.
func (l layout) read(path string) (*checkpoint, error) {
	file, err := openCheckpoint(path)
	if err != nil {
		return nil, err
	}
	c := l.empty()
	c.place = file.place
	meters, err := file.meters()
	if err != nil {
		return nil, err
	}
	parts := c.parts(l)
	if c.Step == 0 {
		parts = parts[:len(parts)-len(l.meters)-1]
	} else if n := len(meters) - 1; n != len(l.meters) {
		return nil, fmt.Errorf("the checkpoint is of the middle of an epoch with %d meters of the method's own, which has %d now", n, len(l.meters))
	}
	var names []string
	for _, p := range parts {
		if err := file.read(p); err != nil {
			return nil, err
		}
		names = append(names, p.name)
	}
	if c.Step == 0 {
		names = append(names, meters...)
	}
	return c, file.check(names)
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

// checkpointTensors are what the file of a checkpoint holds.
type checkpointTensors struct {
	place
	found safetensors.SafeTensors
	meta  map[string]string
	old   bool // of before there were meters, and stops in an epoch
}

func openCheckpoint(path string) (*checkpointTensors, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	found, err := safetensors.Deserialize(data)
	if err != nil {
		return nil, fmt.Errorf("damaged checkpoint: %w", err)
	}
	_, header, err := safetensors.ReadMetadata(data)
	if err != nil {
		return nil, fmt.Errorf("damaged checkpoint: %w", err)
	}
	f := &checkpointTensors{found: found, meta: header.Metadata()}
	if epoch, ok := f.meta["epoch"]; ok {
		f.old = true
		if f.Epoch, err = strconv.Atoi(epoch); err != nil {
			return nil, fmt.Errorf("damaged checkpoint: epoch %q is not a number", epoch)
		}
		return f, nil
	}
	if err := json.Unmarshal([]byte(f.meta["place"]), &f.place); err != nil {
		return nil, fmt.Errorf("damaged checkpoint: place %q: %w", f.meta["place"], err)
	}
	return f, nil
}

// read fills a part with the numbers of its tensor.
func (f *checkpointTensors) read(p part) error {
	tensor, ok := f.found.Tensor(p.name)
	if !ok || !decode(p.values, tensor.DType(), tensor.Data()) {
		return fmt.Errorf("the checkpoint has no tensor %q of %d floating-point numbers: it is another model's", p.name, len(p.values))
	}
	return nil
}

// check compares the checksum with that of the tensors, in the given order.
func (f *checkpointTensors) check(names []string) error {
	sum := sha256.New()
	for _, name := range names {
		tensor, ok := f.found.Tensor(name)
		if !ok {
			return fmt.Errorf("damaged checkpoint: it has no tensor %q", name)
		}
		sum.Write(tensor.Data())
	}
	if hex.EncodeToString(sum.Sum(nil)) != f.meta["sha256"] {
		return errors.New("damaged checkpoint: its checksum is wrong")
	}
	return nil
}

// meters lists the tensors of the meters, in the checksum's order.
func (f *checkpointTensors) meters() ([]string, error) {
	order, err := f.order()
	switch {
	case err != nil || f.old:
		return nil, err
	case order == nil:
		return []string{metersName}, nil
	}
	first := slices.Index(order, metersName)
	if first < 0 {
		return nil, fmt.Errorf("damaged checkpoint: it has no tensor %q", metersName)
	}
	return order[first:], nil
}

// order lists the tensors as the checksum goes over them; nil if the file does not say.
func (f *checkpointTensors) order() ([]string, error) {
	text, ok := f.meta["order"]
	if !ok {
		return nil, nil
	}
	var names []string
	if err := json.Unmarshal([]byte(text), &names); err != nil {
		return nil, fmt.Errorf("damaged checkpoint: order: %w", err)
	}
	return names, nil
}

// newest reads the last checkpoint, or where that cannot be used the one before
// it: the problem is then what is wrong with the last. Without either it returns nil.
func (f *folder) newest(read func(path string) (*checkpoint, error)) (c *checkpoint, problem, err error) {
	path := filepath.Join(f.dir, checkpointFile)
	c, err = read(path)
	if err == nil {
		return c, nil, nil
	}
	previous, failure := read(filepath.Join(f.dir, previousFile))
	problem = fmt.Errorf("%s: %w", path, err)
	switch {
	case failure == nil:
		return previous, problem, nil
	case errors.Is(err, fs.ErrNotExist) && errors.Is(failure, fs.ErrNotExist):
		return nil, nil, nil
	}
	return nil, nil, fmt.Errorf("train: %w", problem)
}
