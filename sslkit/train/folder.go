package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/recipe"
)

// A run folder holds recipe.json, epochs.jsonl with a line an epoch, run.json
// with what else a [Result] has, and checkpoint.safetensors with the model after
// the last complete epoch.
const (
	recipeFile     = "recipe.json"
	epochsFile     = "epochs.jsonl"
	runFile        = "run.json"
	checkpointFile = "checkpoint.safetensors"
)

// folder is a run folder; a nil one keeps nothing.
type folder struct {
	dir     string
	writing chan error // result of the save in work
}

// openFolder makes a run folder, or opens one that holds the same recipe.
func openFolder(dir string, r recipe.Recipe) (*folder, error) {
	if dir == "" {
		return nil, nil
	}
	want, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	want = append(want, '\n')
	path := filepath.Join(dir, recipeFile)
	have, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("train: run folder: %w", err)
		}
		if err := writeFile(path, want); err != nil {
			return nil, fmt.Errorf("train: run folder: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("train: run folder: %w", err)
	case !bytes.Equal(have, want):
		return nil, fmt.Errorf("train: %s holds another recipe: name another run folder, or delete this one", path)
	}
	return &folder{dir: dir}, nil
}

// Open reads a run folder, of a run that has ended, was cut off, or goes on.
func Open(dir string) (*Result, error) {
	result := &Result{}
	text, err := os.ReadFile(filepath.Join(dir, recipeFile))
	if err != nil {
		return nil, fmt.Errorf("train: open run: %w", err)
	}
	if err := json.Unmarshal(text, &result.Recipe); err != nil {
		return nil, fmt.Errorf("train: open run: %s: %w", filepath.Join(dir, recipeFile), err)
	}
	f := &folder{dir: dir}
	if err := f.read(result); err != nil {
		return nil, fmt.Errorf("train: open run: %w", err)
	}
	return result, nil
}

// about is run.json.
type about struct {
	Device         string        `json:"device"`
	CompileSeconds float64       `json:"compile_seconds"`
	Memory         device.Memory `json:"memory"`
}

// read adds what the folder's text files say to a result. A last line of
// epochs.jsonl that was cut off is left out.
func (f *folder) read(result *Result) error {
	path := filepath.Join(f.dir, runFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing is complete yet
	}
	if err != nil {
		return err
	}
	var a about
	if err := json.Unmarshal(text, &a); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	result.Device, result.CompileSeconds, result.Memory = a.Device, a.CompileSeconds, a.Memory

	path = filepath.Join(f.dir, epochsFile)
	lines, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for number, line := range bytes.SplitAfter(lines, []byte("\n")) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var e Epoch
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("%s:%d: %w", path, number+1, err)
		}
		result.Epochs = append(result.Epochs, e)
	}
	return nil
}

// load returns the folder's checkpoint, or nil if there is none yet, and gives
// the result the epochs up to it.
func (f *folder) load(result *Result, vars *nn.Variables) (*checkpoint, error) {
	if f == nil {
		return nil, nil
	}
	path := filepath.Join(f.dir, checkpointFile)
	c, err := readCheckpoint(path, vars)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("train: %s: %w", path, err)
	}
	now := result.Device
	if err := f.read(result); err != nil {
		return nil, fmt.Errorf("train: run folder: %w", err)
	}
	result.Device = now
	if len(result.Epochs) <= c.epoch {
		return nil, fmt.Errorf("train: %s ends at epoch %d, before the checkpoint's %d",
			filepath.Join(f.dir, epochsFile), result.Last().Epoch, c.epoch)
	}
	result.Epochs = result.Epochs[:c.epoch+1]
	return c, nil
}

// save keeps the run as it is now. The state is copied before save returns, and
// written while training goes on: an error shows at the next save or wait.
func (f *folder) save(result *Result, st *state, vars *nn.Variables) error {
	if f == nil {
		return nil
	}
	if err := f.wait(); err != nil {
		return err
	}
	c, err := newCheckpoint(result.Last().Epoch, st)
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for _, e := range result.Epochs {
		if err := encoder.Encode(e); err != nil {
			return err
		}
	}
	run, err := json.MarshalIndent(about{result.Device, result.CompileSeconds, result.Memory}, "", "  ")
	if err != nil {
		return err
	}
	f.writing = make(chan error, 1)
	go func() {
		// The checkpoint last: the text files then have its epoch for sure.
		f.writing <- errors.Join(
			writeFile(filepath.Join(f.dir, epochsFile), lines.Bytes()),
			writeFile(filepath.Join(f.dir, runFile), append(run, '\n')),
			c.write(filepath.Join(f.dir, checkpointFile), vars))
	}()
	return nil
}

// wait waits for the save in work.
func (f *folder) wait() error {
	if f == nil || f.writing == nil {
		return nil
	}
	err := <-f.writing
	f.writing = nil
	if err != nil {
		return fmt.Errorf("train: run folder: %w", err)
	}
	return nil
}

// writeFile replaces a file at once: whoever reads it sees all of the old or
// all of the new, also after a crash.
func writeFile(path string, data []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // fails after the rename, as it should
	_, err = temp.Write(data)
	if err := errors.Join(err, temp.Chmod(0o644), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
