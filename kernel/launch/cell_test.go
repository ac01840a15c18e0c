package launch

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/event"
	"github.com/gossl/gossl/kernel/proc"
)

func TestCellEnds(t *testing.T) {
	tests := []struct {
		args   []string
		code   int
		signal string
	}{
		{[]string{"exit", "0"}, 0, ""},
		{[]string{"exit", "3"}, 3, ""},
		{[]string{"signal", fmt.Sprint(int(syscall.SIGKILL))}, -1, "killed"},
		{[]string{"signal", fmt.Sprint(int(syscall.SIGTERM))}, -1, "terminated"},
		{[]string{"panic", "reason"}, 2, ""},
	}
	for _, test := range tests {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			r := newGoNB(t).start(test.args...)
			if end := r.end(); end.Code != test.code || end.Signal != test.signal {
				t.Errorf("code %d, signal %q, want %d, %q", end.Code, end.Signal, test.code, test.signal)
			}
			if starts := r.told(event.CellStart); len(starts) != 1 || starts[0].PID != r.cmd.Process.Pid {
				t.Errorf("started %+v, want process %d", starts, r.cmd.Process.Pid)
			}
		})
	}
}

func TestCellPanics(t *testing.T) {
	r := newGoNB(t).start("panic", "reason")
	r.end()
	if text := r.stderr.String(); !strings.HasPrefix(text, "panic: reason") || !strings.Contains(text, "goroutine 1 [running]") {
		t.Errorf("stderr %q, want the panic", text)
	}
}

func TestCellAccounts(t *testing.T) {
	const size = 100 << 20
	end := newGoNB(t).start("work", fmt.Sprint(size)).end()
	if end.PeakMemory < size || end.PeakMemory > 4*size {
		t.Errorf("peak memory %d, want some more than %d", end.PeakMemory, size)
	}
	if end.CPUSeconds < 0.1 || end.Seconds < 0.1 || end.Seconds > 60 {
		t.Errorf("%g s, %g s of CPU, want at least 0.1", end.Seconds, end.CPUSeconds)
	}
}

func TestCellCannotStart(t *testing.T) {
	g := newGoNB(t)
	if err := os.Remove(g.program + program); err != nil {
		t.Fatal(err)
	}
	r := g.start()
	if end := r.end(); end.Code != notFound || !strings.Contains(end.Text, "gonb_x.bin: no such file") {
		t.Errorf("told %+v, want code %d and the missing file", end, notFound)
	}
}

func TestCellEnvironment(t *testing.T) {
	g := newGoNB(t)
	r := g.start("environ", "PATH", "TMPDIR", binVar, event.Socket)
	r.end()
	want := []string{"PATH=" + os.Getenv("PATH") + " true", "TMPDIR=" + lookup(g.environ, "TMPDIR") + " true", binVar + "= false", event.Socket + "= false"}
	if diff := cmp.Diff(want, r.outputs); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

func TestCellSignals(t *testing.T) {
	tests := []struct {
		what   string
		code   int
		signal string
		least  time.Duration
		most   time.Duration
		output []string
	}{
		{"sleep", -1, "interrupt", 0, grace, []string{"ready"}},
		{"save", 0, "", 0, grace, []string{"ready", "saved"}},
		{"ignore", -1, "killed", grace, 5 * time.Second, []string{"ready"}},
	}
	for _, test := range tests {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			r := newGoNB(t).start(test.what)
			r.next()
			start := time.Now()
			if err := r.cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			end := r.end()
			if took := time.Since(start); took < test.least || took > test.most {
				t.Errorf("it took %v, want between %v and %v", took, test.least, test.most)
			}
			if end.Code != test.code || end.Signal != test.signal {
				t.Errorf("code %d, signal %q, want %d, %q", end.Code, end.Signal, test.code, test.signal)
			}
			if diff := cmp.Diff(test.output, r.outputs); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCellGroup checks what becomes of processes that a cell has started.
func TestCellGroup(t *testing.T) {
	tests := []struct {
		name, script string
		interrupt    bool
	}{
		{"interrupted", `sh -c 'sleep 1000 & echo $!; wait'`, true},
		{"left behind", `sh -c 'trap "" INT TERM; sleep 1000 & echo $!; sleep 1000' & read line`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newGoNB(t).start("shell", test.script)
			pid, err := strconv.Atoi(r.next())
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			if test.interrupt {
				err = r.cmd.Process.Signal(syscall.SIGINT)
			} else {
				_, err = r.stdin.WriteString("\n")
			}
			if err != nil {
				t.Fatal(err)
			}
			r.end()
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
			for start := time.Now(); proc.Alive(pid); { // the signal is on its way
				if time.Since(start) > 10*time.Second {
					t.Fatalf("process %d is alive", pid)
				}
			}
		})
	}
}

// TestCellDaemon checks that a process in another group, which holds the cell's pipes, does not keep the cell.
func TestCellDaemon(t *testing.T) {
	for name, daemon := range map[string]string{"silent": "exec sleep 1000", "talking": "while :; do echo again; done"} {
		t.Run(name, func(t *testing.T) {
			r := newGoNB(t).start("shell",
				"setsid sh -c 'echo $$; "+daemon+"' & read line; echo printed; echo error >&2")
			pid, err := strconv.Atoi(r.next())
			if err != nil {
				t.Fatal(err)
			}
			defer syscall.Kill(pid, syscall.SIGKILL)
			if _, err := r.stdin.WriteString("\n"); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			end := r.end()
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("the launcher took %v to end", took)
			}
			if name == "silent" && !proc.Alive(pid) {
				t.Error("the daemon has ended")
			}
			if !slices.Contains(r.outputs, "printed") || r.stderr.String() != "error\n" || end.Code != 0 {
				t.Errorf("%d outputs, told %+v, want all that was written", len(r.outputs), end)
			}
		})
	}
}

func TestCellDiesWithGoNB(t *testing.T) {
	g := newGoNB(t)
	parent := exec.Command("/bin/sh", "-c", g.program+` sleep & wait`)
	parent.Env, parent.ExtraFiles = g.environ, g.ends
	stdin, err := os.OpenFile(g.stdinPath(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	launcher := g.wait(event.CellStart).PID
	defer syscall.Kill(launcher, syscall.SIGKILL)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed
	if end := g.wait(event.CellEnd); end.Code != -1 || end.Signal != "terminated" {
		t.Errorf("told %+v, want that the cell was terminated", end)
	}
}

func TestCellShows(t *testing.T) {
	r := newGoNB(t).start("shown", "text/plain", "text/html")
	r.end()
	if diff := cmp.Diff([]string{"map[text/plain:value]", "map[text/html:value]"}, r.outputs); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
}
