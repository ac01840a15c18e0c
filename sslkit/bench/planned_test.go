package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

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
		want["cifar10 "+method], want["imagenette "+method] = 2, 1
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
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
