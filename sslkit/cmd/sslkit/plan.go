package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gossl/gossl/sslkit/bench"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

func newPlan() *cobra.Command {
	var asked planFlags
	cmd := &cobra.Command{
		Use:   "plan RECIPE...",
		Short: "Compile a run's programs for a GPU that need not be there, and say what they would need",
		Long: `Compiles the training step and the evaluation of recipes for a GPU that need not be there, and prints what the compiler
plans: memory and what it consists of, kernels, CUDA graphs, convolutions, bytes moved. Nothing runs and nothing is
measured. It takes about half a minute a program, the first time, and what "make setup-plan" installs.

RECIPE is a row of the benchmarks, or a part of its name: SimCLR is cifar10-lightly2023-SimCLR-b512-e200-s0. Or it is a
run folder, or a file with a recipe in JSON as run folders have it. Targets are ` + strings.Join(targetNames(), ", ") + `.

With --devices several such GPUs of one machine run the step together, each with its part of the batch: all figures are
those of one of them, beside what they exchange (collectives).

What is left out: memory of the driver and of cuDNN's workspaces, and what autotuning would choose. The roofline is the
time of bytes and arithmetic at a part of the GPU's peaks: an estimate, which says nothing of launches and waiting.`,
		Example: `  sslkit plan SimCLR
  sslkit plan imagenette-BYOL-b128 seed2021-MoCo --target a100
  sslkit plan imagenette-SimCLR-b256 --devices 8
  sslkit plan runs/first/recipe.json --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := asked.list(cmd, args)
			if err != nil {
				return err
			}
			return plan(cmd, list, asked.json)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&asked.target, "target", targetNames()[0], "the GPU: "+strings.Join(targetNames(), " or "))
	flags.IntVar(&asked.devices, "devices", 1, fmt.Sprintf("how many of them, in one machine, run the step together, at most %d", device.MostPlanned))
	flags.BoolVar(&asked.published, "published", false, "plan the rows whose memory was published")
	flags.BoolVar(&asked.scaling, "scaling", false, "plan steps on one GPU, and on eight with as many images each and together")
	flags.BoolVar(&asked.json, "json", false, "print an array of the plans")
	return cmd
}

func targetNames() (names []string) {
	for _, t := range device.Targets() {
		names = append(names, t.Name)
	}
	return names
}

type planFlags struct {
	target                   string
	devices                  int
	published, scaling, json bool
}

// list is what the flags and the arguments ask for.
func (f planFlags) list(cmd *cobra.Command, args []string) ([]planning, error) {
	t, err := device.TargetNamed(f.target)
	if f.devices > 1 {
		t.Devices = f.devices
	}
	switch {
	case err != nil:
		return nil, withExample(cmd, fmt.Errorf("--target %s: want %s", f.target, strings.Join(targetNames(), " or ")))
	case f.devices < 1 || f.devices > device.MostPlanned:
		return nil, withExample(cmd, fmt.Errorf("--devices %d: want 1 to %d", f.devices, device.MostPlanned))
	case (f.published || f.scaling) && len(args) > 0 || f.published && f.scaling:
		return nil, withExample(cmd, fmt.Errorf("--published, --scaling, %s: want one of them", cmp.Or(strings.Join(args, " "), "RECIPE")))
	case f.published && f.devices > 1:
		return nil, withExample(cmd, fmt.Errorf("--published and --devices %d: what was published is of one", f.devices))
	case f.scaling && f.devices > 1:
		return nil, withExample(cmd, fmt.Errorf("--scaling and --devices %d: its steps are of 1 and of 8", f.devices))
	case f.published:
		return runsOf(bench.PlannedRows(), t), nil
	case f.scaling:
		rows, err := bench.ScalingRows()
		return stepsOf(rows, t), err
	case len(args) == 0:
		return nil, withExample(cmd, errors.New("RECIPE is missing: want a row of the benchmarks, a run folder or a recipe's file"))
	}
	recipes := make([]recipe.Recipe, len(args))
	for i, arg := range args {
		if recipes[i], err = recipeOf(cmd, arg); err != nil {
			return nil, err
		}
	}
	return runsOf(recipes, t), nil
}

// recipeOf is the recipe of a file, a run folder or a name, whichever there is.
func recipeOf(cmd *cobra.Command, arg string) (recipe.Recipe, error) {
	about, err := os.Stat(arg)
	switch {
	case err == nil && about.IsDir():
		return readRecipe(filepath.Join(arg, "recipe.json"))
	case err == nil:
		return readRecipe(arg)
	case strings.ContainsRune(arg, filepath.Separator) || strings.HasSuffix(arg, ".json"):
		return recipe.Recipe{}, err
	}
	r, err := bench.Named(arg)
	if err != nil {
		return r, withExample(cmd, err)
	}
	return r, nil
}

func readRecipe(path string) (recipe.Recipe, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return recipe.Recipe{}, err
	}
	var r recipe.Recipe
	if err := json.Unmarshal(text, &r); err != nil {
		return recipe.Recipe{}, fmt.Errorf("%s: %w", path, err)
	}
	if err := r.Validate(); err != nil {
		return recipe.Recipe{}, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// planning is what is to be planned: programs of a run, all if none is named.
type planning struct {
	recipe   recipe.Recipe
	target   device.Target
	programs []string
}

func runsOf(recipes []recipe.Recipe, t device.Target) (list []planning) {
	for _, r := range recipes {
		list = append(list, planning{recipe: r, target: t})
	}
	return list
}

func stepsOf(rows []bench.ScalingRow, t device.Target) (list []planning) {
	for _, row := range rows {
		t.Devices = 0
		if row.Devices > 1 {
			t.Devices = row.Devices
		}
		list = append(list, planning{row.Recipe, t, []string{"step"}})
	}
	return list
}

// plan plans runs and prints each when it is done, or all of them as JSON.
func plan(cmd *cobra.Command, list []planning, asJSON bool) error {
	planned := []bench.Planned{}
	for i, one := range list {
		p, err := one.plan(cmd.Context(), cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		if planned = append(planned, p); asJSON {
			continue
		}
		if i > 0 {
			fmt.Fprintln(cmd.OutOrStdout())
		}
		if err := describePlan(cmd.OutOrStdout(), p); err != nil {
			return err
		}
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), planned)
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "\n%s\n%s\n", bench.LeftOut, aboutRoofline)
	return err
}

const aboutRoofline = "The roofline is an estimate: the time of bytes and arithmetic at a part of the GPU's peaks, without launches and waiting."

// plan plans a run, and says which program is in work. The
// compiler hears nothing of a context: it is left to itself when that ends.
func (one planning) plan(ctx context.Context, messages io.Writer) (bench.Planned, error) {
	type result struct {
		planned bench.Planned
		err     error
	}
	programs, done := make(chan string), make(chan result, 1)
	go func() {
		p, err := bench.PlanRun(ctx, one.recipe, one.target, func(program string) {
			select {
			case programs <- program:
			case <-ctx.Done():
			}
		}, one.programs...)
		done <- result{p, err}
	}()
	for {
		select {
		case program := <-programs:
			fmt.Fprintf(messages, "sslkit: %s: planning %s for %s\n", bench.ID(one.recipe), program, one.target.Device)
		case r := <-done:
			return r.planned, r.err
		case <-ctx.Done():
			return bench.Planned{}, context.Cause(ctx)
		}
	}
}

// describePlan writes a plan as a table, a column for each program.
func describePlan(w io.Writer, p bench.Planned) error {
	published := ""
	if e := p.Recipe.Expect; e.MemoryGiB != 0 {
		published = fmt.Sprintf("; published: %.1f GiB on an %s", e.MemoryGiB, e.Hardware)
	}
	on := "an " + p.Target.Device
	if p.Target.Devices > 1 {
		on = fmt.Sprintf("each of %d %s", p.Target.Devices, p.Target.Device)
	}
	fmt.Fprintf(w, "%s on %s: planned peak %.2f GiB%s\n\n", bench.ID(p.Recipe), on, float64(p.Peak)/(1<<30), published)
	titles := []string{"planned by the compiler"}
	for _, program := range p.Programs {
		titles = append(titles, program.Name)
	}
	var rows [][]string
	line := func(title string, cell func(device.Program) string) {
		row := []string{title}
		for _, program := range p.Programs {
			row = append(row, cell(program))
		}
		rows = append(rows, row)
	}
	line("peak memory, MiB", memory(func(m device.ProgramMemory) int64 { return m.Peak }))
	line("  arguments", memory(func(m device.ProgramMemory) int64 { return m.Arguments }))
	line("  outputs", memory(func(m device.ProgramMemory) int64 { return m.Outputs }))
	line("  outputs in place of arguments", memory(func(m device.ProgramMemory) int64 { return m.Aliased }))
	line("  temporaries", memory(func(m device.ProgramMemory) int64 { return m.Temporaries }))
	line("kernels", func(p device.Program) string { return fmt.Sprint(p.Kernels) })
	line("CUDA graphs", func(p device.Program) string { return fmt.Sprint(p.Graphs) })
	line("launches outside of graphs", func(p device.Program) string { return fmt.Sprint(p.Launches) })
	for _, c := range kindsOf(p.Planned) {
		line(fmt.Sprintf("convolutions %s %s, %s", c.Type, c.Layout, c.Kind), func(p device.Program) string { return fmt.Sprint(count(p, c)) })
	}
	for _, operation := range []string{"sort", "while", "scatter"} {
		if slices.ContainsFunc(p.Programs, func(p device.Program) bool { return p.Operations[operation] > 0 }) {
			line(operation, func(p device.Program) string { return fmt.Sprint(p.Operations[operation]) })
		}
	}
	line("bytes moved, GB", func(p device.Program) string { return fmt.Sprintf("%.2f", float64(p.Bytes)/1e9) })
	line("arithmetic, TFLOP", func(p device.Program) string { return fmt.Sprintf("%.2f", p.FLOPs/1e12) })
	line("roofline, ms", func(p device.Program) string {
		return fmt.Sprintf("%.2f", float64(p.Estimate)/float64(time.Millisecond))
	})
	for _, c := range collectivesOf(p.Planned) {
		line(fmt.Sprintf("%s %s, MB", c.Kind, c.Type), func(p device.Program) string { return exchanged(p, c) })
	}
	if p.Target.Devices > 1 {
		line("collectives one after another, ms", func(p device.Program) string {
			return fmt.Sprintf("%.2f", float64(p.Communication)/float64(time.Millisecond))
		})
	}
	return printTable(w, titles, rows)
}

// collectivesOf lists the kinds of collectives that programs have.
func collectivesOf(p train.Planned) []device.Collectives {
	var kinds []device.Collectives
	for _, program := range p.Programs {
		for _, c := range program.Collectives {
			if kind := (device.Collectives{Kind: c.Kind, Type: c.Type}); !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	return kinds
}

// exchanged is how many bytes a program's collectives of a kind have, and how many there are.
func exchanged(p device.Program, kind device.Collectives) string {
	for _, c := range p.Collectives {
		if c.Kind == kind.Kind && c.Type == kind.Type {
			return fmt.Sprintf("%.2f in %d", float64(c.Bytes)/1e6, c.Count)
		}
	}
	return "0"
}

// memory is a cell with a part of a program's memory.
func memory(of func(device.ProgramMemory) int64) func(device.Program) string {
	return func(p device.Program) string { return fmt.Sprintf("%.0f", float64(of(p.Memory))/(1<<20)) }
}

// kindsOf lists the kinds of convolutions that programs have.
func kindsOf(p train.Planned) []device.Convolutions {
	var kinds []device.Convolutions
	for _, program := range p.Programs {
		for _, c := range program.Convolutions {
			c.Count = 0
			if !slices.Contains(kinds, c) {
				kinds = append(kinds, c)
			}
		}
	}
	slices.SortStableFunc(kinds, func(a, b device.Convolutions) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Type, b.Type))
	})
	return kinds
}

// count is how many convolutions of a kind a program has.
func count(p device.Program, kind device.Convolutions) int {
	n := 0
	for _, c := range p.Convolutions {
		kind.Count = c.Count
		if c == kind {
			n += c.Count
		}
	}
	return n
}
