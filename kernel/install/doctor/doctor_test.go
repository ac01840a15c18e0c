package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/install/spec"
)

// sick is the doctor of an empty data directory, an empty checkout, and a file system with nothing in it.
func sick(t *testing.T) *Doctor {
	t.Helper()
	dir, err := os.MkdirTemp("", "sick-") // shorter than t.TempDir: sockets' names must not be long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("JUPYTER_DATA_DIR", filepath.Join(dir, "jupyter"))
	t.Setenv("TMPDIR", filepath.Join(dir, "tmp")) // for homes with long names
	h := home.Home(filepath.Join(dir, "home"))
	for _, temp := range []string{h.Temp(), os.TempDir()} {
		if err := os.MkdirAll(temp, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, h.Path("config", "go", "telemetry", "mode"), "off") // else go counts on when the test has ended
	d := New(h, t.TempDir())
	d.root = t.TempDir()
	return d
}

// write writes a file and the folders above it.
func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

// script writes a program.
func script(t *testing.T, name, lines string) { t.Helper(); write(t, name, "#!/bin/sh\n"+lines+"\n") }

// expect compares a check with a status and what its detail and fix must hold.
func expect(t *testing.T, got Check, status Status, detail, fix string) {
	t.Helper()
	if got.Status != status {
		t.Errorf("status %s, want %s", got.Status, status)
	}
	if !strings.Contains(got.Detail, detail) {
		t.Errorf("detail %q, want %q in it", got.Detail, detail)
	}
	if !strings.Contains(got.Fix, fix) || (fix == "") != (got.Fix == "") {
		t.Errorf("fix %q, want %q in it", got.Fix, fix)
	}
	if t.Failed() {
		t.Logf("check: %+v", got)
	}
}

// log remembers what it is told of.
type log []string

func (l *log) Start(name string) { *l = append(*l, "start "+name) }
func (l *log) Done(c Check)      { *l = append(*l, "done "+c.Name) }

func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var told log
	report := run(ctx, []step{
		{"one", func(context.Context) Check { return ok("fine") }},
		{"two", func(context.Context) Check { cancel(); return fail("mend it", "broken") }},
		{"three", func(context.Context) Check { return ok("never made: nobody waits for it") }},
	}, &told)
	if diff := cmp.Diff(log{"start one", "done one", "start two", "done two"}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	want := Report{{Name: "one", Status: OK, Detail: "fine"}, {Name: "two", Status: Fail, Detail: "broken", Fix: "mend it"}}
	for i, c := range report {
		if c.Seconds <= 0 {
			t.Errorf("%s took %v s", c.Name, c.Seconds)
		}
		report[i].Seconds = 0
	}
	if diff := cmp.Diff(want, report); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestReportErr(t *testing.T) {
	fine := Check{Name: "a", Status: OK}
	warned := Check{Name: "b", Status: Warn}
	failed := Check{Name: "c", Status: Fail}
	if err := (Report{fine, warned}).Err(); err != nil {
		t.Errorf("with a warning: %v", err)
	}
	err := Report{fine, failed, failed}.Err()
	if err == nil || errors.Is(err, ErrKernel) || !strings.Contains(err.Error(), "2 of 3") {
		t.Errorf("with two failures: %v", err)
	}
	if err := (Report{failed, {Name: startName, Status: Fail}}).Err(); !errors.Is(err, ErrKernel) {
		t.Errorf("without kernel: %v", err)
	}
}

// A doctor that is called outside of a checkout examines the installed kernel's.
func TestNewFindsCheckout(t *testing.T) {
	h := home.Home(t.TempDir())
	if got := New(h, "").Repo; got != "" {
		t.Errorf("checkout %q without a kernelspec", got)
	}
	installed := spec.Spec{Argv: []string{h.Bin(spec.Program), "launch", "--go-work", "/checkout", "{connection_file}"}}
	if _, err := installed.Install(h.KernelSpec(), false); err != nil {
		t.Fatal(err)
	}
	if got := New(h, "").Repo; got != "/checkout" {
		t.Errorf("checkout %q, want /checkout", got)
	}
	if got := New(h, "/other").Repo; got != "/other" {
		t.Errorf("checkout %q, want /other", got)
	}
}

// Where nothing is installed nearly everything fails, and says what to do.
func TestEmptyHome(t *testing.T) {
	d := sick(t)
	report := d.Run(t.Context(), Silent{})
	status := map[string]Status{}
	for _, c := range report {
		status[c.Name] = c.Status
		if c.Status != OK && c.Fix == "" && !strings.HasPrefix(c.Detail, "not tried") {
			t.Errorf("%s: %s, and no fix", c.Name, c.Detail)
		}
	}
	for _, name := range []string{"GoNB", "goimports", "Python", "JupyterLab", "kernelspec", "workspace", "PJRT plugin", startName} {
		if status[name] != Fail {
			t.Errorf("%s: %q, want %s", name, status[name], Fail)
		}
	}
	for _, name := range []string{"cell", "panic", "interrupt", "device", "shutdown"} {
		if status[name] != Warn {
			t.Errorf("%s: %q, want %s: it is not tried", name, status[name], Warn)
		}
	}
	if !errors.Is(report.Err(), ErrKernel) {
		t.Errorf("error %v, want %v", report.Err(), ErrKernel)
	}
	if left, err := os.ReadDir(d.Home.Temp()); err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
}
