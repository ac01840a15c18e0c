package method_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/optim"
)

// A run trains a method on the same views at every step.
type run struct {
	device  *device.Device
	mode    nn.Mode
	vars    *nn.Variables
	method  method.Method
	network backbone.Backbone
	exec    *graph.Exec
	state   []*tensors.Tensor // parameters, buffers, and what the optimizer keeps
	fixed   []*tensors.Tensor // views
	made    int               // steps
	c       stepCase
	t       *testing.T

	tensors, targetTensors []reference // of the online network and its target

	output    method.Output // as it was declared, on a graph that is gone
	embedding []float64     // of the last step
}

// startRun gives the method's variables the values that the case starts with.
func startRun(t *testing.T, d *device.Device, mode nn.Mode, m method.Method, network backbone.Backbone, c stepCase) *run {
	t.Helper()
	testkit.NoFloat64(t, d, mode.Precision)
	r := &run{t: t, device: d, mode: mode, method: m, network: network, c: c}
	dtype := mode.Precision.ParamDType()
	for view := range m.Views().Count() {
		r.fixed = append(r.fixed, c.pictures(view).Tensor(dtype))
	}
	vars, err := nn.Declare(d.Backend, mode, func(scope *nn.Scope) {
		views := make([]*graph.Node, m.Views().Count())
		for i := range views {
			views[i] = graph.Zeros(scope.Graph(), shapes.Make(dtype, c.Batch, c.size(i), c.size(i), 3))
		}
		r.output = m.Loss(r.newStep(m, scope, views))
	})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	r.vars = vars
	params, buffers := vars.Initial(0)
	r.tensors = c.references(t, vars.Params())
	r.targetTensors = c.targetReferences(r.tensors)
	fill(vars.Params(), params, "online/", r.tensors)
	c.startBuffers(t, vars.Buffers(), buffers, r.targetTensors)

	optimizer, freeze := c.optimizer(t)
	r.state = []*tensors.Tensor{testkit.Tensor(dtype, params, len(params)), testkit.Tensor(dtype, buffers, len(buffers))}
	for range optimizer.Slots() {
		r.state = append(r.state, testkit.Tensor(dtype, make([]float64, len(params)), len(params)))
	}
	r.exec, err = graph.NewExec(d.Backend, func(in []*graph.Node) []*graph.Node {
		return r.build(m, optimizer, freeze, in)
	})
	if err != nil {
		t.Fatal(err)
	}
	r.exec.SetMaxCache(1) // a second compilation would be an error
	t.Cleanup(r.exec.Finalize)
	return r
}

func (r *run) newStep(m method.Method, scope *nn.Scope, views []*graph.Node) method.Step {
	step := method.NewStep(m, scope, r.network, views)
	step.Places = func() []augment.Place { return r.c.places(scope.Graph(), len(views)) }
	return step
}

// build builds one step: state, number of the step, learning rate and views to
// state, loss, gradient and embedding.
func (r *run) build(m method.Method, o optim.Optimizer, freeze []optim.Freeze, in []*graph.Node) []*graph.Node {
	mode := r.mode
	mode.Training = true
	params, buffers, slots := in[0], in[1], in[2:len(r.state)]
	number, lr, views := in[len(r.state)], in[len(r.state)+1], in[len(r.state)+2:]
	clock := nn.Clock{Step: number, Epoch: number, Steps: r.c.epochs(), Epochs: r.c.epochs()}
	if r.c.Method == "SMoG" { // whose views change places in every other step of an epoch
		clock.Epoch, clock.Epochs = graph.ZerosLike(number), 1
	}
	model := r.vars.Bind(mode, params, buffers).WithClock(clock).WithPermutations(func(n int) *graph.Node {
		return graph.Const(params.Graph(), referenceOrder(n))
	})
	model = r.c.withNoise(model, number)
	out := m.Loss(r.newStep(m, model.Scope, views))
	update := optim.Update{
		Params: model.ParamsAfter(), Gradient: model.Gradient(out.Loss), Slots: slots, LR: graph.Reshape(lr),
		Variables: r.vars.Params(), Clock: clock,
	}
	params, slots = optim.Step(o, update, 0, freeze)
	return slices.Concat([]*graph.Node{params, model.BuffersAfter()}, slots, []*graph.Node{out.Loss, update.Trained(freeze), out.Embedding})
}

// pause lets the method do on the host what comes before the next step.
func (r *run) pause(t *testing.T) {
	t.Helper()
	m, ok := r.method.(method.Pauser)
	if !ok || !m.Pauses(r.made) {
		return
	}
	params, buffers := r.params(), r.buffers()
	values, err := r.vars.Values(params, buffers)
	if err != nil {
		t.Fatal(err)
	}
	p := method.Pause{Step: r.made, Key: uint64(r.made), Values: values}
	if start := r.c.KMeans; start != nil {
		err = m.(method.SMoG).PauseFrom(t.Context(), p, start.Rows)
	} else {
		err = m.Pause(t.Context(), p)
	}
	if err != nil {
		t.Fatal(err)
	}
	dtype := r.mode.Precision.ParamDType()
	r.state[0].MustFinalizeAll()
	r.state[1].MustFinalizeAll()
	r.state[0], r.state[1] = testkit.Tensor(dtype, params, len(params)), testkit.Tensor(dtype, buffers, len(buffers))
}

// step takes one training step, after a pause where the method makes one.
func (r *run) step(t *testing.T) (loss float64, gradient []float64) {
	t.Helper()
	r.pause(t)
	var args []any
	for _, in := range r.state {
		args = append(args, in)
	}
	rate := r.c.rate(t).Value(r.made, r.c.epochs())
	args = append(args, tensors.FromScalar(int32(r.made)), testkit.Tensor(r.mode.Precision.ParamDType(), []float64{rate}))
	for _, in := range r.fixed {
		args = append(args, in)
	}
	r.made++
	out, err := r.exec.Exec(args...)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	for _, before := range r.state { // which at full size would fill the memory
		before.MustFinalizeAll()
	}
	n := len(r.state)
	r.state = out[:n:n]
	var results [3][]float64
	for i, x := range out[n:] {
		results[i] = testkit.Values(t, x)
		x.MustFinalizeAll()
	}
	r.embedding = results[2]
	return results[0][0], results[1]
}

// take makes the state that of another run, whose precision may be another.
func (r *run) take(t *testing.T, other *run) {
	t.Helper()
	for i, x := range other.state {
		values := testkit.Values(t, x)
		r.state[i].MustFinalizeAll()
		r.state[i] = testkit.Tensor(r.mode.Precision.ParamDType(), values, len(values))
	}
}

func (r *run) params() []float64  { return testkit.Values(r.t, r.state[0]) }
func (r *run) buffers() []float64 { return testkit.Values(r.t, r.state[1]) }

// onlineNow and targetNow are the tensors of both networks.
func (r *run) onlineNow() [][]float64 {
	return values(r.vars.Params(), r.params(), "online/", r.tensors)
}

func (r *run) targetNow() [][]float64 {
	return values(r.vars.Buffers(), r.buffers(), "target/", r.targetTensors)
}

// tensorNorms are the norms of a gradient's tensors; those that never change have
// none.
func (r *run) tensorNorms(gradient []float64) []float64 {
	var norms []float64
	for _, tensor := range r.tensors {
		norms = append(norms, 0)
		if tensor.path != "" {
			norms[len(norms)-1] = testkit.Norm(testkit.Part(r.t, r.vars.Params(), gradient, "online/"+tensor.path))
		}
	}
	return norms
}

// trained leaves out tensors that are fixed: norms are without them.
func trained(list []reference, tensors [][]float64) [][]float64 {
	var all [][]float64
	for i, r := range list {
		if !r.IsFixed() {
			all = append(all, tensors[i])
		}
	}
	return all
}

// norm is that of all tensors together.
func norm(tensors [][]float64) float64 { return testkit.Norm(slices.Concat(tensors...)) }

func isStatistic(v nn.Variable) bool { return strings.Contains(v.Path, "/running_") }

// statistics sums the running statistics of a network, "online/" or "target/".
func (r *run) statistics(network string) statistics {
	var s statistics
	buffers := r.buffers()
	for _, v := range r.vars.Buffers() {
		if !strings.HasPrefix(v.Path, network) || !isStatistic(v) {
			continue
		}
		first, sum := &s.FirstMean, &s.SumMean
		if strings.HasSuffix(v.Path, "running_var") {
			first, sum = &s.FirstVar, &s.SumVar
			s.Layers++
		}
		values := buffers[v.Offset : v.Offset+v.Size()]
		if *first == nil {
			*first = values[:4]
		}
		for _, x := range values {
			*sum += x
		}
	}
	return s
}

// features of a view in evaluation mode, as the variables are now, by the network
// that the method is evaluated by; without a method by the trained one.
func (r *run) features(t *testing.T, m method.Method, view int) []float64 {
	t.Helper()
	pictures := r.c.pictures(view).Tensor(r.mode.Precision.ParamDType())
	return testkit.Run(t, r.device, func(in []*graph.Node) []*graph.Node {
		model := r.vars.Bind(r.mode, in[0], in[1])
		return []*graph.Node{method.Evaluated(model.Scope, m, r.network, in[2])}
	}, r.state[0], r.state[1], pictures)[0]
}

func meanAndStd(values []float64) (mean, std float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		std += (v - mean) * (v - mean) / float64(len(values))
	}
	return mean, math.Sqrt(std)
}

func at(what string, step int) string { return fmt.Sprintf("%s of step %d", what, step) }

func isOnline(path string) bool { return strings.HasPrefix(path, "online/") }
