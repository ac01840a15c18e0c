package run

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/wire/wiretest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestRunWritesNotebook executes a notebook with everything in it.
func TestRunWritesNotebook(t *testing.T) {
	const source, golden = "testdata/everything.ipynb", "testdata/everything.executed.ipynb"
	dir := t.TempDir()
	out := screen(t)
	o := Options{Notebook: source, Dir: filepath.Join(dir, "cells"), Output: filepath.Join(dir, "new", "executed.ipynb")}
	if err := Run(t.Context(), fakeHome(t), o, out); err != nil {
		t.Fatal(err)
	}
	got := read(t, o.Output)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(read(t, golden), got); diff != "" {
		t.Errorf("executed notebook (-want +got), -update writes it anew:\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(dir, "cells", "here")); err != nil {
		t.Errorf("the cells did not run in %s: %v", o.Dir, err)
	}
	shown := read(t, out.Name())
	for _, want := range []string{"Start the kernel: ready, ", "[1/6] Streams", "  onetwo\n  100%\n", "[6/6]", "Wrote " + o.Output, "\nlast of all\n"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the screen lacks %q:\n%s", want, shown)
		}
	}
	if !strings.HasSuffix(shown, "\nlast of all\n") {
		t.Errorf("the summary is not the last that is shown:\n%s", shown)
	}
	content := read(t, o.Output)
	o.Notebook = o.Output
	if err := Run(t.Context(), fakeHome(t), o, out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(content, read(t, o.Output)); diff != "" {
		t.Errorf("executed again, in place (-first +second):\n%s", diff)
	}
}

func TestRunFailures(t *testing.T) {
	tests := []struct {
		name, source string
		options      Options
		want         string // text of the error
		output       string // in the executed notebook
	}{
		{"panic", "fail panic on purpose", Options{}, "panic: on purpose", "on purpose"},
		{"other", "fail Exit exit status 3", Options{}, "exit status 3", "exit status 3"},
		{"the last that it printed", "warn the file is missing\nfail Exit exit status 1", Options{}, "exit status 1: the file is missing", "exit status 1"},
		{"allowed in the end", "fail Exit exit status 3\n", Options{AllowErrors: true}, "", "later"},
		{"expected", "fail Exit exit status 3", Options{}, "", "later"},
		{"kernel dies", "print a\nexit 7", Options{AllowErrors: true}, "the kernel died: exit status 7", `"ename": "KernelDied"`},
		{"too long", "wait", Options{CellTimeout: 100 * time.Millisecond}, "the cell ran longer than 0.1 s", `"ename": "Timeout"`},
		{"too long is allowed", "wait", Options{CellTimeout: 100 * time.Millisecond, AllowErrors: true}, "", "later"},
		{"does not end", "hang", Options{CellTimeout: 100 * time.Millisecond, AllowErrors: true, patience: 300 * time.Millisecond}, "the cell ran longer than 0.1 s", `"ename": "Timeout"`},
		{"notebook too long", "wait", Options{CellTimeout: time.Minute, Timeout: 500 * time.Millisecond, AllowErrors: true}, "the notebook ran longer than 0.5 s", `"ename": "Timeout"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := test.options
			o.Notebook = write(t, "print fine", test.source, "print later")
			if test.name == "expected" {
				tag(t, o.Notebook, 1, raisesTag)
			}
			o.Output = filepath.Join(t.TempDir(), "executed.ipynb")
			err := Run(t.Context(), fakeHome(t), o, screen(t))
			var failure *cellError
			switch {
			case test.want == "":
				if err != nil {
					t.Error(err)
				}
			case !errors.As(err, &failure):
				t.Errorf("error %v, want a cellError", err)
			case failure.Number != 2 || !strings.Contains(failure.Text, test.want):
				t.Errorf("cell %d failed with %q, want cell 2 with %q", failure.Number, failure.Text, test.want)
			}
			content := read(t, o.Output)
			if !strings.Contains(content, test.output) {
				t.Errorf("the executed notebook lacks %s:\n%s", test.output, content)
			}
			if got, want := strings.Contains(content, "\"later\"\n"), test.want == ""; got != want {
				t.Errorf("the cell behind was executed: %v, want %v", got, want)
			}
		})
	}
}

func TestRunWithoutKernel(t *testing.T) {
	for _, h := range []home.Home{home.Home(t.TempDir()), fakeHome(t, "/no/such/program"), fakeHome(t, "sh", "-c", "echo no such chip >&2; exit 1")} {
		err := Run(t.Context(), h, Options{Notebook: write(t, "func Fine() {}")}, screen(t))
		if !errors.Is(err, ErrKernel) {
			t.Errorf("error %v, want %v", err, ErrKernel)
		}
	}
	h := fakeHome(t, "sh", "-c", "echo no such chip >&2; exit 1")
	o := Options{Notebook: write(t, "func Fine() {}"), Output: filepath.Join(t.TempDir(), "executed.ipynb")}
	err := Run(t.Context(), h, o, screen(t))
	if err == nil || !strings.Contains(err.Error(), "no such chip") {
		t.Errorf("error %v, want what the kernel said", err)
	}
	if _, err := os.Stat(o.Output); err == nil {
		t.Error("a notebook that was not executed was written")
	}
}

// TestRunIsStopped stops a run while the kernel starts, and in a cell.
func TestRunIsStopped(t *testing.T) {
	stop := errors.New("stop")
	t.Run("start", func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, stop)
		defer cancel()
		err := Run(ctx, fakeHome(t, wiretest.Argv("mute")...), Options{Notebook: write(t, "print a")}, screen(t))
		if !errors.Is(err, stop) || errors.Is(err, ErrKernel) {
			t.Errorf("error %v, want %v", err, stop)
		}
	})
	t.Run("cell", func(t *testing.T) {
		reached := filepath.Join(t.TempDir(), "reached")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			for ctx.Err() == nil {
				if _, err := os.Stat(reached); err == nil {
					cancel(stop)
				}
				time.Sleep(5 * time.Millisecond)
			}
		}()
		o := Options{
			Notebook: write(t, "touch "+reached+"\nwait", "print later"), AllowErrors: true,
			Output: filepath.Join(t.TempDir(), "executed.ipynb"),
		}
		if err := Run(ctx, fakeHome(t), o, screen(t)); !errors.Is(err, stop) {
			t.Errorf("error %v, want %v", err, stop)
		}
		if content := read(t, o.Output); !strings.Contains(content, "interrupted") || strings.Contains(content, `"text": [`) {
			t.Errorf("executed notebook, want the interrupted cell and none behind it:\n%s", content)
		}
	})
}

func TestRunReports(t *testing.T) {
	o := Options{
		Notebook: write(t, "print fine", "fail panic a < b", "", "print later"), JUnit: filepath.Join(t.TempDir(), "new", "report.xml"),
	}
	var failed *cellError
	out := screen(t)
	if err := Run(t.Context(), fakeHome(t), o, out); !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if shown := read(t, out.Name()); !strings.Contains(shown, "  panic: a < b\n[2/3]") {
		t.Errorf("the screen lacks the panic's traceback:\n%s", shown)
	}
	var suite testSuite
	if err := xml.Unmarshal([]byte(read(t, o.JUnit)), &suite); err != nil {
		t.Fatal(err)
	}
	suite.XMLName, suite.Time = xml.Name{}, ""
	for i := range suite.Cases {
		suite.Cases[i].Time = ""
	}
	want := testSuite{Name: o.Notebook, Tests: 3, Failures: 1, Skipped: 1, Cases: []testCase{
		{Class: o.Notebook, Name: "1 print fine"},
		{Class: o.Notebook, Name: "2 fail panic a < b", Failure: &failure{Message: "panic: a < b", Text: "panic: a < b"}},
		{Class: o.Notebook, Name: "3 print later", Skipped: &struct{}{}},
	}}
	if diff := cmp.Diff(want, suite); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

// TestRunLeavesNothing looks for what a run leaves in the data directory.
func TestRunLeavesNothing(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	t.Setenv("TMPDIR", t.TempDir()) // what Home.Temp is for a data directory with a long path
	h := fakeHome(t)
	if err := Run(t.Context(), h, Options{Notebook: write(t, "spawn "+pid)}, screen(t)); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(h.Temp()); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v in the temporary folder, want nothing", entries, err)
	}
	var child int
	if err := json.Unmarshal([]byte(read(t, pid)), &child); err != nil {
		t.Fatal(err)
	}
	// That a process of somebody else's has ended cannot be waited for.
	for deadline := time.Now().Add(10 * time.Second); alive(child); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d is alive", child)
		}
	}
}
