package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/show"
	"github.com/gossl/gossl/sslkit/train"
)

// Options are where and how runs are made.
type Options struct {
	Dir     string      // folder of the records; run folders are in runs below it
	Device  device.Kind // "" is device.Auto
	Devices int         // that train a run together; 0 is 1
	Feed    feed.Mode   // where images are kept; "" is feed.Auto
	Quiet   bool        // print nothing; else each run is named and shows its progress

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
	result, err := train.Run(ctx, r, train.Options{Dir: runFolder(o.Dir, r), Device: o.Device, Devices: o.Devices, Feed: o.Feed, Data: set, Report: report})
	if err != nil {
		return Record{}, err
	}
	record := newRecord(result)
	return record, record.write(o.Dir)
}

// runFolder is where a run is kept, or where an older version has begun it.
func runFolder(dir string, r recipe.Recipe) string {
	runs := filepath.Join(dir, "runs")
	path := filepath.Join(runs, ID(r))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	begun, ok := older(runs, "", r, func(path string) (recipe.Recipe, error) {
		run, err := train.Open(path)
		if err != nil {
			return recipe.Recipe{}, err
		}
		return run.Recipe, nil
	})
	if ok {
		return begun
	}
	return path
}

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

const onlyFlag = "only"

// stoppedStatus is the exit status of a process whose run was interrupted.
const stoppedStatus = 130

// Exit ends a program with the error of [Main], if there is one: it prints that, and
// the exit status is 130 if the runs were stopped, else 1.
func Exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(exitStatus(err))
}

func exitStatus(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled):
		return stoppedStatus
	}
	return 1
}

// eachInProcess makes each run in a process of its own, one after the other: the
// peak of memory is then the run's, and what it held is given back for sure. A
// run that fails does not keep the others from running. Runs that have a record
// need no process.
func (c command) eachInProcess(ctx context.Context, recipes []recipe.Recipe, args []string) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	// The first signal stops the run in work, which saves itself, and this process
	// waits for that. A second one ends both, unless it comes at once: see train.Run.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, func() {
		time.Sleep(time.Second)
		stop()
	})()
	runtime.LockOSThread() // Pdeathsig is sent when the thread ends
	defer runtime.UnlockOSThread()
	var failed []error
	for i, r := range recipes {
		_, ok, err := finished(c.out, r)
		announce(i, len(recipes), r, ok)
		if ok {
			continue
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", ID(r), err))
			continue
		}
		child := exec.CommandContext(ctx, program, append(slices.Clone(args), "-"+onlyFlag, ID(r))...)
		child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
		child.Cancel = func() error { return child.Process.Signal(syscall.SIGTERM) }
		child.SysProcAttr = &syscall.SysProcAttr{
			Setpgid:   true, // else a terminal's Ctrl-C reached it as a second signal
			Pdeathsig: syscall.SIGTERM,
		}
		err = child.Run()
		var exit *exec.ExitError
		switch {
		case ctx.Err() != nil || errors.As(err, &exit) && exit.ExitCode() == stoppedStatus:
			return fmt.Errorf("stopped; the same command goes on from there: %w", context.Canceled)
		case err != nil:
			failed = append(failed, fmt.Errorf("%s: %w", ID(r), err))
		}
	}
	return errors.Join(failed...)
}

// runOnly makes one of the runs in this process.
func (c command) runOnly(ctx context.Context, recipes []recipe.Recipe) error {
	i := slices.IndexFunc(recipes, func(r recipe.Recipe) bool { return ID(r) == c.only })
	if i < 0 {
		return fmt.Errorf("-%s %s: no run of the plan has this name", onlyFlag, c.only)
	}
	_, err := Run(ctx, recipes[i:i+1], Options{Dir: c.out, Device: c.device, Devices: c.devices, Feed: c.feed, unnamed: true})
	return err
}
