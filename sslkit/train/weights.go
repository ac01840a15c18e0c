package train

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/named"
	"github.com/gossl/gossl/sslkit/method"
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

	Backbone string // where the variables of the backbone are that is evaluated, see [method.EvaluatedPath]

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
	w := &Weights{Recipe: r, Variables: l.vars, Backbone: l.evaluated}
	w.Params, w.Buffers = initial(l.vars, r)
	return w, nil
}

// ReadWeights returns the weights of a run folder's last checkpoint, or of the
// one before it where the last cannot be used: Problem then says why. It needs
// no plugin and writes nothing: the run may be at work.
func ReadWeights(dir string) (*Weights, error) {
	f := &folder{dir: dir}
	r, err := f.recipe()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("train: %s is no run folder: %w", dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("train: run folder: %w", err)
	}
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("train: %s: %w", filepath.Join(dir, recipeFile), err)
	}
	l, err := declareAnywhere(r)
	if err != nil {
		return nil, fmt.Errorf("train: %s: %w", filepath.Join(dir, recipeFile), err)
	}
	return f.weights(r, l.vars, l.read)
}

// weights are those of the newest checkpoint that can be read.
func (f *folder) weights(r recipe.Recipe, vars *nn.Variables, read func(path string) (*checkpoint, error)) (*Weights, error) {
	c, problem, err := f.newest(read)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, fmt.Errorf("train: run folder %s has no %s: its run has not come as far as the first one", f.dir, checkpointFile)
	}
	return &Weights{
		Recipe: r, Variables: vars,
		Params: c.params, Buffers: c.buffers, Backbone: method.EvaluatedPath(r.Method),
		Epoch: c.Epoch, Step: c.Step,
		Problem: problem,
	}, nil
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

// ReadBackbone is [ReadWeights] for those who want the backbone and nothing else.
// It reads runs of methods and optimizers that another program has registered, too:
// of these, the weights have no other variables than those of the backbone that is
// evaluated, and the recipe has no method, or no optimizer. The name of the method is
// returned besides.
func ReadBackbone(dir string) (w *Weights, methodName string, err error) {
	f := &folder{dir: dir}
	r, err := f.recipe()
	var unknown *named.ReadError
	if !errors.As(err, &unknown) || r.Backbone == nil {
		if w, err = ReadWeights(dir); err != nil {
			return nil, "", err
		}
		return w, method.Name(w.Recipe.Method), nil
	}
	vars, err := declareBackbone(r)
	if err != nil {
		return nil, "", fmt.Errorf("train: %s: %w", filepath.Join(dir, recipeFile), err)
	}
	w, err = f.weights(r, vars, func(path string) (*checkpoint, error) { return readBackbone(path, vars) })
	if err != nil {
		return nil, "", err
	}
	if methodName = method.Name(r.Method); r.Method == nil {
		methodName = unknown.Name
	}
	w.Backbone = method.BackbonePath
	return w, methodName, nil
}

// declareBackbone returns the variables of a recipe's backbone.
func declareBackbone(r recipe.Recipe) (*nn.Variables, error) {
	if len(r.Views) == 0 {
		return nil, errors.New("the recipe has no views")
	}
	for _, part := range []interface{ Validate() error }{r.Backbone, r.EvalView(), r.Precision} {
		if err := part.Validate(); err != nil {
			return nil, err
		}
	}
	d, err := device.Open(device.Go)
	if err != nil {
		return nil, err
	}
	return nn.Declare(d.Backend, modeOf(d, r), func(scope *nn.Scope) {
		size, batch := r.EvalView().Size, backbone.Parts(r.Backbone)
		method.Features(scope, r.Backbone, graph.Zeros(scope.Graph(), shapes.Make(r.Precision.ParamDType(), batch, size, size, 3)))
	})
}

// readBackbone reads the variables of the backbone that a run is evaluated by, which vars
// has at [method.BackbonePath], and compares the checksum of all tensors where the file
// tells their order.
func readBackbone(path string, vars *nn.Variables) (*checkpoint, error) {
	file, err := openCheckpoint(path)
	if err != nil {
		return nil, err
	}
	c := layout{vars: vars}.empty()
	c.place = file.place
	path = cmp.Or(file.meta[evaluatedKey], method.BackbonePath)
	for _, list := range []struct {
		variables []nn.Variable
		flat      []float64
	}{{vars.Params(), c.params}, {vars.Buffers(), c.buffers}} {
		for _, v := range list.variables {
			name := path + strings.TrimPrefix(v.Path, method.BackbonePath)
			if err := file.read(part{name, v.Dims, list.flat[v.Offset : v.Offset+v.Size()]}); err != nil {
				return nil, err
			}
		}
	}
	order, err := file.order()
	if err != nil || order == nil {
		return c, err
	}
	return c, file.check(order)
}
