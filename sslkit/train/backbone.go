package train

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/named"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/recipe"
)

// ReadBackbone is [ReadWeights] for those who want the backbone and nothing else.
// It reads runs of methods that another program has registered, too: of these,
// the weights have no other variables, and the recipe has no method. The name of
// the method is returned besides.
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
	c, problem, err := f.newestBy(func(path string) (*checkpoint, error) { return readBackbone(path, vars) })
	if err != nil {
		return nil, "", err
	}
	if c == nil {
		return nil, "", noCheckpoint(dir)
	}
	return &Weights{
		Recipe: r, Variables: vars,
		Params: c.params, Buffers: c.buffers,
		Epoch: c.Epoch, Step: c.Step,
		Problem: problem,
	}, unknown.Name, nil
}

// declareBackbone returns the variables of a recipe's backbone.
func declareBackbone(r recipe.Recipe) (*nn.Variables, error) {
	if len(r.Views) == 0 {
		return nil, errors.New("the recipe has no views")
	}
	if r.Backbone == nil {
		return nil, errors.New("the recipe has no backbone")
	}
	for _, part := range []interface{ Validate() error }{r.Backbone, r.Views[0], r.Precision} {
		if err := part.Validate(); err != nil {
			return nil, err
		}
	}
	d, err := device.Open(device.Go)
	if err != nil {
		return nil, err
	}
	return nn.Declare(d.Backend, modeOf(d, r), func(scope *nn.Scope) {
		size, batch := r.Views[0].Size, backbone.Parts(r.Backbone)
		method.Features(scope, r.Backbone, graph.Zeros(scope.Graph(), shapes.Make(r.Precision.ParamDType(), batch, size, size, 3)))
	})
}

// readBackbone reads the variables of a backbone, and compares the checksum of all
// tensors where the file tells their order.
func readBackbone(path string, vars *nn.Variables) (*checkpoint, error) {
	file, err := openCheckpoint(path)
	if err != nil {
		return nil, err
	}
	c := layout{vars: vars}.empty()
	c.place = file.place
	for _, list := range []struct {
		variables []nn.Variable
		flat      []float64
	}{{vars.Params(), c.params}, {vars.Buffers(), c.buffers}} {
		for _, v := range list.variables {
			if err := file.read(part{v.Path, v.Dims, list.flat[v.Offset : v.Offset+v.Size()]}); err != nil {
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
