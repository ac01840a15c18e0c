package setup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/proc"
)

// Workspace holds a program that is to Go what a cell is: it stands in a workspace with the checkout, and is built
// offline. It imports every package of the library.
type Workspace struct {
	dir      string
	env      []string // offline
	packages []string
	builds   int
}

// program is the name of the workspace's module and program.
const program = "cell"

// NewWorkspace makes a workspace in a folder below the data directory's temporary one.
func NewWorkspace(ctx context.Context, h home.Home, repo string) (*Workspace, error) {
	env, err := h.Env()
	if err != nil {
		return nil, fmt.Errorf("setup: %w", err)
	}
	env["GOWORK"] = "off"
	packages, err := library(ctx, repo, home.Environ(env))
	if err != nil {
		return nil, fmt.Errorf("setup: %w", err)
	}
	dir, err := os.MkdirTemp(h.Temp(), "warm-")
	if err != nil {
		return nil, fmt.Errorf("setup: %w", err)
	}
	env["GOWORK"] = ""
	w := &Workspace{dir: dir, env: home.Environ(env), packages: packages}
	if err := w.init(ctx, repo); err != nil {
		return nil, errors.Join(fmt.Errorf("setup: %w", err), w.Close())
	}
	return w, nil
}

func (w *Workspace) init(ctx context.Context, repo string) error {
	if err := os.WriteFile(filepath.Join(w.dir, "go.mod"), []byte("module "+program+"\n"), 0o644); err != nil {
		return err
	}
	if err := w.change(); err != nil {
		return err
	}
	_, err := w.run(ctx, "go", "work", "init", ".", repo)
	return err
}

// change writes the program anew, as a user changes a cell.
func (w *Workspace) change() error {
	w.builds++
	var text strings.Builder
	text.WriteString("package main\n\n")
	for _, name := range w.packages {
		fmt.Fprintf(&text, "import _ %q\n", name)
	}
	fmt.Fprintf(&text, "\nfunc main() { println(%d, %d) }\n", os.Getpid(), w.builds)
	return os.WriteFile(filepath.Join(w.dir, "main.go"), []byte(text.String()), 0o644)
}

// A Build is a build of a changed cell.
type Build struct {
	Time     time.Duration
	Compiled []string // packages that were not in the build cache, besides the cell's own
}

// endTime is what a command that is stopped gets to end.
const endTime = 5 * time.Second

// Build changes the program and builds it, offline.
func (w *Workspace) Build(ctx context.Context) (Build, error) {
	if err := w.change(); err != nil {
		return Build{}, fmt.Errorf("setup: %w", err)
	}
	start := time.Now()
	messages, err := w.run(ctx, "go", "build", "-v", "-o", program+".out")
	if err != nil {
		return Build{}, fmt.Errorf("setup: %w", err)
	}
	b := Build{Time: time.Since(start)}
	for line := range strings.Lines(messages) {
		if name := strings.TrimSpace(line); name != program {
			b.Compiled = append(b.Compiled, name)
		}
	}
	return b, nil
}

// run runs a command in the workspace and returns what it prints on standard error.
func (w *Workspace) run(ctx context.Context, name string, args ...string) (string, error) {
	var messages bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env, cmd.Stderr = w.dir, w.env, &messages
	proc.Grouped(cmd, syscall.SIGTERM, endTime)
	err := cmd.Run()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(messages.String()))
	}
	return messages.String(), nil
}

// Close removes the workspace.
func (w *Workspace) Close() error {
	if err := os.RemoveAll(w.dir); err != nil {
		return fmt.Errorf("setup: %w", err)
	}
	return nil
}

// library lists the packages of the checkout that a notebook can import.
func library(ctx context.Context, repo string, env []string) ([]string, error) {
	list := exec.CommandContext(ctx, "go", "list", "-find", "-f", "{{if ne .Name \"main\"}}{{.ImportPath}}{{end}}", "./sslkit/...")
	var messages bytes.Buffer
	list.Dir, list.Env, list.Stderr = repo, env, &messages
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("%s in %s: %w\n%s", strings.Join(list.Args, " "), repo, err, strings.TrimSpace(messages.String()))
	}
	var packages []string
	for _, name := range strings.Fields(string(out)) {
		if !strings.Contains(name+"/", "/internal/") {
			packages = append(packages, name)
		}
	}
	if len(packages) == 0 {
		return nil, fmt.Errorf("%s has no packages below sslkit, want a checkout of sslkit", repo)
	}
	return packages, nil
}
