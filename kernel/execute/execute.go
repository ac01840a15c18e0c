// Package execute runs a notebook through the sslkit kernel, by the Jupyter protocol, and shows how it goes.
package execute

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gossl/gossl/kernel/home"
	"github.com/gossl/gossl/kernel/notebook"
)

//go:embed driver.py
var driver string

// Options say what to run and what to write. Empty paths are not written.
type Options struct {
	Notebook string        // the .ipynb file; cells run in its directory
	Output   string        // the executed notebook
	Dir      string        // in which the cells run; "": the notebook's
	HTML     string        // the executed notebook as a page, pictures included
	Timeout  time.Duration // of each cell
}

// ErrKernel is the error of a kernel that does not start.
var ErrKernel = errors.New("the kernel does not start")

// A CellError says that a cell of a notebook failed.
type CellError struct {
	Notebook string
	Number   int // among the code cells, from 1
	Title    string
	Text     string // what the compiler or the cell's process said
}

func (e *CellError) Error() string {
	return fmt.Sprintf("%s: cell %d (%s) failed: %s", e.Notebook, e.Number, e.Title, strings.TrimSpace(e.Text))
}

// stopTime is what the driver gets to end the kernel before it is killed.
const stopTime = 10 * time.Second

// Run executes a notebook up to the first cell that fails, which is a *CellError. It shows progress on out and leaves no
// process behind.
func Run(ctx context.Context, h home.Home, o Options, out *os.File) error {
	n, err := notebook.Read(o.Notebook)
	if err != nil {
		return fmt.Errorf("execute: %w", err)
	}
	if _, err := os.Stat(filepath.Join(h.KernelSpec(), "kernel.json")); err != nil {
		return fmt.Errorf("execute: %w: `make setup` has not been run: %w", ErrKernel, err)
	}
	temp, err := os.MkdirTemp(h.Temp(), "run-")
	if err != nil {
		return fmt.Errorf("execute: %w", err)
	}
	defer os.RemoveAll(temp)
	args, err := arguments(h, o, temp)
	if err != nil {
		return fmt.Errorf("execute: %w", err)
	}

	defer killUsers(temp)
	runtime.LockOSThread() // the driver is told when its parent thread ends
	defer runtime.UnlockOSThread()
	env := h.JupyterEnv()
	env["TMPDIR"] = temp
	cmd := exec.CommandContext(ctx, h.Python(), args...)
	cmd.Env = home.Environ(env)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopTime
	watch := newWatch(o.Notebook, n, out)
	var messages tail
	cmd.Stdout, cmd.Stderr = watch, &messages
	err = cmd.Run()
	watch.end(o.Output, o.HTML)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return verdict(err, watch, messages.String())
}

func arguments(h home.Home, o Options, temp string) ([]string, error) {
	file, err := filepath.Abs(o.Notebook)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(file)
	if o.Dir != "" {
		if dir, err = filepath.Abs(o.Dir); err != nil {
			return nil, err
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	args := []string{"-c", driver, file, "--kernelspec", h.KernelSpec(), "--directory", dir, "--temp", temp}
	if o.Timeout > 0 {
		args = append(args, "--timeout", strconv.Itoa(max(1, int(o.Timeout.Seconds()))))
	}
	for _, written := range []struct{ flag, name string }{{"--output", o.Output}, {"--html", o.HTML}} {
		if written.name == "" {
			continue
		}
		name, err := filepath.Abs(written.name)
		if err != nil {
			return nil, err
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return nil, err
		}
		args = append(args, written.flag, name)
	}
	return args, nil
}

// verdict turns the driver's end into an error.
func verdict(err error, w *watch, messages string) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit) && exit.ExitCode() == 1 && w.failure != nil:
		return w.failure
	case errors.As(err, &exit) && exit.ExitCode() == 2:
		return fmt.Errorf("execute: %w: %s\n%s", ErrKernel, w.kernelError, messages)
	}
	return fmt.Errorf("execute: %w\n%s", err, messages)
}

// tail keeps the end of what is written to it.
type tail struct{ bytes.Buffer }

const tailSize = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	n, err := t.Buffer.Write(p)
	if over := t.Len() - tailSize; over > 0 {
		t.Next(over)
	}
	return n, err
}
