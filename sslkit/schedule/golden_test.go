package schedule_test

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/schedule"
)

// A table has values of a schedule, by epoch or step.
type table struct {
	schedule schedule.Schedule
	of       int // epochs or steps of the run
	first    int // the epoch or step of a list's first value
}

// per returns a schedule by epoch.
func per(from, to float64, warmup, over int, shape schedule.Shape) schedule.Schedule {
	return schedule.Schedule{From: from, To: to, Warmup: warmup, Over: over, Shape: shape, Per: schedule.Epoch}
}

// titles read a table's title, and return false if it has another form.
var titles = map[string]func(title string) (table, bool){
	// "E=200", "E=200 at lr0 0.06"
	"cosine_annealing": func(title string) (table, bool) {
		epochs, lr := 0, 1.0
		_, err := fmt.Sscanf(title+" at lr0 1", "E=%d at lr0 %g", &epochs, &lr)
		return table{per(lr, 0, 0, 0, schedule.Annealing), epochs, 0}, err == nil
	},
	// "E=10 W=3", "E=10 W=3 end 0"
	"cosine_warmup": func(title string) (table, bool) {
		epochs, warmup, end := 0, 0, 0.0
		_, err := fmt.Sscanf(title+" end 0.001", "E=%d W=%d end %g", &epochs, &warmup, &end)
		return table{per(1, end, warmup, 0, schedule.Cosine), epochs, 0}, err == nil
	},
	// "1 -> 0 over 10", "1 -> 0 over 10, steps 1 and 2", "1 -> 0, period 10, step 1", "max 1"
	"cosine_schedule": func(title string) (table, bool) {
		start, end, steps, first := 0.0, 0.0, 0, 0
		if _, err := fmt.Sscanf(title, "max %d", &steps); err == nil {
			return table{per(1, 0, 0, 0, schedule.Cosine), steps, 0}, true
		}
		if _, err := fmt.Sscanf(title, "%g -> %g, period %d, step %d", &start, &end, &steps, &first); err == nil {
			return table{per(start, end, 0, steps, schedule.Wave), 1000, first}, true
		}
		_, err := fmt.Sscanf(title+", steps 0", "%g -> %g over %d, steps %d", &start, &end, &steps, &first)
		return table{per(start, end, 0, 0, schedule.Cosine), steps, first}, err == nil
	},
	// "SGD methods: cosine, 200 epochs", "VICRegL, 800 epochs, HEAD": the number of
	// warm-up epochs and the end stand beside the factors.
	"learning_rate": func(title string) (table, bool) {
		found := regexp.MustCompile(`, (\d+) epochs`).FindStringSubmatch(title)
		if found == nil {
			return table{}, false
		}
		epochs, _ := strconv.Atoi(found[1])
		if strings.Contains(title, ": cosine") {
			return table{per(1, 0, 0, 0, schedule.Annealing), epochs, 0}, true
		}
		return table{per(1, 0, 0, 0, schedule.Cosine), epochs, 0}, true
	},
	// "TiCo 0.996 -> 1, 200 epochs (per epoch)"
	"ema": func(title string) (table, bool) {
		name, start, end, epochs := "", 0.0, 0.0, 0
		_, err := fmt.Sscanf(title, "%s %g -> %g, %d epochs (per epoch)", &name, &start, &end, &epochs)
		return table{per(start, end, 0, 0, schedule.Cosine), epochs, 0}, err == nil
	},
	// "0.04 -> 0.07 over 30", "benchmarks (0.04 -> 0.04 over 30)"
	"teacher_temperature": func(title string) (table, bool) {
		start, end, over := 0.0, 0.0, 0
		title = strings.TrimSuffix(strings.TrimPrefix(title, "benchmarks ("), ")")
		_, err := fmt.Sscanf(title, "%g -> %g over %d", &start, &end, &over)
		return table{per(start, end, 0, over, schedule.Linear), 1000, 0}, err == nil
	},
}

// TestGolden compares every value of every table, on the host and in a graph.
func TestGolden(t *testing.T) {
	compare := func(file string, tables map[string]map[string]json.RawMessage) {
		for kind, list := range tables {
			for title, text := range list {
				if title == "rule" {
					continue
				}
				t.Run(file+"/"+kind+"/"+title, func(t *testing.T) {
					if titles[kind] == nil {
						t.Skip("there is no such schedule yet")
					}
					c, ok := titles[kind](title)
					if !ok {
						t.Fatal("cannot read the table's title")
					}
					c.compare(t, text)
				})
			}
		}
	}
	for file, c := range testkit.Golden[struct {
		Schedules map[string]map[string]json.RawMessage
	}](t, "optim") {
		compare(file, c.Schedules)
	}
	for file, c := range testkit.Golden[struct {
		LearningRate map[string]json.RawMessage `json:"learning_rate"`
		EMA          map[string]json.RawMessage
		Temperature  map[string]json.RawMessage `json:"teacher_temperature"`
	}](t, "schedules") {
		compare(file, map[string]map[string]json.RawMessage{
			"learning_rate": c.LearningRate, "ema": c.EMA, "teacher_temperature": c.Temperature,
		})
	}
}

func (c table) compare(t *testing.T, text json.RawMessage) {
	t.Helper()
	var with struct {
		Factor json.RawMessage
		Warmup int `json:"warmup_epochs"`
		End    float64
	}
	if json.Unmarshal(text, &with) == nil && with.Factor != nil {
		text, c.schedule.Warmup, c.schedule.To = with.Factor, with.Warmup, with.End
	}
	if err := c.schedule.Validate(); err != nil {
		t.Fatal(err)
	}
	scale := max(math.Abs(c.schedule.From), math.Abs(c.schedule.To))
	for at, want := range readTable(t, text, c.first) {
		value := c.schedule.Value(at, c.of)
		// Values may be close to 0: compare with the scale.
		testkit.Within(t, fmt.Sprint("at ", at), []float64{value}, []float64{want}, 1e-12*scale)
		for _, unit := range []schedule.Unit{schedule.Epoch, schedule.Step} {
			c.schedule.Per = unit
			testkit.Within(t, fmt.Sprint("in a graph, at ", unit, " ", at), []float64{inGraph(t, c.schedule, at, c.of)}, []float64{value}, 1e-14*scale)
		}
	}
}

// inGraph computes a schedule in a graph, at an epoch or step of so many. The
// clock of the other unit says something else.
func inGraph(t *testing.T, s schedule.Schedule, at, of int) float64 {
	t.Helper()
	return testkit.Run(t, testkit.Open(t, device.Go), func(in []*graph.Node) []*graph.Node {
		other := graph.AddScalar(graph.MulScalar(in[0], 3), 1)
		clock := nn.Clock{Step: other, Epoch: in[0], Steps: 3*of + 1, Epochs: of}
		if s.Per == schedule.Step {
			clock = nn.Clock{Step: in[0], Epoch: other, Steps: of, Epochs: 3*of + 1}
		}
		value := s.At(clock)
		if value.DType() != dtypes.Float64 || !value.IsScalar() {
			t.Errorf("the value is %s, want a float64 scalar", value.Shape())
		}
		return []*graph.Node{value}
	}, tensors.FromScalar(int32(at)))[0][0]
}

// readTable reads a number, a list, or values by epoch or step.
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
