// Package run runs a notebook through the sslkit kernel, by the Jupyter protocol, and shows how it goes.
package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/install/spec"
	"github.com/gossl/gossl/kernel/notebook"
	"github.com/gossl/gossl/kernel/proc"
)

// Options say what to run and what to write. Empty paths are not written.
type Options struct {
	Notebook    string        // the .ipynb file; cells run in its directory
	Output      string        // the executed notebook
	Dir         string        // in which the cells run; "": the notebook's
	HTML        string        // the executed notebook as a page, pictures included
	JUnit       string        // what became of each cell, as a JUnit report
	Params      []string      // "name=value": other values for what cells tagged ParametersTag declare
	CellTimeout time.Duration // of each cell; 0: none
	Timeout     time.Duration // of all cells together; 0: none
	AllowErrors bool          // go on after a cell that fails, which is no error then

	patience time.Duration // stopTime for tests; 0: stopTime
}

// ErrKernel is the error of a kernel that does not start.
var ErrKernel = errors.New("the kernel does not start")

// A cellError says that a cell of a notebook failed.
type cellError struct {
	Notebook string
	Number   int // among the code cells, from 1
	Title    string
	Text     string // what the compiler or the cell's process said
}

func (e *cellError) Error() string {
	return fmt.Sprintf("%s: cell %d (%s) failed: %s", e.Notebook, e.Number, e.Title, strings.TrimSpace(e.Text))
}

const (
	stopTime     = 15 * time.Second // a cell gets to end after it was interrupted
	shutdownTime = 5 * time.Second  // the kernel gets to end
)

// Run executes a notebook up to the first cell that fails, which its error names. It shows progress on out and leaves no
// process behind.
func Run(ctx context.Context, h home.Home, o Options, out *os.File) error {
	document, err := notebook.ReadDocument(o.Notebook)
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	if other := document.Notebook.Other(); other != "" {
		return fmt.Errorf("run: %s is a notebook in %s, want one in Go: if its cells are Go, choose the kernel %q for it in JupyterLab and save it",
			o.Notebook, other, spec.Display)
	}
	if err := setParameters(document, o.Params); err != nil {
		return err
	}
	dir, err := makeDirs(o)
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	temp, err := os.MkdirTemp(h.Temp(), "run-")
	if errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("%w: `make setup` has not been run: %w", ErrKernel, err)
	}
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	defer os.RemoveAll(temp)
	defer proc.KillWith("TMPDIR=" + temp) // GoNB, gopls and cells outlive a kernel that was killed

	r := &run{
		options: o, document: document, stderr: &proc.Tail{}, watch: newWatch(document.Notebook, out),
		outputs: outputs{displays: map[string][]*output{}}, results: map[int]*result{},
	}
	verdict := r.kernel(ctx, h, dir, temp)
	if r.client == nil { // there is nothing to write
		r.watch.end()
		return verdict
	}
	written := r.write(h, temp)
	r.watch.end(o.Output, o.HTML, o.JUnit)
	if written == nil {
		return verdict
	}
	return errors.Join(verdict, written)
}

// kernel executes the cells in a kernel of their own.
func (r *run) kernel(ctx context.Context, h home.Home, dir, temp string) error {
	client, err := startKernel(ctx, h, dir, temp, r.stderr)
	if err != nil {
		return err
	}
	defer client.Close()
	r.client = client
	r.watch.done("ready")
	r.askLanguage(ctx)
	if err := r.cells(ctx); err != nil {
		return err
	}
	patient, cancel := context.WithTimeout(ctx, shutdownTime)
	defer cancel()
	_ = client.Shutdown(patient) // Close ends a kernel that does not
	return nil
}

// makeDirs makes the folders of what is written, and returns that in which cells run.
func makeDirs(o Options) (string, error) {
	file, err := filepath.Abs(o.Notebook)
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(file)
	if o.Dir != "" {
		if dir, err = filepath.Abs(o.Dir); err != nil {
			return "", err
		}
	}
	folders := []string{dir}
	for _, name := range []string{o.Output, o.HTML, o.JUnit} {
		if name != "" {
			folders = append(folders, filepath.Dir(name))
		}
	}
	for _, folder := range folders {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return "", err
		}
	}
	return dir, nil
}
