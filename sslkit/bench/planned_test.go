package bench

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// recorded are the plans that the README's table is made from.
func recorded(t *testing.T) map[string]Planned {
	t.Helper()
	rows, err := ReadPlanned("../testdata/planned.json")
	if err != nil {
		t.Fatal(err)
	}
	plans := map[string]Planned{}
	for _, p := range rows {
		plans[ID(p.Recipe)] = p
	}
	return plans
}

// planStep has a row's training step compiled for the target of the recorded plans.
func planStep(t *testing.T, r recipe.Recipe) device.Program {
	t.Helper()
	p, err := train.Plan(t.Context(), r, device.Targets()[0], nil, "step")
	if err != nil {
		t.Fatal(err)
	}
	return p.Programs[0]
}

// slow are the operations that a GPU is slow at, and how many of them a row's step may have: MoCo's two permutations of the
// batch and their inverses, and the gradient of the max pool that networks for larger images have.
func slow(r recipe.Recipe) map[string]int {
	allowed := map[string]int{"sort": 0, "while": 0, "scatter": 0}
	if r.Name == "MoCo" {
		allowed["sort"] = 4
	}
	if r.Data == dataset.Imagenette {
		allowed["scatter"] = 1
	}
	return allowed
}

// checkStep checks what no version of a step may lose.
func checkStep(t *testing.T, r recipe.Recipe, step device.Program) {
	t.Helper()
	convolutions := map[string]int{}
	for _, c := range step.Convolutions {
		if c.Type != "bf16" || c.Layout != "NHWC" {
			t.Errorf("%d convolutions are %s %s, want bf16 NHWC", c.Count, c.Type, c.Layout)
		}
		convolutions[strings.TrimPrefix(c.Kind, "fused ")] += c.Count
	}
	// The images need no gradient; that of a 1×1 convolution, of which there are three, is a convolution forward.
	want := map[string]int{"forward": 20 + 3, "filter gradient": 20, "input gradient": 19 - 3}
	if r.Name == "MoCo" || r.Name == "BYOL" {
		want["forward"] += 20 // the target network's, too
	}
	if diff := cmp.Diff(want, convolutions); diff != "" {
		t.Errorf("convolutions (-want +got):\n%s", diff)
	}
	for operation, allowed := range slow(r) {
		if got := step.Operations[operation]; got > allowed {
			t.Errorf("%s: %d, want at most %d", operation, got, allowed)
		}
	}
	if step.Graphs != 1 || step.Launches != 0 {
		t.Errorf("%d CUDA graphs and %d launches outside of them, want one graph", step.Graphs, step.Launches)
	}
}

// checkPeak checks that a step's memory is what was recorded, to 5 %, and below a bound.
func checkPeak(t *testing.T, r recipe.Recipe, step device.Program, bound float64) {
	t.Helper()
	peak := float64(step.Memory.Peak)
	if peak >= bound {
		t.Errorf("peak %.0f bytes, want below %.0f", peak, bound)
	}
	before, ok := recorded(t)[ID(r)]
	if !ok {
		t.Fatalf("testdata/planned.json has no %s", ID(r))
	}
	if was := float64(before.Programs[0].Memory.Peak); math.Abs(peak-was) > 0.05*was {
		t.Errorf("peak %.0f bytes, recorded are %.0f: if that is right, `go run ./sslkit/cmd/sslkit plan --published --json` makes the record anew", peak, was)
	}
}

// What each method's training step on CIFAR-10 is on a GPU, by the compiler's plan. SimCLR has no target network, MoCo has
// one; the others, whose networks have the same convolutions, take long.
func TestPlannedSteps(t *testing.T) {
	testkit.Target(t, device.Targets()[0].Name)
	for _, r := range PlannedRows() {
		if r.Data != dataset.CIFAR10 || r.Batch != 512 {
			continue
		}
		t.Run(r.Name, func(t *testing.T) {
			if r.Name != "SimCLR" && r.Name != "MoCo" {
				testkit.Long(t)
			}
			step := planStep(t, r)
			checkStep(t, r, step)
			checkPeak(t, r, step, 3.1e9)
		})
	}
}

// And on ImageNette, of the methods that 2021's table has: less memory than was published.
func TestPlannedStepsOnImagenette(t *testing.T) {
	testkit.Long(t)
	testkit.Target(t, device.Targets()[0].Name)
	for _, r := range PlannedRows() {
		if _, err := recipe.Find(recipe.Seed2021, r.Data, r.Name, r.Batch, r.Epochs); r.Data != dataset.Imagenette || err != nil {
			continue
		}
		t.Run(r.Name, func(t *testing.T) {
			step := planStep(t, r)
			checkStep(t, r, step)
			checkPeak(t, r, step, r.Expect.MemoryGiB*(1<<30))
		})
	}
}

// The rows are those of the published page.
func TestPlannedRows(t *testing.T) {
	counts := map[string]int{}
	for _, r := range PlannedRows() {
		counts[ID(r)[:strings.Index(ID(r), "-")]+" "+r.Name]++
		if r.Expect.MemoryGiB <= 0 || r.Preset != recipe.Lightly2023 {
			t.Errorf("%s has no published memory", ID(r))
		}
	}
	want := map[string]int{}
	for _, method := range []string{"MoCo", "SimCLR", "SimSiam", "BarlowTwins", "BYOL"} {
		want["cifar10 "+method] = 2
	}
	for _, r := range recipe.Published() {
		if r.Data == dataset.Imagenette && r.Preset == recipe.Lightly2023 {
			want["imagenette "+r.Name] = 1
		}
	}
	if len(want) != 5+20 {
		t.Errorf("%d methods' rows, want those of 20 methods on ImageNette", len(want))
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// What was recorded is less memory than was published, or hardly more: all images lie on the device.
func TestRecordedPeaks(t *testing.T) {
	for id, p := range recorded(t) {
		if most := 1.1 * p.Recipe.Expect.MemoryGiB * (1 << 30); float64(p.Peak) > most {
			t.Errorf("%s: peak %d bytes, want at most %.0f", id, p.Peak, most)
		}
	}
}

func TestPlannedMarkdown(t *testing.T) {
	r, err := recipe.CIFAR10("SimCLR")
	if err != nil {
		t.Fatal(err)
	}
	p := Planned{
		Planned: train.Planned{
			Recipe: r, Target: device.Targets()[0], Peak: 5 << 29,
			Programs: []device.Program{
				{Name: "step", Memory: device.ProgramMemory{Peak: 2 << 30}},
				{Name: "embed", Memory: device.ProgramMemory{Peak: 1 << 30}},
				{Name: "vote", Memory: device.ProgramMemory{Peak: 3 << 29}},
			},
		},
		Build: Build{Commit: "0123456789abcdef"},
	}
	want := `**Memory planned by the compiler for an NVIDIA H100 80GB HBM3, GiB**

| data | batch | method | training step | evaluation | planned peak | published 2021 | published 2023 |
|---|--:|---|--:|--:|--:|--:|--:|
| CIFAR-10 | 512 | SimCLR | 2.00 | 1.50 | 2.50 | 7.8 | 4.9 |

Preset lightly2023, bf16, commit 0123456789ab. ` + LeftOut + "\n"
	if diff := cmp.Diff(want, PlannedMarkdown([]Planned{p})); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	if text := PlannedMarkdown(nil); text != "" {
		t.Errorf("a table of nothing: %s", text)
	}
}

func TestBadPlans(t *testing.T) {
	path := filepath.Join(t.TempDir(), "planned.json")
	for text, want := range map[string]string{"{": path, "[{}]": "number 0 is no plan"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadPlanned(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
}
