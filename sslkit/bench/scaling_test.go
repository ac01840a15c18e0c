package bench

import (
	"strings"
	"testing"
	"time"

	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/train"
)

// scalingPlans are plans of [ScalingRows] that no compiler has made.
func scalingPlans(t *testing.T) []Planned {
	t.Helper()
	rows, err := ScalingRows()
	if err != nil {
		t.Fatal(err)
	}
	var plans []Planned
	for _, row := range rows {
		if err := row.Recipe.Validate(); err != nil {
			t.Errorf("%s, %d: %v", row.Title, row.Recipe.Batch, err)
		}
		step := device.Program{Name: "step", Memory: device.ProgramMemory{Peak: 3 << 29}, Estimate: time.Duration(row.Recipe.Batch/row.Devices) * 100 * time.Microsecond}
		target := device.Targets()[0]
		if row.Devices > 1 {
			target.Devices = row.Devices
			step.Communication = step.Estimate / 4
			step.Collectives = []device.Collectives{{Kind: "all-reduce", Count: 3, Bytes: 45e6}, {Kind: "all-gather", Count: 2, Bytes: 1e6}}
		}
		plans = append(plans, Planned{Planned: train.Planned{Recipe: row.Recipe, Target: target, Programs: []device.Program{step}, Peak: 1}})
	}
	return plans
}

// Throughput and efficiency follow from a step's kernels and collectives, one after another or beside each other.
func TestScalingMarkdown(t *testing.T) {
	plans := scalingPlans(t)
	table, err := ScalingMarkdown(plans)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{
		"| ImageNette, 128 pixels, ResNet-18 | 1 | 256 | 1.50 | 25.6 | – | – | – | – | 10000 | 100 % | 0.9 s |\n",
		"| ImageNette, 128 pixels, ResNet-18 | 8 | 2048 | 1.50 | 25.6 | 3 | 2 | 46.0 | 6.4 | 64000 – 80000 | 80 % – 100 % | 0.1 s |\n",
		"| ImageNette, 128 pixels, ResNet-18, batch norm of each GPU's images | 8 | 2048 | 1.50 | 25.6 |",
		"| ImageNet, 224 pixels, ViT-S/16 | 8 | 256 | 1.50 | 3.2 | 3 | 2 | 46.0 | 0.8 | 64000 – 80000 | 80 % – 100 % | 16.0 s – 20.0 s |\n",
	} {
		if !strings.Contains(table, row) {
			t.Errorf("no row\n%sin\n%s", row, table)
		}
	}
	if _, err := ScalingMarkdown(plans[1:]); err == nil || !strings.Contains(err.Error(), "6 plans, want 7") {
		t.Errorf("a plan less: error %v", err)
	}
	plans[0], plans[1] = plans[1], plans[0]
	if _, err := ScalingMarkdown(plans); err == nil || !strings.Contains(err.Error(), "plan 0 is of") {
		t.Errorf("plans exchanged: error %v", err)
	}
}
