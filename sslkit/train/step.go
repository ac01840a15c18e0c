package train

import (
	"fmt"
	"time"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/recipe"
)

// step is the compiled training step of a recipe: one program, one call a step.
// The state stays on the device.
type step struct {
	recipe recipe.Recipe
	device *device.Device
	vars   *nn.Variables
	exec   *graph.Exec
}

func newStep(d *device.Device, r recipe.Recipe) (*step, error) {
	s := &step{recipe: r, device: d}
	var err error
	if s.vars, err = declare(d, r); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if s.exec, err = graph.NewExec(d.Backend, s.build); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return s, nil
}

// declare returns the variables of a recipe's model. They do not depend on the device.
func declare(d *device.Device, r recipe.Recipe) (*nn.Variables, error) {
	return nn.Declare(d.Backend, modeOf(d, r), func(scope *nn.Scope) {
		views := make([]*graph.Node, len(r.Views))
		for i, view := range r.Views {
			views[i] = graph.Zeros(scope.Graph(), shapes.Make(r.Precision.ParamDType(), r.Batch, view.Size, view.Size, 3))
		}
		r.Method.Loss(method.NewStep(r.Method, scope, r.Backbone, views))
	})
}

func modeOf(d *device.Device, r recipe.Recipe) nn.Mode {
	return nn.Mode{Training: true, Precision: r.Precision, JointViews: d.JointViews()}
}

func (s *step) mode() nn.Mode { return modeOf(s.device, s.recipe) }

// build is the program. Its inputs are the state, the epoch's constants and the
// set of images, in the order of their structs; its outputs are the state after
// the step.
func (s *step) build(in []*graph.Node) []*graph.Node {
	params, velocity, buffers, meters, number := in[0], in[1], in[2], in[3], in[4]
	places, epoch, lr, key, set := in[5], in[6], in[7], in[8], in[9:]

	batch := feed.Take(set, graph.Gather(places, graph.Reshape(number, 1))) // [batch] of [steps, batch]
	model, views := s.bind(params, buffers, op.KeyNode(key, number), batch)
	model = model.WithClock(s.clock(epoch, number))
	out := s.recipe.Method.Loss(method.NewStep(s.recipe.Method, model.Scope, s.recipe.Backbone, views))
	gradient := model.Gradient(out.Loss)
	params, velocity = s.recipe.Optim.Step(params, velocity, gradient, lr)
	meters = record(meters, number, out, gradient)
	return []*graph.Node{params, velocity, model.BuffersAfter(), meters, graph.AddScalar(number, 1)}
}

// bind opens the model in a graph, and draws the views of a batch. All that is
// random depends on the key.
func (s *step) bind(params, buffers, key *graph.Node, batch augment.Batch) (nn.Model, []*graph.Node) {
	views := make([]*graph.Node, len(s.recipe.Views))
	for i, view := range s.recipe.Views {
		views[i] = view.View(op.KeyNodeAt(key, uint64(i)), batch)
	}
	return s.vars.Bind(s.mode(), params, buffers).WithKey(key, len(views)), views
}

// clock tells the time of a step.
//
//	epoch   scalar int32: epochs done
//	number  scalar int32: steps done in the epoch
func (s *step) clock(epoch, number *graph.Node) nn.Clock {
	r := s.recipe
	return nn.Clock{
		Step: graph.Add(graph.MulScalar(epoch, r.Steps()), number), Epoch: epoch,
		Steps: r.Epochs * r.Steps(), Epochs: r.Epochs,
	}
}

// state is what a step changes.
type state struct {
	params, velocity, buffers *tensors.Tensor // flat vectors, as checkpoints hold them
	meters                    *tensors.Tensor // [meterCount]
	number                    *tensors.Tensor // steps done in this epoch, int32
}

// epochInput is what comes from outside during an epoch: the images, and what
// stays the same.
type epochInput struct {
	images *feed.Reader    // of a set for each step
	places *tensors.Tensor // [steps, batch] int32: where the sets have the images of each step
	epoch  *tensors.Tensor // scalar int32: epochs done
	lr     *tensors.Tensor // scalar
	key    *tensors.Tensor // scalar uint64
}

func (e *epochInput) free() {
	e.images.Close()
	for _, t := range []*tensors.Tensor{e.places, e.epoch, e.lr, e.key} {
		t.MustFinalizeAll()
	}
}

// next returns the inputs of the next step, the constants before the set of images.
func (e *epochInput) next() ([]any, error) {
	set, err := e.images.Next()
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	args := []any{e.places, e.epoch, e.lr, e.key}
	for _, t := range set {
		args = append(args, t)
	}
	return args, nil
}

// compile builds and compiles the program, and returns how long that took.
func (s *step) compile(st *state, in *epochInput) (time.Duration, error) {
	inputs, err := in.next()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	err = s.exec.PreCompile(append([]any{st.params, st.velocity, st.buffers, st.meters, st.number}, inputs...)...)
	if err != nil {
		return 0, fmt.Errorf("train: compile the step: %w", err)
	}
	return time.Since(start), nil
}

// run makes one step. The state's buffers are handed to the program, which may
// write the new state over them.
func (s *step) run(st *state, in *epochInput) error {
	inputs, err := in.next()
	if err != nil {
		return err
	}
	fields := []**tensors.Tensor{&st.params, &st.velocity, &st.buffers, &st.meters, &st.number}
	args := make([]any, 0, len(fields)+len(inputs))
	for _, field := range fields {
		donated, err := graph.DonateTensorBuffer(*field, s.device.Backend, 0)
		if err != nil {
			return fmt.Errorf("train: %w", err)
		}
		args = append(args, donated)
	}
	after, err := s.exec.Exec(append(args, inputs...)...)
	if err != nil {
		return fmt.Errorf("train: step: %w", err)
	}
	for i, field := range fields {
		*field = after[i]
	}
	return nil
}

// upload moves a tensor to the device, as a buffer that can be donated.
func upload(d *device.Device, t *tensors.Tensor) (*tensors.Tensor, error) {
	if err := t.MaterializeOnDevice(d.Backend, false, 0); err != nil {
		return nil, fmt.Errorf("train: upload %s: %w", t.Shape(), err)
	}
	t.FinalizeLocal()
	return t, nil
}

// vector returns values in the parameters' type, on the device.
func (s *step) vector(values []float64, dims ...int) (*tensors.Tensor, error) {
	if s.recipe.Precision.ParamDType() == dtypes.Float64 {
		return upload(s.device, tensors.FromFlatDataAndDimensions(values, dims...))
	}
	narrow := make([]float32, len(values))
	for i, v := range values {
		narrow[i] = float32(v)
	}
	return upload(s.device, tensors.FromFlatDataAndDimensions(narrow, dims...))
}
