package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gossl/gossl/internal/place"
	"github.com/gossl/gossl/sslkit/bench"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// planned is a plan that no compiler has made.
func planned(t *testing.T) bench.Planned {
	t.Helper()
	r, err := recipe.CIFAR10("MoCo")
	if err != nil {
		t.Fatal(err)
	}
	return bench.Planned{Planned: train.Planned{
		Recipe: r, Target: device.Targets()[0], Peak: 3 << 30,
		Programs: []device.Program{
			{
				Name:    "step",
				Memory:  device.ProgramMemory{Arguments: 300 << 20, Outputs: 90 << 20, Aliased: 80 << 20, Temporaries: 2000 << 20, Peak: 2310 << 20},
				Kernels: 440, Graphs: 1, Launches: 2, Bytes: 21_500_000_000, FLOPs: 3.5e12, Estimate: 11_800 * time.Microsecond,
				Convolutions: []device.Convolutions{
					{Kind: "input gradient", Type: "bf16", Layout: "NHWC", Count: 19},
					{Kind: "forward", Type: "bf16", Layout: "NHWC", Count: 38},
					{Kind: "forward", Type: "bf16", Layout: "NHWC", Count: 2},
				},
				Operations: map[string]int{"sort": 4, "copy": 7},
			},
			{Name: "embed", Memory: device.ProgramMemory{Peak: 900 << 20}, Kernels: 40, Graphs: 1, Bytes: 6_800_000_000, Estimate: 3500 * time.Microsecond,
				Convolutions: []device.Convolutions{{Kind: "fused forward", Type: "bf16", Layout: "NHWC", Count: 20}}},
		},
	}}
}

func TestDescribePlan(t *testing.T) {
	var text strings.Builder
	if err := describePlan(&text, planned(t)); err != nil {
		t.Fatal(err)
	}
	same(t, "plan", `cifar10-lightly2023-MoCo-b512-e200-s0 on an NVIDIA H100 80GB HBM3: planned peak 3.00 GiB; published: 5.6 GiB on an NVIDIA A6000

planned by the compiler                 step   embed
peak memory, MiB                        2310   900
  arguments                             300    0
  outputs                               90     0
  outputs in place of arguments         80     0
  temporaries                           2000   0
kernels                                 440    40
CUDA graphs                             1      1
launches outside of graphs              2      0
convolutions bf16 NHWC, forward         40     0
convolutions bf16 NHWC, fused forward   0      20
convolutions bf16 NHWC, input gradient  19     0
sort                                    4      0
bytes moved, GB                         21.50  6.80
arithmetic, TFLOP                       3.50   0.00
roofline, ms                            11.80  3.50
`, text.String())
}

// Of several devices the figures are those of each, and beside them what they exchange.
func TestDescribePlanOfSeveral(t *testing.T) {
	p := planned(t)
	p.Target.Devices = 8
	p.Programs = p.Programs[:1]
	p.Programs[0].Convolutions, p.Programs[0].Operations = nil, nil
	p.Programs[0].Collectives = []device.Collectives{
		{Kind: "all-reduce", Type: "f32", Count: 61, Bytes: 46_100_000, Largest: 9_400_000},
		{Kind: "all-gather", Type: "f32", Count: 1, Bytes: 1_048_576, Largest: 1_048_576},
	}
	p.Programs[0].Communication = 1_460 * time.Microsecond
	var text strings.Builder
	if err := describePlan(&text, p); err != nil {
		t.Fatal(err)
	}
	same(t, "plan", `cifar10-lightly2023-MoCo-b512-e200-s0 on each of 8 NVIDIA H100 80GB HBM3: planned peak 3.00 GiB; published: 5.6 GiB on an NVIDIA A6000

planned by the compiler            step
peak memory, MiB                   2310
  arguments                        300
  outputs                          90
  outputs in place of arguments    80
  temporaries                      2000
kernels                            440
CUDA graphs                        1
launches outside of graphs         2
bytes moved, GB                    21.50
arithmetic, TFLOP                  3.50
roofline, ms                       11.80
all-reduce f32, MB                 46.10 in 61
all-gather f32, MB                 1.05 in 1
collectives one after another, ms  1.46
`, text.String())
}

// Flags that do not go together are an error.
func TestPlanFlags(t *testing.T) {
	for args, want := range map[string]string{
		"SimCLR --devices 9":      "--devices 9: want 1 to 8",
		"--published --devices 2": "what was published is of one",
		"--published --scaling":   "--published, --scaling, RECIPE: want one of them",
		"--scaling --devices 2":   "its steps are of 1 and of 8",
	} {
		if _, _, err := run(t, append([]string{"plan"}, strings.Fields(args)...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("plan %s: error %v, want %q", args, err, want)
		}
	}
}

// A recipe is a name, a file, or a run folder.
func TestRecipeOf(t *testing.T) {
	want, err := recipe.Shapes("BYOL")
	if err != nil {
		t.Fatal(err)
	}
	want.Epochs = 7
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{"recipe.json": string(text), "bad.json": "{", "empty.json": "{}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := newPlan()
	for _, arg := range []string{dir, filepath.Join(dir, "recipe.json")} {
		if got, err := recipeOf(cmd, arg); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n%s", arg, err, recipe.Diff(want, got))
		}
	}
	if got, err := recipeOf(cmd, "imagenette-BYOL"); err != nil || bench.ID(got) != "imagenette-lightly2023-BYOL-b256-e200-s0" {
		t.Errorf("imagenette-BYOL: %s, %v", bench.ID(got), err)
	}
	for arg, want := range map[string]string{
		filepath.Join(dir, "bad.json"):   "bad.json: ",
		filepath.Join(dir, "empty.json"): "empty.json: ",
		filepath.Join(dir, "none.json"):  "none.json: no such file",
		t.TempDir():                      "recipe.json: no such file",
		"none.json":                      "none.json: no such file",
		"SimSam":                         `"SimSam" is no data set, preset, method or size`,
	} {
		if _, err := recipeOf(cmd, arg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", arg, err, want)
		}
	}
}

// Where the compiler is not installed, the error says how to install it, and what that costs.
func TestPlanWithoutCompiler(t *testing.T) {
	testkit.XLA(t)
	t.Setenv("SSLKIT_HOME", t.TempDir())
	_, _, err := run(t, "plan", "SimCLR")
	if err == nil || !strings.Contains(err.Error(), "make setup-plan") || !strings.Contains(err.Error(), place.PlanSize) {
		t.Errorf("error %v, want it to name make setup-plan and %s", err, place.PlanSize)
	}
}

// What is planned can be read again, and says what became of a small run.
func TestPlanAsJSON(t *testing.T) {
	testkit.Target(t, "h100")
	r, err := recipe.Shapes("SimCLR")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(recipe.Quick(r))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "recipe.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	out, messages, err := run(t, "plan", file, "--json")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(messages, "planning step for NVIDIA H100") {
		t.Errorf("messages %q, want what is planned", messages)
	}
	record := filepath.Join(dir, "planned.json")
	if err := os.WriteFile(record, []byte(out), 0o644); err != nil {
		t.Fatal(err)
	}
	rows, err := bench.ReadPlanned(record)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || !reflect.DeepEqual(rows[0].Recipe, recipe.Quick(r)) || rows[0].Peak < rows[0].Programs[0].Memory.Peak || rows[0].Programs[0].Kernels < 100 {
		t.Errorf("planned %+v", rows)
	}
}
