package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/show"
	"github.com/gossl/gossl/sslkit/train"
)

// Options are where and how runs are made.
type Options struct {
	Dir    string      // folder of the records; run folders are in runs below it
	Device device.Kind // "" is device.Auto
	Feed   feed.Mode   // where images are kept; "" is feed.Auto
	Quiet  bool        // print nothing; else each run is named and shows its progress

	unnamed bool // somebody else has named the run
}

// Run makes the runs that have no record yet, one after the other, and writes
// their records. A run that was cut off goes on where it was left. A run that
// fails does not keep the others from running; the errors come together at the
// end. When the context ends, or at an interrupt, the run in work is saved and
// Run returns.
func Run(ctx context.Context, recipes []recipe.Recipe, o Options) ([]Record, error) {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	var records []Record
	var failures []error
	var data cached
	for i, r := range recipes {
		record, ok, err := finished(o.Dir, r)
		if !o.Quiet && !o.unnamed {
			announce(i, len(recipes), r, ok)
		}
		if err == nil && !ok {
			record, err = one(ctx, r, o, &data)
		}
		switch {
		case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
			return records, err
		case err != nil:
			failures = append(failures, fmt.Errorf("%s: %w", ID(r), err))
		default:
			records = append(records, record)
		}
	}
	return records, errors.Join(failures...)
}

// announce names run i of total, counted from 0.
func announce(i, total int, r recipe.Recipe, finished bool) {
	state := ""
	if finished {
		state = " has a record"
	}
	fmt.Printf("run %d of %d: %s%s\n", i+1, total, ID(r), state)
}

// one makes one run.
func one(ctx context.Context, r recipe.Recipe, o Options, data *cached) (Record, error) {
	var report func(train.Event)
	if !o.Quiet {
		report = show.Progress()
	}
	set, err := data.load(ctx, r, report)
	if err != nil {
		return Record{}, err
	}
	result, err := train.Run(ctx, r, train.Options{Dir: runFolder(o.Dir, r), Device: o.Device, Feed: o.Feed, Data: set, Report: report})
	if err != nil {
		return Record{}, err
	}
	record := newRecord(result)
	return record, record.write(o.Dir)
}

func runFolder(dir string, r recipe.Recipe) string { return filepath.Join(dir, "runs", ID(r)) }

// cached keeps the data set of the last run for the next.
type cached struct {
	name        dataset.Name
	train, test int
	set         *dataset.Set
}

func (c *cached) load(ctx context.Context, r recipe.Recipe, report func(train.Event)) (*dataset.Set, error) {
	want := cached{name: r.Data, train: r.TrainImages, test: r.TestImages}
	if c.set == nil || c.name != want.name || c.train != want.train || c.test != want.test {
		set, err := train.Load(ctx, r, report)
		if err != nil {
			return nil, err
		}
		want.set = set
		*c = want
	}
	return c.set, nil
}
