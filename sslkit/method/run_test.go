package method_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

// A run trains a method on the same views at every step.
type run struct {
	device  *device.Device
	mode    nn.Mode
	vars    *nn.Variables
	network backbone.Backbone
	exec    *graph.Exec
	state   []*tensors.Tensor // parameters, buffers, velocity
	fixed   []*tensors.Tensor // views
	rates   rates
	made    int // steps
	t       *testing.T

	embedding []float64 // of the last step
}

// runSteps is how many steps a run has, as its clock says: an epoch each.
const runSteps = 20

// referenceOptimizer takes the reference steps.
var referenceOptimizer = optim.SGD{Momentum: 0.9, WeightDecay: schedule.Constant(5e-4)}

// startRun gives the method's variables the reference weights, which are
// counted through the online network.
func startRun(t *testing.T, d *device.Device, mode nn.Mode, m method.Method, network backbone.Backbone, c stepCase) *run {
	t.Helper()
	testkit.NoFloat64(t, d, mode.Precision)
	r := &run{t: t, device: d, mode: mode, network: network, rates: c.LR}
	dtype := mode.Precision.ParamDType()
	for view := range m.Views().Count() {
		r.fixed = append(r.fixed, c.pictures(view).Tensor(dtype))
	}
	vars, err := nn.Declare(d.Backend, mode, func(scope *nn.Scope) {
		views := make([]*graph.Node, m.Views().Count())
		for i := range views {
			views[i] = graph.Zeros(scope.Graph(), shapes.Make(dtype, c.Batch, c.size(i), c.size(i), 3))
		}
		m.Loss(method.NewStep(m, scope, network, views))
	})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	r.vars = vars
	_, buffers := vars.Initial(0)
	weights := testkit.WeightsFrom(c.FirstWeight, vars.Params(), testkit.UnitNorms)
	startBuffers(vars, c.Bank.S, weights, buffers)
	if c.Tensors > 0 && (len(vars.Params()) != c.Tensors || len(weights) != c.Parameters) {
		t.Fatalf("%d tensors of %d parameters, want %d of %d", len(vars.Params()), len(weights), c.Tensors, c.Parameters)
	}
	velocity := make([]float64, len(weights))
	r.state = []*tensors.Tensor{
		testkit.Tensor(dtype, weights, len(weights)),
		testkit.Tensor(dtype, buffers, len(buffers)),
		testkit.Tensor(dtype, velocity, len(velocity)),
	}
	r.exec, err = graph.NewExec(d.Backend, func(in []*graph.Node) []*graph.Node {
		mode := r.mode
		mode.Training = true
		params, buffers, velocity, number, lr, views := in[0], in[1], in[2], in[3], in[4], in[5:]
		clock := nn.Clock{Step: number, Epoch: number, Steps: runSteps, Epochs: runSteps}
		model := vars.Bind(mode, params, buffers).WithClock(clock).WithPermutations(func(n int) *graph.Node {
			return graph.Const(params.Graph(), referenceOrder(n))
		})
		out := m.Loss(method.NewStep(m, model.Scope, network, views))
		gradient := model.Gradient(out.Loss)
		params, slots := referenceOptimizer.Step(optim.Update{
			Params: params, Gradient: gradient, Slots: []*graph.Node{velocity}, LR: graph.Reshape(lr),
		})
		return []*graph.Node{params, model.BuffersAfter(), slots[0], out.Loss, gradient, out.Embedding}
	})
	if err != nil {
		t.Fatal(err)
	}
	r.exec.SetMaxCache(1) // a second compilation would be an error
	t.Cleanup(r.exec.Finalize)
	return r
}

// referenceOrder is how the reference shuffles the images of keys.
func referenceOrder(n int) []int32 {
	order := make([]int32, n)
	for i := range order {
		order[i] = int32((5*i + 3) % n)
	}
	return order
}

// startBuffers copies the weights to the target, and fills the queue with the
// reference keys of a generator.
func startBuffers(vars *nn.Variables, generator int, weights, buffers []float64) {
	for _, v := range vars.Buffers() {
		values := buffers[v.Offset : v.Offset+v.Size()]
		if v.Path == "queue" {
			for row, keys := 0, testkit.G(generator, v.Dims[0], v.Dims[1]); row < len(keys); row += v.Dims[1] {
				norm := testkit.Norm(keys[row : row+v.Dims[1]])
				for i := row; i < row+v.Dims[1]; i++ {
					values[i] = keys[i] / norm
				}
			}
		}
		if name, isTarget := strings.CutPrefix(v.Path, "target/"); isTarget {
			for _, online := range vars.Params() {
				if online.Path == "online/"+name {
					copy(values, weights[online.Offset:online.Offset+online.Size()])
				}
			}
		}
	}
}

// step takes one training step.
func (r *run) step(t *testing.T) (loss float64, gradient []float64) {
	t.Helper()
	rate := testkit.Tensor(r.mode.Precision.ParamDType(), []float64{r.rates.at(r.made)})
	args := []any{r.state[0], r.state[1], r.state[2], tensors.FromScalar(int32(r.made)), rate}
	for _, in := range r.fixed {
		args = append(args, in)
	}
	r.made++
	out, err := r.exec.Exec(args...)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	r.state = out[:3:3]
	r.embedding = testkit.Values(t, out[5])
	return testkit.Values(t, out[3])[0], testkit.Values(t, out[4])
}

func (r *run) params() []float64  { return testkit.Values(r.t, r.state[0]) }
func (r *run) buffers() []float64 { return testkit.Values(r.t, r.state[1]) }

// tensorNorms are the norms of a vector's tensors.
func (r *run) tensorNorms(flat []float64) []float64 {
	var norms []float64
	for _, v := range r.vars.Params() {
		norms = append(norms, testkit.Norm(flat[v.Offset:v.Offset+v.Size()]))
	}
	return norms
}

// lastTensor is the beginning of the last parameter below a path, in PyTorch's order.
func lastTensor(list []nn.Variable, flat []float64, below string, n int) []float64 {
	var last nn.Variable
	for _, v := range list {
		if strings.HasPrefix(v.Path, below) && !isStatistic(v) {
			last = v
		}
	}
	stride := 1
	if len(last.Dims) == 2 {
		stride = last.Dims[1]
	}
	head := make([]float64, n)
	for i := range head {
		head[i] = flat[last.Offset+i*stride]
	}
	return head
}

// targetNorm is the norm of the target's parameters below a path.
func (r *run) targetNorm(below string) float64 {
	var flat []float64
	for _, v := range r.vars.Buffers() {
		if strings.HasPrefix(v.Path, below) && !isStatistic(v) {
			flat = append(flat, r.buffers()[v.Offset:v.Offset+v.Size()]...)
		}
	}
	return testkit.Norm(flat)
}

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

// features of view 0 in evaluation mode, as the variables are now.
func (r *run) features(t *testing.T) []float64 {
	t.Helper()
	return testkit.Run(t, r.device, func(in []*graph.Node) []*graph.Node {
		model := r.vars.Bind(r.mode, in[0], in[1])
		return []*graph.Node{method.Features(model.Scope, r.network, in[2])}
	}, r.state[0], r.state[1], r.fixed[0])[0]
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
