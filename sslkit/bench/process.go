package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"syscall"

	"github.com/gossl/gossl/sslkit/recipe"
)

const onlyFlag = "only"

// stoppedStatus is the exit status of a process whose run was interrupted.
const stoppedStatus = 130

// ExitStatus is the exit status of a program for the error of [Main].
func ExitStatus(err error) int {
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
	// waits for that. A second one ends both.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
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
	_, err := Run(ctx, recipes[i:i+1], Options{Dir: c.out, Device: c.device, Feed: c.feed, unnamed: true})
	return err
}
