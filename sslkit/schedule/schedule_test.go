package schedule_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/schedule"
)

// Two epochs of warm-up, then along a cosine to 0.
func ExampleSchedule_Value() {
	s := schedule.Schedule{From: 1, To: 0, Warmup: 2, Shape: schedule.Cosine, Per: schedule.Epoch}
	for epoch := range 6 {
		fmt.Printf("%.2f ", s.Value(epoch, 6))
	}
	fmt.Println()
	// Output:
	// 0.50 1.00 1.00 0.75 0.25 0.00
}

// TestEdges checks runs that are all warm-up, all but one epoch, or shorter or
// longer than the schedule.
func TestEdges(t *testing.T) {
	for _, c := range []struct {
		schedule schedule.Schedule
		at, of   int
		want     float64
	}{
		{per(1, 0.5, 0, 0, schedule.Cosine), 0, 1, 0.5},
		{per(1, 0.5, 1, 0, schedule.Cosine), 0, 1, 1},
		{per(1, 0.5, 3, 0, schedule.Cosine), 2, 3, 1},
		{per(1, 0.5, 1, 0, schedule.Cosine), 0, 2, 1},
		{per(1, 0.5, 1, 0, schedule.Cosine), 1, 2, 0.5},
		{per(1, 0.5, 1, 0, schedule.Cosine), 3, 3, 0.5},
		{per(1, 0, 0, 0, schedule.Annealing), 0, 7, 1},
		{per(1, 0, 0, 0, schedule.Annealing), 7, 7, 0},
		{per(1, 0, 0, 0, schedule.Annealing), 0, 0, 0},
		{per(2, 3, 0, 10, schedule.Wave), 5, 100, 3},
		{per(2, 3, 0, 10, schedule.Wave), 20, 100, 2},
		{per(2, 3, 0, 0, schedule.Wave), 5, 10, 3},
		{per(2, 3, 0, 5, schedule.Linear), 2, 100, 2.5},
		{per(2, 3, 4, 5, schedule.Linear), 6, 100, 2.5},
		{per(2, 3, 4, 5, schedule.Linear), 8, 100, 3},
		{per(2, 3, 0, 1, schedule.Linear), 0, 100, 3},
		{per(2, 3, 0, 5, schedule.Linear), 99, 100, 3},
		{per(4, 0, 4, 0, schedule.Flat), 0, 100, 1},
		{per(4, 0, 4, 0, schedule.Flat), 4, 100, 4},
		{schedule.Constant(0.3), 4, 100, 0.3},
	} {
		if got := c.schedule.Value(c.at, c.of); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("%v in %d of %d: %g, want %g", c.schedule, c.at, c.of, got, c.want)
		}
		if got := inGraph(t, c.schedule, c.at, c.of); math.Abs(got-c.want) > 1e-14 {
			t.Errorf("%v in %d of %d: %g in a graph, want %g", c.schedule, c.at, c.of, got, c.want)
		}
	}
}

// The device that trains computes the numbers of the host.
func TestAtOnXLA(t *testing.T) {
	d := testkit.XLA(t)
	const steps = 200
	s := schedule.Schedule{From: 0.9, To: 1, Warmup: 7, Shape: schedule.Cosine, Per: schedule.Step}
	exec, err := graph.NewExec(d.Backend, func(step *graph.Node) *graph.Node {
		return s.At(nn.Clock{Step: step, Epoch: step, Steps: steps, Epochs: 1})
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	for step := range steps {
		out, err := exec.Exec1(tensors.FromScalar(int32(step)))
		if err != nil {
			t.Fatal(err)
		}
		testkit.Within(t, fmt.Sprint("step ", step), testkit.Values(t, out), []float64{s.Value(step, steps)}, 1e-14)
	}
}

// TestIn checks that a constant needs no clock, and what changes does.
func TestIn(t *testing.T) {
	d := testkit.Open(t, device.Go)
	in := func(s schedule.Schedule, g *graph.Graph) *graph.Node {
		nothing := graph.Zeros(g, shapes.Make(dtypes.Float32, 0))
		return s.In((&nn.Variables{}).Bind(nn.Mode{Precision: device.F32}, nothing, nothing).Scope)
	}
	got := testkit.Run(t, d, func(of []*graph.Node) []*graph.Node {
		return []*graph.Node{in(schedule.Constant(0.3), of[0].Graph())}
	}, tensors.FromScalar(int32(0)))
	if got[0][0] != 0.3 {
		t.Errorf("a constant 0.3 is %g", got[0][0])
	}
	testkit.Panics(t, d, "nn: Clock: the graph has no clock", func(g *graph.Graph) {
		in(per(1, 0, 0, 0, schedule.Cosine), g)
	})
}

func TestJSON(t *testing.T) {
	for text, want := range map[string]schedule.Schedule{
		`0.99`: schedule.Constant(0.99),
		`0`:    {},
		`{"from":1,"to":0,"warmup":3,"over":0,"shape":"cosine","per":"epoch"}`: per(1, 0, 3, 0, schedule.Cosine),
		`{"from":1,"to":0,"warmup":3,"over":0,"shape":"","per":"epoch"}`:       per(1, 0, 3, 0, schedule.Flat),
	} {
		written, err := json.Marshal(want)
		if err != nil || string(written) != text {
			t.Errorf("%v is written as %s, error %v, want %s", want, written, err, text)
		}
		var got schedule.Schedule
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	for text, want := range map[string]string{
		`"cosine"`:             "want a number, or an object",
		`null`:                 "want a number, or an object",
		`{"from":1,"until":2}`: `"until"`,
	} {
		var s schedule.Schedule
		if err := json.Unmarshal([]byte(text), &s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one about %s", text, err, want)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		schedule schedule.Schedule
		want     string // part of the error, "" for none
	}{
		{schedule.Schedule{}, ""},
		{schedule.Constant(-3), ""},
		{per(1, 0, 3, 4, schedule.Linear), ""},
		{per(1, 0, 3, 0, schedule.Flat), ""},
		{schedule.Constant(math.NaN()), "from NaN"},
		{per(1, math.Inf(1), 3, 4, schedule.Linear), "to +Inf"},
		{per(1, 0, -3, 4, schedule.Linear), "warmup -3"},
		{per(1, 0, 3, -4, schedule.Linear), "over -4"},
		{per(1, 0, 3, 4, "step"), `shape "step"`},
		{per(1, 2, 3, 0, schedule.Flat), "without a shape"},
		{schedule.Schedule{From: 1, Shape: schedule.Cosine}, "per is not set"},
		{schedule.Schedule{From: 1, Shape: schedule.Cosine, Per: "batch"}, `per "batch"`},
	} {
		err := c.schedule.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want one about %q", c.schedule, err, c.want)
		}
	}
}

func TestInWords(t *testing.T) {
	for want, s := range map[string]schedule.Schedule{
		"0.99": schedule.Constant(0.99),
		"cosine from 1 to 0 after a warm-up of 3 per epoch": per(1, 0, 3, 0, schedule.Cosine),
		"linear from 0.04 to 0.07 over 30 per epoch":        per(0.04, 0.07, 0, 30, schedule.Linear),
		"0.5 after a warm-up of 3 per epoch":                per(0.5, 0, 3, 0, schedule.Flat),
	} {
		if got := s.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if low, high := s.Bounds(); s.Shape != schedule.Flat && (low != min(s.From, s.To) || high != max(s.From, s.To)) ||
			s.Shape == schedule.Flat && (low != s.From || high != s.From) {
			t.Errorf("%v lies between %g and %g", s, low, high)
		}
	}
}
