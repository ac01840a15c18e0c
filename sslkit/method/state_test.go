package method_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

// statePath is where a model's scope has what cases call state: under that name, unless
// it is here. The row that a queue is at has "_position" behind it.
func statePath(name string) string {
	if path, ok := map[string]string{
		"bank":           "queue",
		"prototypes":     "online/prototypes/weight",
		"prototype_bias": "online/prototypes/bias",
		"class_token":    "online/backbone/cls_token/weight",
		"positions":      "online/backbone/pos_embed/weight",
	}[name]; ok {
		return path
	}
	return name
}

// frozenPrototypesPath is where those are that are never trained.
const frozenPrototypesPath = "prototypes"

// starts are the values of buffers before the first step, by path.
func (c stepCase) starts(t *testing.T) map[string][]float64 {
	t.Helper()
	all := map[string][]float64{}
	put := func(name string, in *testkit.Input) {
		if in != nil {
			all[statePath(name)] = in.Array(t).Data
			all[statePath(name)+"_position"] = []float64{float64(in.Ptr)}
		}
	}
	put("bank", c.Bank)
	put("groups", c.Groups)
	for i := range c.Queues {
		put([]string{"queue0", "queue1"}[i], &c.Queues[i])
	}
	if c.seeds.Prototypes != nil {
		all[frozenPrototypesPath] = c.frozenPrototypes()
	}
	return all
}

// startBuffers gives a method's buffers the values that the case starts with.
func (c stepCase) startBuffers(t *testing.T, list []nn.Variable, flat []float64, target []reference) {
	t.Helper()
	fill(list, flat, "target/", target)
	starts := c.starts(t)
	for _, v := range list {
		part := flat[v.Offset : v.Offset+v.Size()]
		if start, ok := starts[v.Path]; ok {
			if len(start) != len(part) {
				t.Fatalf("%s has %v, the case's %d values", v.Path, v.Dims, len(start))
			}
			copy(part, start)
		}
		for name, constant := range map[string]*struct{ Start float64 }{"center": c.Center, "covariance": c.Covariance} {
			if constant != nil && v.Path == statePath(name) {
				copy(part, slices.Repeat([]float64{constant.Start}, len(part)))
			}
		}
	}
}

// stateNow is what a case calls by that name, as it is now, in PyTorch's order.
func (r *run) stateNow(t *testing.T, name string, want state) []float64 {
	t.Helper()
	path := statePath(name)
	for i, tensor := range r.tensors {
		isNamed := strings.HasSuffix(tensor.Name, "."+name) && slices.Equal(tensor.Shape, want.Shape)
		if isNamed || "online/"+tensor.path == path {
			return values(r.vars.Params(), r.params(), "online/", r.tensors[i:i+1])[0]
		}
	}
	return testkit.Part(t, r.vars.Buffers(), r.buffers(), path)
}

// checkStateNorms compares the norms of what a method keeps after a step.
func (c stepCase) checkStateNorms(t *testing.T, r *run, step int, tolerance float64) {
	t.Helper()
	for name, want := range c.norms {
		got := testkit.Norm(r.stateNow(t, name, c.State[name]))
		testkit.NearScalar(t, at("norm of "+name, step), got, want[step], tolerance)
	}
}

// checkState compares what a method keeps beside its parameters.
func (c stepCase) checkState(t *testing.T, r *run, tolerance float64) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(c.State)) {
		want := c.State[name]
		got, sum := r.stateNow(t, name, want), 0.0
		for _, v := range got {
			sum += v
		}
		testkit.Near(t, "first values of "+name, got[:len(want.First)], want.First, tolerance)
		testkit.Within(t, "sum of "+name, []float64{sum}, []float64{want.Sum}, tolerance*testkit.Norm(got))
		if want.Norm > 0 {
			testkit.NearScalar(t, "norm of "+name, testkit.Norm(got), want.Norm, tolerance)
		}
	}
	for name, want := range c.Pointers {
		position := testkit.Part(t, r.vars.Buffers(), r.buffers(), statePath(name)+"_position")
		testkit.Near(t, "position in "+name, position, []float64{want}, 0)
	}
}
