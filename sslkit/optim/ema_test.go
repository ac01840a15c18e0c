package optim_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/schedule"
)

// TestGoldenMovingAverages moves a target network of [nn.Scope.Target] behind
// parameters that steps of plain SGD change. A table is named as "m 0.99 twice
// per step", "m 0.99, target starts at zero", or by the schedule of m.
func TestGoldenMovingAverages(t *testing.T) {
	for file, c := range testkit.Golden[struct{ EMA map[string]json.RawMessage }](t, "optim") {
		for title, text := range c.EMA {
			if title == "rule" {
				continue
			}
			t.Run(file+"/"+title, func(t *testing.T) {
				var want [][][]float64
				if err := json.Unmarshal(text, &want); err != nil {
					t.Fatal(err)
				}
				momentum, moves, target := readAverage(t, title)
				online := start()
				for step, tensors := range want {
					target = follow(t, target, online, momentum(step), moves)
					var flat []float64
					for _, values := range tensors {
						flat = append(flat, values...)
					}
					testkit.Near(t, fmt.Sprint("target in step ", step), target, flat, twelveDigits)
					for i, g := range gradientAt(step) {
						online[i] -= 0.1 * g
					}
				}
			})
		}
	}
}

// readAverage returns the momentum of a step, the moves per step and the
// target's start.
func readAverage(t *testing.T, title string) (momentum func(step int) float64, moves int, target []float64) {
	t.Helper()
	moves, target = 1, start()
	var m, from, to float64
	var steps int
	if _, err := fmt.Sscanf(title, "m by cosine_schedule %g -> %g over %d", &from, &to, &steps); err == nil {
		s := schedule.Schedule{From: from, To: to, Shape: schedule.Cosine, Per: schedule.Step}
		return func(step int) float64 { return s.Value(step, steps) }, moves, target
	}
	words, zero := strings.CutSuffix(title, ", target starts at zero")
	words, twice := strings.CutSuffix(words, " twice per step")
	if _, err := fmt.Sscanf(words, "m %g", &m); err != nil {
		t.Fatalf("cannot read the table's title: %v", err)
	}
	if zero {
		clear(target)
	}
	if twice {
		moves = 2
	}
	return func(int) float64 { return m }, moves, target
}

// follow returns the target's parameters after the moves of one step.
func follow(t *testing.T, target, online []float64, momentum float64, moves int) []float64 {
	t.Helper()
	build := func(scope *nn.Scope) {
		for range moves {
			scope.Target(graph.Scalar(scope.Graph(), dtypes.Float64, momentum)).Param("w", nn.Constant(0), len(online))
		}
	}
	d, mode := testkit.Open(t, device.Go), nn.Mode{Training: true, Precision: device.F64}
	vars, err := nn.Declare(d.Backend, mode, build)
	if err != nil {
		t.Fatal(err)
	}
	return testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
		model := vars.Bind(mode, in[0], in[1])
		build(model.Scope)
		return []*graph.Node{model.BuffersAfter()}
	}, testkit.Tensor(dtypes.Float64, online, len(online)), testkit.Tensor(dtypes.Float64, target, len(target)))[0]
}
