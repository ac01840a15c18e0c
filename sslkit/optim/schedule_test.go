package optim_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/optim"
)

// A schedule is a table's function, the step of a list's first value, and how
// large values are.
type schedule struct {
	at    func(step int) float64
	first int
	scale float64
}

// goldenSchedules read a table's title, and return false if it has another form.
var goldenSchedules = map[string]func(title string) (schedule, bool){
	// "E=200", "E=200 at lr0 0.06"
	"cosine_annealing": func(title string) (schedule, bool) {
		epochs, lr := 0, 1.0
		_, err := fmt.Sscanf(title+" at lr0 1", "E=%d at lr0 %g", &epochs, &lr)
		return schedule{func(e int) float64 { return lr * optim.Cosine(e, epochs) }, 0, lr}, err == nil
	},
	// "E=10 W=3", "E=10 W=3 end 0"
	"cosine_warmup": func(title string) (schedule, bool) {
		epochs, warmup, end := 0, 0, 0.0
		_, err := fmt.Sscanf(title+" end 0.001", "E=%d W=%d end %g", &epochs, &warmup, &end)
		return schedule{func(e int) float64 { return optim.CosineWarmup(e, epochs, warmup, end) }, 0, 1}, err == nil
	},
	// "1 -> 0 over 10", "1 -> 0 over 10, steps 1 and 2", "1 -> 0, period 10, step 1", "max 1"
	"cosine_schedule": func(title string) (schedule, bool) {
		start, end, steps, first := 0.0, 0.0, 0, 0
		if _, err := fmt.Sscanf(title, "max %d", &steps); err == nil {
			return schedule{func(s int) float64 { return optim.CosineBetween(s, steps, 1, 0) }, 0, 1}, true
		}
		if _, err := fmt.Sscanf(title, "%g -> %g, period %d, step %d", &start, &end, &steps, &first); err == nil {
			return schedule{func(s int) float64 { return optim.CosineWave(s, steps, start, end) }, first, 1}, true
		}
		_, err := fmt.Sscanf(title+", steps 0", "%g -> %g over %d, steps %d", &start, &end, &steps, &first)
		return schedule{func(s int) float64 { return optim.CosineBetween(s, steps, start, end) }, first, 1}, err == nil
	},
}

// TestGoldenSchedules compares every value of every table.
func TestGoldenSchedules(t *testing.T) {
	for file, c := range testkit.Golden[struct {
		Schedules map[string]map[string]json.RawMessage
	}](t, "optim") {
		for kind, tables := range c.Schedules {
			for title, table := range tables {
				if title == "rule" {
					continue
				}
				t.Run(file+"/"+kind+"/"+title, func(t *testing.T) {
					if goldenSchedules[kind] == nil {
						t.Skip("there is no such schedule yet")
					}
					s, ok := goldenSchedules[kind](title)
					if !ok {
						t.Fatal("cannot read the table's title")
					}
					for step, want := range readTable(t, table, s.first) {
						// Values may be close to 0: compare with the scale.
						testkit.Within(t, fmt.Sprint("step ", step), []float64{s.at(step)}, []float64{want}, 1e-12*s.scale)
					}
				})
			}
		}
	}
}

// readTable reads a number, a list, or values by step.
func readTable(t *testing.T, text json.RawMessage, first int) map[int]float64 {
	t.Helper()
	values := map[int]float64{}
	var number float64
	var list []float64
	var bySteps map[string]float64
	switch {
	case json.Unmarshal(text, &number) == nil:
		values[first] = number
	case json.Unmarshal(text, &list) == nil:
		for i, v := range list {
			values[first+i] = v
		}
	case json.Unmarshal(text, &bySteps) == nil:
		for at, v := range bySteps {
			step, err := strconv.Atoi(at)
			if err != nil {
				t.Fatal(err)
			}
			values[step] = v
		}
	}
	if len(values) == 0 {
		t.Fatalf("no values in %s", text)
	}
	return values
}

func TestCosine(t *testing.T) {
	if f := optim.Cosine(0, 7); f != 1 {
		t.Errorf("epoch 0: %g, want 1", f)
	}
	previous := 2.0
	for epoch := range 7 {
		f := optim.Cosine(epoch, 7)
		if !(f > 0 && f < previous) {
			t.Errorf("epoch %d: %g after %g, want a falling positive factor", epoch, f, previous)
		}
		previous = f
	}
}

// TestCosineWarmupEdges checks runs that are all warm-up, or all but one epoch.
func TestCosineWarmupEdges(t *testing.T) {
	for _, c := range []struct {
		epoch, epochs, warmup int
		want                  float64
	}{{0, 1, 0, 0.5}, {0, 1, 1, 1}, {2, 3, 3, 1}, {0, 2, 1, 1}, {1, 2, 1, 0.5}, {3, 3, 1, 0.5}} {
		if got := optim.CosineWarmup(c.epoch, c.epochs, c.warmup, 0.5); got != c.want {
			t.Errorf("%+v: %g", c, got)
		}
	}
	if got := optim.CosineWave(5, 10, 2, 3); math.Abs(got-3) > 1e-15 {
		t.Errorf("half a period: %g, want 3", got)
	}
	if got := optim.CosineWave(20, 10, 2, 3); math.Abs(got-2) > 1e-15 {
		t.Errorf("two periods: %g, want 2", got)
	}
}
