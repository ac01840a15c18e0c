package train

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/recipe"
)

// Weights are the values of all variables of a recipe's model between two steps.
type Weights struct {
	Recipe    recipe.Recipe
	Variables *nn.Variables
	Params    []float64 // flat, as Variables says
	Buffers   []float64 // likewise

	Epoch int // complete ones
	Step  int // steps done of the next

	// Problem is what is wrong with the last checkpoint, where these weights are
	// those of the one before it.
	Problem error
}

// InitialWeights returns the weights with which training of a recipe begins. It
// needs no plugin.
func InitialWeights(r recipe.Recipe) (*Weights, error) {
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("train: initial weights: %w", err)
	}
	l, err := declareAnywhere(r)
	if err != nil {
		return nil, fmt.Errorf("train: initial weights: %w", err)
	}
	w := &Weights{Recipe: r, Variables: l.vars}
	w.Params, w.Buffers = initial(l.vars, r)
	return w, nil
}

// ReadWeights returns the weights of a run folder's last checkpoint, or of the
// one before it where the last cannot be used: Problem then says why. It needs
// no plugin and writes nothing: the run may be at work.
func ReadWeights(dir string) (*Weights, error) {
	f := &folder{dir: dir}
	r, err := f.recipe()
	if err != nil {
		return nil, fmt.Errorf("train: %s is no run folder: %w", dir, err)
	}
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("train: %s: %w", filepath.Join(dir, recipeFile), err)
	}
	l, err := declareAnywhere(r)
	if err != nil {
		return nil, fmt.Errorf("train: %s: %w", filepath.Join(dir, recipeFile), err)
	}
	c, problem, err := f.newest(l)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, noCheckpoint(dir)
	}
	return &Weights{
		Recipe: r, Variables: l.vars,
		Params: c.params, Buffers: c.buffers,
		Epoch: c.Epoch, Step: c.Step,
		Problem: problem,
	}, nil
}

func noCheckpoint(dir string) error {
	return fmt.Errorf("train: run folder %s has no %s: its run has not come as far as the first one", dir, checkpointFile)
}

// declareAnywhere is [declare] on the device that every machine has.
func declareAnywhere(r recipe.Recipe) (layout, error) {
	d, err := device.Open(device.Go)
	if err != nil {
		return layout{}, err
	}
	return declare(d, r)
}

// initial returns the parameters and buffers of a new model.
func initial(vars *nn.Variables, r recipe.Recipe) (params, buffers []float64) {
	return vars.Initial(op.Key(r.Seed, drawWeights))
}

// newest reads the last checkpoint, or where that cannot be used the one before
// it: the problem is then what is wrong with the last. Without either it returns nil.
func (f *folder) newest(l layout) (c *checkpoint, problem, err error) {
	return f.newestBy(func(path string) (*checkpoint, error) { return readCheckpoint(path, l) })
}

func (f *folder) newestBy(read func(path string) (*checkpoint, error)) (c *checkpoint, problem, err error) {
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
