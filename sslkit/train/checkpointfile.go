package train

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/nlpodyssey/safetensors"
)

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
