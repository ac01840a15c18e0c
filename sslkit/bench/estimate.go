package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// estimate prints what would run, and how long it would take by measured steps.
func (c command) estimate(ctx context.Context, recipes []recipe.Recipe, out io.Writer) error {
	measured := map[string]train.Speed{}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "run\tepochs\tsteps\tms/step\testimated\tstate")
	var total time.Duration
	for _, r := range recipes {
		if err := c.checkRun(r); err != nil {
			return fmt.Errorf("%s: %w", ID(r), err)
		}
		speed, err := c.speed(ctx, measured, r)
		if err != nil {
			return err
		}
		state, done := "new", 0
		if _, ok, err := finished(c.out, r); err != nil {
			return err
		} else if ok {
			state, done = "has a record", r.Epochs
		} else if result, err := train.Open(runFolder(c.out, r)); err == nil && len(result.Epochs) > 0 {
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
		fmt.Fprintf(w, "%s\t%d\t%d\t%.0f\t%s\t%s\n", ID(r), r.Epochs, r.Epochs*r.Steps(),
			float64(speed.Step)/float64(time.Millisecond), takes.Round(time.Second), state)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "together about %s; the search for neighbours, which is not in it, adds seconds an epoch\n", total.Round(time.Second))
	if err := c.checkData(ctx); err != nil {
		return fmt.Errorf("a run would be refused now; -download would fetch the images: %w", err)
	}
	return nil
}

// speed measures a recipe, or one that differs in epochs and seed only.
func (c command) speed(ctx context.Context, measured map[string]train.Speed, r recipe.Recipe) (train.Speed, error) {
	alike := seedless(r)
	alike.Epochs, alike.Expect = 1, recipe.Expect{}
	key, err := json.Marshal(alike)
	if err != nil {
		return train.Speed{}, fmt.Errorf("bench: %w", err)
	}
	if speed, ok := measured[string(key)]; ok {
		return speed, nil
	}
	data, _ := dataset.About(r.Data)
	speed, err := train.Measure(ctx, r, c.device, data.Height, data.Width)
	measured[string(key)] = speed
	return speed, err
}
