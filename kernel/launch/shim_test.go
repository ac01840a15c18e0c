package launch

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/event"
	"github.com/gossl/gossl/kernel/proc"
)

// goCommand calls go as GoNB does, and returns what it says and its exit status.
func (g *fakeGoNB) goCommand(args ...string) (string, int) {
	g.t.Helper()
	cmd := g.command(args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		g.t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

func (g *fakeGoNB) command(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(g.paths.Bin, "go"), args...)
	cmd.Dir, cmd.Env = g.work, g.environ
	return cmd
}

// fakeGo puts a script in the place of the true go command.
func (g *fakeGoNB) fakeGo(script string) {
	g.t.Helper()
	dir := g.t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		g.t.Fatal(err)
	}
	g.environ = append(g.environ, pathVar+"="+dir+":"+os.Getenv("PATH"))
}

func TestModInitTellsFolder(t *testing.T) {
	g := newGoNB(t)
	if out, code := g.goCommand("mod", "init", "gonb_x"); code != 0 {
		t.Fatalf("exit status %d: %s", code, out)
	}
	if _, err := os.Stat(filepath.Join(g.work, "go.mod")); err != nil {
		t.Error(err)
	}
	if told := g.told(event.WorkDir); len(told) != 1 || told[0].Dir != g.work {
		t.Errorf("told %+v, want %s", told, g.work)
	}
}

func TestGoCalls(t *testing.T) {
	elsewhere := t.TempDir()
	tests := []struct {
		name, dir, args string
		reaches         bool
	}{
		{"get", "", "get", false},
		{"get of a test", "", "get -t", false},
		{"get of a module", "", "get example.com/m", true},
		{"get elsewhere", elsewhere, "get", true},
		{"list", "", "list ./...", true},
		{"build of wasm", "", "build -o " + elsewhere + "/gonb.wasm", true},
		{"build without target", "", "build", true},
		{"build elsewhere", elsewhere, "build -o x", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newGoNB(t)
			g.fakeGo(`echo "$0 $@ in $TMPDIR by $PATH"; exit 7`)
			if test.dir != "" {
				g.work = test.dir
			}
			out, code := g.goCommand(strings.Fields(test.args)...)
			want, status := "", 0
			if test.reaches {
				dir, _, _ := strings.Cut(lookup(g.environ, pathVar), ":")
				want, status = dir+"/go "+test.args+" in "+lookup(g.environ, "TMPDIR")+" by "+os.Getenv("PATH")+"\n", 7
			}
			if out != want || code != status {
				t.Errorf("%q, exit status %d, want %q, %d", out, code, want, status)
			}
			if len(g.events) > 0 {
				t.Errorf("told %+v", g.events)
			}
		})
	}
}

func TestNoTrueGo(t *testing.T) {
	g := newGoNB(t)
	g.environ = append(g.environ, pathVar+"=/nowhere")
	for _, args := range [][]string{{"version"}, {"build", "-o", g.program}} {
		if out, code := g.goCommand(args...); code == 0 || !strings.Contains(out, `go is not on SSLKIT_PATH="/nowhere"`) {
			t.Errorf("go %v: exit status %d, %q, want what is missing where", args, code, out)
		}
	}
}

func TestGopls(t *testing.T) {
	g := newGoNB(t)
	gopls := filepath.Join(g.paths.Bin, "gopls")
	parent := exec.Command("/bin/sh", "-c", gopls+" -listen unix\\;/x; exit")
	parent.Env = g.environ
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	awaitTrue(t, "gopls to start", func() bool {
		children := proc.Below(parent.Process.Pid)
		if len(children) != 1 || proc.Comm(children[0]) != "gopls" {
			return false
		}
		pid = children[0]
		return true
	})
	defer syscall.Kill(pid, syscall.SIGKILL)
	awaitTrue(t, "gopls to ignore SIGINT", func() bool { return ignores(t, pid, syscall.SIGINT) })
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	awaitTrue(t, "gopls to die with its parent", func() bool { return !proc.Alive(pid) })
	_ = parent.Wait() // it was killed
}

// ignores says whether a process ignores a signal.
func ignores(t *testing.T, pid int, s syscall.Signal) bool {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, field, _ := strings.Cut(string(status), "SigIgn:\t")
	field, _, _ = strings.Cut(field, "\n")
	mask, err := strconv.ParseUint(field, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return mask>>(s-1)&1 == 1
}

// awaitTrue waits for something that sends no sign.
func awaitTrue(t *testing.T, what string, is func() bool) {
	t.Helper()
	for start := time.Now(); !is(); time.Sleep(time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
