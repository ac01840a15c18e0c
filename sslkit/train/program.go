package train

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"path"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/recipe"
)

// step is the compiled training step of a recipe: one program, one call a step.
// The state stays on the device.
type step struct {
	recipe recipe.Recipe
	device *device.Device
	layout layout
	images *feed.Source // see [step.feed]
	exec   *graph.Exec
}

func newStep(d *device.Device, r recipe.Recipe) (*step, error) {
	s := &step{recipe: r, device: d}
	var err error
	if s.layout, err = declare(d, r); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return s, nil
}

// feed says where the step's images come from. Before that it cannot be compiled.
func (s *step) feed(images *feed.Source) (err error) {
	s.images = images
	if s.exec, err = s.device.NewExec(s.name(), s.build, s.splits()...); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return nil
}

// declare returns of what a recipe's state consists. That does not depend on the device.
func declare(d *device.Device, r recipe.Recipe) (layout, error) {
	var meters []string
	vars, err := nn.Declare(d.Backend, modeOf(d, r), func(scope *nn.Scope) {
		defer func() {
			if failure := recover(); failure != nil {
				panic(located(failure, r.Method, r.Backbone))
			}
		}()
		views := make([]*graph.Node, len(r.Views))
		for i, view := range r.Views {
			views[i] = graph.Zeros(scope.Graph(), shapes.Make(r.Precision.ParamDType(), r.Batch, view.Size, view.Size, 3))
		}
		step := method.NewStep(r.Method, scope, r.Backbone, views)
		step.Places = func() []augment.Place {
			return slices.Repeat([]augment.Place{augment.Everywhere(scope.Graph(), r.Batch)}, len(views))
		}
		out := r.Method.Loss(step)
		if err := out.Check(); err != nil {
			panic(err)
		}
		meters = slices.Sorted(maps.Keys(out.Meters))
	})
	if err != nil {
		return layout{}, fmt.Errorf("%s: %w", method.Name(r.Method), err)
	}
	for _, f := range r.Freeze {
		if err := f.Check(vars.Params()); err != nil {
			return layout{}, err
		}
	}
	l := layout{vars, r.Optim.Slots(), meters, method.EvaluatedPath(r.Method)}
	return l, l.check()
}

// located is what building a step has panicked with, and where, if that was in a method
// or backbone of the program's own. A deferred function calls it.
func located(failure any, parts ...any) error {
	err, ok := failure.(error)
	if !ok {
		err = fmt.Errorf("%v", failure)
	}
	_, file, _, _ := runtime.Caller(0)
	library, here := path.Dir(path.Dir(file)), reflect.TypeFor[step]().PkgPath()+"."
	callers := make([]uintptr, 128)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)]) // without this and the deferred function
	for frame, more := frames.Next(); more && !strings.HasPrefix(frame.Function, here); frame, more = frames.Next() {
		if strings.HasPrefix(frame.File, library) && !strings.HasSuffix(frame.File, "_test.go") {
			continue
		}
		for _, part := range parts {
			if home := reflect.Indirect(reflect.ValueOf(part)).Type().PkgPath(); strings.HasPrefix(frame.Function, home+".") {
				return fmt.Errorf("%s:%d: %w", frame.File, frame.Line, err)
			}
		}
	}
	return err
}

func modeOf(d *device.Device, r recipe.Recipe) nn.Mode {
	return nn.Mode{Training: true, Precision: r.Precision, JointViews: d.JointViews(), Devices: d.Count, NormParts: r.NormParts}
}

func (s *step) mode() nn.Mode { return modeOf(s.device, s.recipe) }

// name says that the program writes the new state over the old one.
func (s *step) name() string {
	return device.InPlace("training step", len(s.layout.noState().fields()))
}

// splits says how the program's inputs lie on several accelerators: each has the whole state,
// and its part of every batch.
func (s *step) splits() []device.Split {
	splits := slices.Repeat([]device.Split{device.Whole}, len(s.layout.noState().fields()))
	splits = append(splits, placesSplit, device.Whole, device.Whole, device.Whole)
	return append(splits, s.images.Splits()...)
}

// placesSplit is the axis of the batch of [epochInput]'s places.
const placesSplit = 1

// build is the program. Its inputs are the state, the epoch's constants and the
// set of images, in the order of their structs; its outputs are the state after
// the step.
func (s *step) build(in []*graph.Node) []*graph.Node {
	params, slots, in := in[0], in[1:1+len(s.layout.slots)], in[1+len(s.layout.slots):]
	buffers, meters, number := in[0], in[1], in[2]
	places, epoch, rates, key, set := in[3], in[4], in[5], in[6], in[7:]

	batch := s.images.Take(set, graph.Gather(places, graph.Reshape(number, 1))) // [batch] of [steps, batch]
	clock := s.clock(epoch, number)
	model, step := s.bind(params, buffers, op.KeyNode(key, number), batch, clock)
	out := s.recipe.Method.Loss(step)
	update := optim.Update{
		Params: model.ParamsAfter(), Gradient: model.Gradient(out.Loss), Slots: slots,
		LR:        graph.Reshape(graph.Gather(rates, graph.Reshape(number, 1))), // scalar of [steps]
		Variables: s.layout.vars.Params(), Clock: clock,
	}
	params, slots = optim.Step(s.recipe.Optim, update, s.recipe.ClipNorm, s.recipe.Freeze)
	meters = s.layout.record(meters, number, out, update.Trained(s.recipe.Freeze))
	return slices.Concat([]*graph.Node{params}, slots, []*graph.Node{model.BuffersAfter(), meters, graph.AddScalar(number, 1)})
}

// bind opens the model in a graph, and draws the views of a batch for a step of the
// method. All that is random depends on the key.
func (s *step) bind(params, buffers, key *graph.Node, batch augment.Batch, clock nn.Clock) (nn.Model, method.Step) {
	r := s.recipe
	keys := make([]*graph.Node, len(r.Views))
	for i := range keys {
		keys[i] = op.KeyNodeAt(key, uint64(i))
	}
	jointly := s.mode().JointViews && s.device.Count == 1 // else devices would send each other images
	views := augment.Views(r.Views, keys, batch, jointly)
	model := s.layout.vars.Bind(s.mode(), params, buffers).WithKey(key, len(views)).WithClock(clock)
	step := method.NewStep(r.Method, model.Scope, r.Backbone, views)
	step.Places = func() []augment.Place { return augment.Places(r.Views, keys, batch) }
	return model, step
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

// The meters of an epoch, sums over its steps: read once, at its end. The sums of
// the method's own follow, in the order of their names.
const (
	meterLoss     = iota
	meterGradient // norms, of what is trained
	meterSpread   // of the embeddings
	meterBadStep  // first step, counted from 0, whose loss or gradient was not finite
	meterCount
)

// noMeters are the meters before the first step.
func (l layout) noMeters() []float64 {
	meters := make([]float64, meterCount+len(l.meters))
	meters[meterBadStep] = math.MaxInt32
	return meters
}

// record adds a step to the meters.
func (l layout) record(meters, number *graph.Node, out method.Output, gradient *graph.Node) *graph.Node {
	g, dtype := meters.Graph(), meters.DType()
	stepLoss := graph.ConvertDType(out.Loss, dtype)
	norm := op.Norm(gradient)
	spread := graph.ConvertDType(spread(out.Embedding), dtype)

	finite := graph.LogicalAnd(graph.IsFinite(stepLoss), graph.IsFinite(norm))
	bad := graph.Where(finite, graph.Scalar(g, dtype, math.MaxInt32), graph.ConvertDType(number, dtype))
	at := func(i int) *graph.Node { return graph.Reshape(graph.Slice(meters, graph.AxisElem(i))) }
	values := []*graph.Node{
		meterLoss:     graph.Add(at(meterLoss), stepLoss),
		meterGradient: graph.Add(at(meterGradient), norm),
		meterSpread:   graph.Add(at(meterSpread), spread),
		meterBadStep:  graph.Min(at(meterBadStep), bad),
	}
	for i, name := range l.meters {
		own := graph.ConvertDType(graph.StopGradient(out.Meters[name]), dtype)
		values = append(values, graph.Add(at(meterCount+i), own))
	}
	for i, v := range values {
		values[i] = graph.Reshape(v, 1)
	}
	return graph.Concatenate(values, 0) // [meterCount + the method's own]
}

// spread is the standard deviation of the normalised embeddings times √dim: 1
// if they lie in all directions alike, 0 if all are the same.
//
//	embedding  [batch, dim]
//	result     scalar
func spread(embedding *graph.Node) *graph.Node {
	dim := float64(embedding.Shape().Dimensions[1])
	return graph.MulScalar(loss.NormalizedStd(graph.StopGradient(embedding)), math.Sqrt(dim))
}

// means returns those of a method's own meters after so many steps, and the names
// of those that are not finite numbers, which it leaves out.
func (l layout) means(meters []float64, steps float64) (means map[string]float64, bad []string) {
	for i, name := range l.meters {
		mean := meters[meterCount+i] / steps
		if math.IsNaN(mean) || math.IsInf(mean, 0) {
			bad = append(bad, name)
			continue
		}
		if means == nil {
			means = map[string]float64{}
		}
		means[name] = mean
	}
	return means, bad
}

// What random numbers are drawn for: the counter after the seed.
const (
	drawWeights = iota
	drawOrder
	drawViews
	drawLooks
	drawPauses
)

// epochInput is what comes from outside during an epoch: the images, and what
// stays the same.
type epochInput struct {
	images *feed.Reader // of a set for each step
	places copies       // [steps, batch] int32, split: where the sets have the images of each step
	epoch  copies       // scalar int32: epochs done
	rates  copies       // [steps]: the learning rate of each
	key    copies       // scalar uint64
}

// epochInput draws the order of an epoch's images, from the seed and the
// epoch's number alone. The first step that is made is step, counted from 0.
func (t *trainer) epochInput(epoch, step int) (*epochInput, error) {
	r := t.recipe
	random := rand.New(rand.NewPCG(op.Key(r.Seed, drawOrder, uint64(epoch)), 0))
	order := make([]int32, 0, r.TrainImages)
	for _, i := range random.Perm(r.TrainImages)[:r.Steps()*r.Batch] {
		order = append(order, int32(i))
	}
	in := &epochInput{}
	var err error
	if in.places, err = uploadParts(t.device, t.train.PlacesInParts(order, r.Batch), r.Steps(), r.Batch); err != nil {
		return nil, err
	}
	if in.epoch, err = upload(t.device, []int32{int32(epoch - 1)}); err != nil {
		return nil, err
	}
	rates := make([]float64, r.Steps())
	for s := range rates {
		rates[s] = r.LearningRate(epoch, s)
	}
	if in.rates, err = t.step.vector(rates); err != nil {
		return nil, err
	}
	if in.key, err = upload(t.device, []uint64{op.Key(r.Seed, drawViews, uint64(epoch))}); err != nil {
		return nil, err
	}
	in.images, err = t.train.ReadParts(order[step*r.Batch:], r.Batch)
	return in, err
}

func (e *epochInput) free() {
	e.images.Close()
	for _, c := range []copies{e.places, e.epoch, e.rates, e.key} {
		c.free()
	}
}

// next returns the inputs of the next step for each accelerator, the constants before the
// set of images.
func (e *epochInput) next() ([][]any, error) {
	sets, err := e.images.NextParts()
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	args := make([][]any, len(sets))
	for k, set := range sets {
		args[k] = []any{e.places[k], e.epoch[k], e.rates[k], e.key[k]}
		for _, t := range set {
			args[k] = append(args[k], t)
		}
	}
	return args, nil
}

// compile builds and compiles the program, and returns how long that took.
func (s *step) compile(st *state, in *epochInput) (time.Duration, error) {
	inputs, err := in.next()
	if err != nil {
		return 0, err
	}
	var args []any
	for k := range inputs {
		for _, field := range st.fields() {
			args = append(args, (*field)[k])
		}
		args = append(args, inputs[k]...)
	}
	start := time.Now()
	if err := s.exec.PreCompile(args...); err != nil {
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
	fields := st.fields()
	args := make([]any, 0, len(inputs)*(len(fields)+len(inputs[0])))
	for k := range inputs {
		for _, field := range fields {
			donated, err := graph.DonateTensorBuffer((*field)[k], s.device.Backend, backends.DeviceNum(k))
			if err != nil {
				return fmt.Errorf("train: %w", err)
			}
			args = append(args, donated)
		}
		args = append(args, inputs[k]...)
	}
	after, err := s.exec.Exec(args...)
	if err != nil {
		return fmt.Errorf("train: step: %w%s", err, s.device.Advice(err))
	}
	for k := range inputs {
		for i, field := range fields {
			(*field)[k] = after[k*len(fields)+i]
		}
	}
	return nil
}
