package method_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/schedule"
)

func smallSMoG() method.SMoG {
	_, c := small()
	return goldenMethods["SMoG"](c).(method.SMoG)
}

// TestSMoGValidates names each of its own fields.
func TestSMoGValidates(t *testing.T) {
	for want, spoil := range map[string]func(m *method.SMoG){
		"temperature 0, want":    func(m *method.SMoG) { m.Temperature = 0 },
		"beta 1, want one in":    func(m *method.SMoG) { m.Beta = 1 },
		"beta NaN, want one in":  func(m *method.SMoG) { m.Beta = math.NaN() },
		"1 groups, want at":      func(m *method.SMoG) { m.Groups = 1 },
		"queue of 4 projections": func(m *method.SMoG) { m.Queue = 4 },
		"reset every 0 steps":    func(m *method.SMoG) { m.Reset = 0 },
		"momentum 1, want":       func(m *method.SMoG) { m.Momentum = schedule.Constant(1) },
		"predictor has out 9":    func(m *method.SMoG) { m.Predictor.Out = 9 },
	} {
		m := smallSMoG()
		spoil(&m)
		if err := m.Validate(nil); err == nil || !strings.HasPrefix(err.Error(), "method: SMoG: "+want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// The views change places in every other step of an epoch, whatever step of the run it is.
func TestSMoGSwaps(t *testing.T) {
	d := testkit.Open(t, device.Go)
	for _, c := range []struct {
		step, epoch int32
		want        float64 // the first view then
	}{{0, 0, 0}, {1, 0, 1}, {2, 0, 0}, {3, 1, 0}, {4, 1, 1}, {5, 1, 0}} {
		out := testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
			g := in[0].Graph()
			clock := nn.Clock{Step: graph.Const(g, c.step), Epoch: graph.Const(g, c.epoch), Steps: 6, Epochs: 2}
			return method.Swapped(clock, in)
		}, testkit.Tensor(dtypes.Float32, make([]float64, 6), 2, 3), testkit.Tensor(dtypes.Float32, []float64{1, 1, 1, 1, 1, 1}, 2, 3))
		testkit.Within(t, at("first view", int(c.step)), out[0], slices.Repeat([]float64{c.want}, 6), 0)
		testkit.Within(t, at("second view", int(c.step)), out[1], slices.Repeat([]float64{1 - c.want}, 6), 0)
	}
	testkit.Panics(t, d, "want one shape: they change places", func(g *graph.Graph) {
		clock := nn.Clock{Step: graph.Const(g, int32(0)), Epoch: graph.Const(g, int32(0)), Steps: 1, Epochs: 1}
		method.Swapped(clock, []*graph.Node{graph.Const(g, []float32{1}), graph.Const(g, []float32{1, 2})})
	})
}

// TestSMoGPauses looks at what a pause leaves: groups of length 1, the same ones for the
// same key, and a target that is the online network. A queue that is not finite is an error.
func TestSMoGPauses(t *testing.T) {
	network, c := small()
	c.ResetEvery = 100
	m := goldenMethods["SMoG"](c).(method.SMoG)
	var steps []int
	for step := range 350 {
		if m.Pauses(step) {
			steps = append(steps, step)
		}
	}
	if !slices.Equal(steps, []int{100, 200, 300}) {
		t.Errorf("pauses before steps %v", steps)
	}
	r := startRun(t, testkit.Open(t, device.Go), nn.Mode{Precision: device.F32}, m, network, c)
	for range 3 {
		r.step(t)
	}
	pause := func(key uint64) ([]float64, []float64) {
		t.Helper()
		params, buffers := r.params(), r.buffers()
		values, err := r.vars.Values(params, buffers)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Pause(t.Context(), method.Pause{Step: 100, Key: key, Values: values}); err != nil {
			t.Fatal(err)
		}
		return params, buffers
	}
	params, buffers := pause(1)
	for group := range slices.Chunk(testkit.Part(t, r.vars.Buffers(), buffers, "groups"), m.Projector.Out) {
		testkit.NearScalar(t, "length of a group", testkit.Norm(group), 1, 1e-12)
	}
	for _, name := range []string{"backbone/conv1/weight", "projector/0/weight"} {
		online, target := testkit.Part(t, r.vars.Params(), params, "online/"+name), testkit.Part(t, r.vars.Buffers(), buffers, "target/"+name)
		if !slices.Equal(online, target) {
			t.Errorf("the target's %s is not the online network's", name)
		}
	}
	if _, again := pause(1); !slices.Equal(buffers, again) {
		t.Error("the same key gives other groups")
	}
	if _, other := pause(2); slices.Equal(buffers, other) {
		t.Error("another key gives the same groups")
	}
	testkit.Part(t, r.vars.Buffers(), buffers, "queue")[0] = math.NaN()
	values, err := r.vars.Values(params, buffers)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Pause(t.Context(), method.Pause{Step: 100, Values: values}); err == nil || !strings.Contains(err.Error(), "method: SMoG: queue: kmeans: row 0 has NaN") {
		t.Errorf("error %v", err)
	}
}
