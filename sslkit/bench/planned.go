package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// A Planned is what a compiler plans for a run on an accelerator that need not be
// there. Nothing of it was measured.
type Planned struct {
	train.Planned
	Build
}

// PlanRun has a run's programs compiled for a target, one after the other, or only those that
// are named, and tells report of each before it does. It takes half a minute a program,
// unless it was planned before.
func PlanRun(ctx context.Context, r recipe.Recipe, t device.Target, report func(program string), names ...string) (Planned, error) {
	p, err := train.Plan(ctx, r, t, report, names...)
	if err != nil {
		return Planned{}, fmt.Errorf("%s: %w", ID(r), err)
	}
	return Planned{*p, thisBuild()}, nil
}

// PlannedRows lists what to plan to compare with the memory that was published in 2023: of
// the methods that 2021's table has, too, all sizes, of the others those on ImageNette. Epochs
// make no difference.
func PlannedRows() []recipe.Recipe {
	var rows []recipe.Recipe
	seen := map[string]bool{}
	for _, r := range recipe.Published() {
		key := fmt.Sprint(r.Data, r.Name, r.Batch)
		_, err := recipe.Find(recipe.Seed2021, r.Data, r.Name, r.Batch, r.Epochs)
		if r.Preset == recipe.Lightly2023 && r.Expect.MemoryGiB != 0 && (err == nil || r.Data == dataset.Imagenette) && !seen[key] {
			seen[key] = true
			rows = append(rows, r)
		}
	}
	return rows
}

// ReadPlanned reads what sslkit plan --json has written.
func ReadPlanned(path string) ([]Planned, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("bench: planned: %w", err)
	}
	var rows []Planned
	if err := json.Unmarshal(text, &rows); err != nil {
		return nil, fmt.Errorf("bench: planned: %s: %w", path, err)
	}
	for i, p := range rows {
		if p.Recipe.Method == nil || len(p.Programs) == 0 || p.Peak <= 0 {
			return nil, fmt.Errorf("bench: planned: %s: number %d is no plan of a run: want a recipe, programs and a peak", path, i)
		}
	}
	return rows, nil
}

// evaluation is the peak of the programs that do not train, or 0.
func (p Planned) evaluation() int64 {
	var peak int64
	for _, program := range p.Programs[1:] {
		peak = max(peak, program.Memory.Peak)
	}
	return peak
}

// PlannedMarkdown is the table of the memory that was planned for rows, beside what
// was published for them.
func PlannedMarkdown(rows []Planned) string {
	if len(rows) == 0 {
		return ""
	}
	var text strings.Builder
	fmt.Fprintf(&text, "**Memory planned by the compiler for an %s, GiB**\n\n", rows[0].Target.Device)
	text.WriteString("| data | batch | method | training step | evaluation | planned peak | published 2021 | published 2023 |\n" +
		"|---|--:|---|--:|--:|--:|--:|--:|\n")
	for _, p := range rows {
		r := p.Recipe
		published := func(preset recipe.Preset) string {
			row, _ := recipe.Find(preset, r.Data, r.Name, r.Batch, r.Epochs) // zero where there is none
			return number("%.1f", row.Expect.MemoryGiB)
		}
		fmt.Fprintf(&text, "| %s | %d | %s | %s | %s | %s | %s | %s |\n", titleOf(r.Data), r.Batch, r.Name,
			gib(p.Programs[0].Memory.Peak), gib(p.evaluation()), gib(p.Peak), published(recipe.Seed2021), published(recipe.Lightly2023))
	}
	fmt.Fprintf(&text, "\nPreset %s, %s, commit %s. %s\n", rows[0].Recipe.Preset, rows[0].Recipe.Precision, rows[0].Build, LeftOut)
	return text.String()
}

// LeftOut says what a planned peak of memory is not.
const LeftOut = "Planned, not measured: the driver's own memory, what cuDNN's convolutions use to work in, " +
	"and what autotuning tries are not in it."

// gib is a number of bytes for tables.
func gib(bytes int64) string { return number("%.2f", float64(bytes)/(1<<30)) }
