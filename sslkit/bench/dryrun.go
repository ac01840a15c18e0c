package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// estimate prints what would run, how long it would take by measured steps, and what
// memory a compiler plans for it.
func (c command) estimate(ctx context.Context, recipes []recipe.Recipe, out io.Writer) error {
	memory, err := c.memoryPlanner(ctx)
	if err != nil {
		return err
	}
	measured := map[string]train.Speed{}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "run\tepochs\tsteps\tms/step\testimated\t"+memory.title+"state")
	var total time.Duration
	for _, r := range recipes {
		folder := runFolder(c.out, r)
		_, recorded, err := finished(c.out, r)
		if err == nil && !recorded { // what the run would refuse
			err = train.Check(r, train.Options{Dir: folder, Devices: c.devices, Feed: c.feed})
		}
		if err != nil {
			return fmt.Errorf("%s: %w", ID(r), err)
		}
		speed, err := c.speed(ctx, measured, r)
		if err != nil {
			return err
		}
		planned, err := memory.cell(r)
		if err != nil {
			return err
		}
		state, done := "new", 0
		if recorded {
			state, done = "has a record", r.Epochs
		} else if result, err := train.Open(folder); err == nil && len(result.Epochs) > 0 {
			done = result.Last().Epoch
			state = fmt.Sprintf("goes on after epoch %d", done)
		}
		left := r
		left.Epochs -= done
		takes := speed.Run(left)
		if left.Epochs == 0 {
			takes = 0
		}
		total += takes
		fmt.Fprintf(w, "%s\t%d\t%d\t%.0f\t%s\t%s%s\n", ID(r), r.Epochs, r.Epochs*r.Steps(),
			float64(speed.Step)/float64(time.Millisecond), takes.Round(time.Second), planned, state)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "together about %s; the search for neighbours, which is not in it, adds seconds an epoch\n%s\n", total.Round(time.Second), memory.note)
	if err := c.checkData(ctx); err != nil {
		return fmt.Errorf("a run would be refused now; -download would fetch the images: %w", err)
	}
	return nil
}

// A memoryPlanner has the column of a dry run for planned memory, if one was asked for.
type memoryPlanner struct {
	title, note string
	cell        func(recipe.Recipe) (string, error)
}

// memoryPlanner plans for the target that was asked for, once for recipes that differ in
// epochs and seed only.
func (c command) memoryPlanner(ctx context.Context) (memoryPlanner, error) {
	if c.target == "" {
		return memoryPlanner{
			note: fmt.Sprintf("memory on a GPU: -target %s has the compiler plan it, with or without a GPU, in a minute or two a recipe", device.Targets()[0].Name),
			cell: func(recipe.Recipe) (string, error) { return "", nil },
		}, nil
	}
	target, err := device.TargetNamed(c.target)
	if err != nil {
		return memoryPlanner{}, fmt.Errorf("-target: %w", err)
	}
	if _, err := target.Open(); err != nil { // before anything is measured
		return memoryPlanner{}, fmt.Errorf("-target %s: %w", c.target, err)
	}
	planned := map[string]string{}
	cell := func(r recipe.Recipe) (string, error) {
		key, err := likeness(r)
		if err != nil || planned[key] != "" {
			return planned[key], err
		}
		p, err := PlanRun(ctx, r, target, func(program string) {
			fmt.Fprintf(os.Stderr, "sslkit: %s: planning %s for %s\n", ID(r), program, target.Device)
		})
		if err != nil {
			return "", err
		}
		planned[key] = gib(p.Peak) + "\t"
		return planned[key], nil
	}
	return memoryPlanner{"planned GiB\t", "memory on an " + target.Device + ". " + LeftOut, cell}, nil
}

// likeness is the same for recipes that differ in epochs and seed only.
func likeness(r recipe.Recipe) (string, error) {
	r = seedless(r)
	r.Epochs, r.Expect = 1, recipe.Expect{}
	key, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("bench: %w", err)
	}
	return string(key), nil
}

// speed measures a recipe, or one that differs in epochs and seed only.
func (c command) speed(ctx context.Context, measured map[string]train.Speed, r recipe.Recipe) (train.Speed, error) {
	key, err := likeness(r)
	if err != nil {
		return train.Speed{}, err
	}
	if speed, ok := measured[key]; ok {
		return speed, nil
	}
	data, _ := dataset.About(r.Data)
	speed, err := train.Measure(ctx, r, c.device, data.Height, data.Width)
	measured[key] = speed
	return speed, err
}
