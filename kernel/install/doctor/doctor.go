// Package doctor examines an installation: whether everything that a notebook needs is there and works, and what to do
// about what is not or does not.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/install/spec"
)

// Status is what became of a check.
type Status string

// The statuses. A warning does not keep notebooks from running.
const (
	OK   Status = "ok"
	Warn Status = "warn"
	Fail Status = "fail"
)

// Check is the result of one check.
type Check struct {
	Name    string  `json:"name"`
	Status  Status  `json:"status"`
	Detail  string  `json:"detail"`        // what was found
	Fix     string  `json:"fix,omitempty"` // what to do; "" if all is well
	Seconds float64 `json:"seconds"`       // that the check took
}

// ErrKernel is the error of a kernel that does not start.
var ErrKernel = errors.New("doctor: the kernel does not start")

// Doctor examines one installation.
type Doctor struct {
	Home  home.Home
	Repo  string // the checkout
	Clean bool   // remove what killed kernels left

	root string // of the file system in which /proc and /dev are looked for
	free func(dir string) (int64, error)
}

// New returns the doctor of a data directory. It examines the given checkout, or if that is "" the one that the
// installed kernel serves.
func New(h home.Home, repo string) *Doctor {
	if repo == "" {
		if installed, err := spec.Read(h.KernelSpec()); err == nil { // a check of its own reports the error
			repo = installed.Repo()
		}
	}
	return &Doctor{Home: h, Repo: repo, root: "/", free: home.Free}
}

// A step is a check that is not done yet.
type step struct {
	name string
	run  func(ctx context.Context) Check
}

// startName is the name of the check on which the exit status depends.
const startName = "kernel start"

func (d *Doctor) steps(k *live) []step {
	var w workspace
	return []step{
		{"Go", d.goVersion},
		{"surroundings", d.surroundings},
		{"C compiler", d.compiler},
		{"GoNB", d.gonb},
		{"goimports", d.goimports},
		{"gopls", d.gopls},
		{"Python", d.python},
		{"JupyterLab", d.jupyterLab},
		{"kernelspec", d.kernelspec},
		{"disk", d.disk},
		{"stale folders", d.stale},
		{"stray processes", d.strays},
		{"workspace", func(ctx context.Context) Check { return d.workspace(ctx, &w) }},
		{"build cache", func(ctx context.Context) Check { return d.buildCache(ctx, &w) }},
		{"PJRT plugin", d.plugin},
		{"CUDA", d.cuda},
		{"plans for GPUs", d.plan},
		{startName, k.start},
		{"cell", k.cell},
		{"panic", k.panics},
		{"interrupt", k.interrupt},
		{"device", k.device},
		{"shutdown", k.shutdown},
	}
}

// Observer is told of checks while they are made.
type Observer interface {
	Start(name string)
	Done(c Check)
}

// Run makes all checks, one after the other.
func (d *Doctor) Run(ctx context.Context, o Observer) Report {
	k := &live{doctor: d, limits: usual}
	defer k.close()
	return run(ctx, d.steps(k), o)
}

func run(ctx context.Context, steps []step, o Observer) Report {
	var report Report
	for _, s := range steps {
		if ctx.Err() != nil {
			break
		}
		o.Start(s.name)
		start := time.Now()
		c := s.run(ctx)
		c.Name, c.Seconds = s.name, time.Since(start).Seconds()
		o.Done(c)
		report = append(report, c)
	}
	return report
}

// Report is the results of all checks.
type Report []Check

// Err is nil if no check failed.
func (r Report) Err() error {
	failed := 0
	for _, c := range r {
		if c.Status != Fail {
			continue
		}
		if c.Name == startName {
			return ErrKernel
		}
		failed++
	}
	if failed > 0 {
		return fmt.Errorf("doctor: %d of %d checks failed", failed, len(r))
	}
	return nil
}

func ok(format string, args ...any) Check {
	return Check{Status: OK, Detail: fmt.Sprintf(format, args...)}
}

func warn(fix, format string, args ...any) Check {
	return Check{Status: Warn, Detail: fmt.Sprintf(format, args...), Fix: fix}
}

func fail(fix, format string, args ...any) Check {
	return Check{Status: Fail, Detail: fmt.Sprintf(format, args...), Fix: fix}
}

// setup is the fix for what set-up installs.
func (d *Doctor) setup() string { return d.in("make setup") }

// in is the fix of a command that is run in the checkout.
func (d *Doctor) in(command string) string {
	if d.Repo == "" {
		return "run `" + command + "` in a checkout of sslkit"
	}
	return fmt.Sprintf("run `cd %s && %s`", d.Repo, command)
}

// system is a path of the system: /proc or /dev.
func (d *Doctor) system(path string) string { return filepath.Join(d.root, path) }
