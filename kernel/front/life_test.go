package front

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/proc"
	"github.com/gossl/gossl/kernel/wire"
)

// busy starts a cell that goes on, and returns all of the kernel's processes.
func (k *kernel) busy(code string) []int {
	k.t.Helper()
	r := k.Start(code + "\n//cell child\n//cell print begun\n//cell sleep 10m")
	r.Await("begun")
	return proc.Below(k.PID())
}

// leaves has processes that outlive the cell and its commands.
const leaves = "!sleep 600 &\n//cell orphan"

// Whoever ends it, a kernel that is busy leaves no process, no file, and nothing open.
func TestNothingIsLeftBehind(t *testing.T) {
	for _, c := range []struct {
		name, mode, want string
		die              func(k *kernel) error
	}{
		{"shutdown", "", "", func(k *kernel) error { return k.Shutdown(k.t.Context()) }},
		{"shutdown of a GoNB that does not listen", "deaf", "", func(k *kernel) error { return k.Shutdown(k.t.Context()) }},
		{"restart", "", "", func(k *kernel) error {
			c := k.Ask(wire.Control, "shutdown_request", fields{"restart": true})
			if c["status"] != "ok" || c["restart"] != true {
				k.t.Errorf("the reply is %v", c)
			}
			return nil
		}},
		{"shutdown by shell", "", "", func(k *kernel) error {
			if c := k.Ask(wire.Shell, "shutdown_request", nil); c["restart"] != false {
				k.t.Errorf("the reply is %v", c)
			}
			return nil
		}},
		{"GoNB is killed", "", "front: GoNB ended", func(k *kernel) error { return syscall.Kill(k.gonb(), syscall.SIGKILL) }},
		{"SIGTERM", "", "", func(k *kernel) error { return syscall.Kill(k.PID(), syscall.SIGTERM) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := start(t, mode(c.mode))
			pids := k.busy(leaves)
			if len(pids) < 6 { // GoNB, the launcher, the program and three that sleep
				t.Errorf("processes %v", pids)
			}
			if err := c.die(k); err != nil {
				t.Fatal(err)
			}
			if got := k.ended(); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("it ended with %q, want %q", got, c.want)
			}
			dead(t, pids...)
		})
	}
}

// A front that is killed takes GoNB and the cell with it; the next one removes its folder.
func TestFrontIsKilled(t *testing.T) {
	k := start(t)
	pids := k.busy("")
	if err := syscall.Kill(k.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	dead(t, pids...)
	left, err := filepath.Glob(filepath.Join(k.plan.Options.Temp, runPrefix+"*"))
	if err != nil || len(left) != 1 {
		t.Fatalf("folders %v, error %v", left, err)
	}
	if err := k.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left[0]); err == nil {
		t.Errorf("%s is left", left[0])
	}
	k.OK("//cell print 1")
}

// Kernels of one home do not disturb each other, and nobody else enters their folders.
func TestTwoKernels(t *testing.T) {
	first := start(t)
	second := another(t, func(p *plan, _ *wire.Command) { p.Options.Temp = first.plan.Options.Temp })
	first.OK("//cell print 1")
	second.OK("//cell print 1")
	folders, err := filepath.Glob(filepath.Join(first.plan.Options.Temp, runPrefix+"*"))
	if err != nil || len(folders) != 2 {
		t.Fatalf("folders %v, error %v", folders, err)
	}
	for _, dir := range folders {
		for _, file := range []string{dir, filepath.Join(dir, wire.ConnectionName)} {
			if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: %v, %v", file, info, err)
			}
		}
	}
	if err := first.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	second.OK("//cell print 2")
}

// A cell whose GoNB ends fails at once, and so do those behind it: every request has its reply.
func TestGoNBDies(t *testing.T) {
	for name, code := range map[string]string{
		"in a cell":            "//cell print begun\n//cell sleep 1m",
		"in a command":         "!echo begun; sleep 60",
		"in user_expressions":  "//cell print begun",
		"while it waits":       "//cell print begun\n//cell read",
		"before the cell runs": "!echo begun; until [ -e go-on ]; do sleep 0.01; done\n//gonb die",
	} {
		t.Run(name, func(t *testing.T) {
			asked := make(chan struct{}, 1)
			k := start(t, answers(func(string, bool) string { asked <- struct{}{}; select {} }))
			request := fields{"code": code, "user_expressions": fields{}}
			if name == "in user_expressions" {
				request["user_expressions"] = fields{"a": "1 /*\n//cell sleep 1m\n*/"}
			}
			cells := k.together(k.StartOrder(request), "//cell print 2", "//cell print 3")
			if name == "while it waits" {
				<-asked
			}
			if name == "before the cell runs" {
				k.write("go-on")
			} else {
				time.Sleep(50 * time.Millisecond) // at whatever it is then
				if err := syscall.Kill(k.gonb(), syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
			}
			first := cells[0].End()
			if name == "in user_expressions" {
				values, _ := first.Content["user_expressions"].(fields)
				if a, _ := values["a"].(fields); a["ename"] != "KernelDied" && first.Name != "KernelDied" {
					t.Errorf("the reply is %v", first.Content)
				}
			} else if first.Name != "KernelDied" || first.Content["execution_count"] != 1.0 || first.Error == nil {
				t.Errorf("the reply is %v, published %v", first.Content, first.Order)
			}
			for _, c := range cells[1:] {
				if o := c.End(); o.Status != "aborted" {
					t.Errorf("a cell behind: %v", o.Content)
				}
			}
			if e := k.ended(); !strings.Contains(e, errGoNBGone.Error()) {
				t.Errorf("it ended with %q", e)
			}
		})
	}
}

// Nothing waits for a GoNB that ends before it has opened the pipes by which it is given a widget's request.
func TestGoNBDiesBeforeItsPipesAreOpen(t *testing.T) {
	for _, pipes := range []string{"pipes", "half-pipes"} {
		t.Run(pipes, func(t *testing.T) {
			k := start(t)
			r := k.Start("//gonb " + pipes + "\n//cell print begun\n//cell widget /a\n//cell sleep 1m")
			r.Await("begun") // published when the request is taken at the latest
			time.Sleep(50 * time.Millisecond)
			begin := time.Now()
			if err := syscall.Kill(k.gonb(), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			if o := r.End(); o.Name != "KernelDied" {
				t.Errorf("the reply is %v", o.Content)
			}
			if e := k.ended(); !strings.Contains(e, errGoNBGone.Error()) {
				t.Errorf("it ended with %q", e)
			}
			t.Log(time.Since(begin))
		})
	}
}

// A GoNB that ends between cells ends the kernel; what it printed in the end is told.
func TestGoNBDiesIdle(t *testing.T) {
	k := start(t)
	k.OK("//cell print 1")
	if err := syscall.Kill(k.gonb(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if e := k.ended(); !strings.Contains(e, errGoNBGone.Error()) {
		t.Errorf("it ended with %q", e)
	}
}

// A kernel whose GoNB does not start says why, and leaves nothing.
func TestStart(t *testing.T) {
	for _, c := range []struct{ mode, want string }{
		{"dies", "no such luck"},
		{"mute", "front: GoNB does not answer"},
		{"late", ""},
	} {
		t.Run(c.mode, func(t *testing.T) {
			t.Parallel()
			k, err := launched(t, mode(c.mode), func(p *plan, _ *wire.Command) {
				if c.mode == "mute" {
					p.Limits.Start = 500 * time.Millisecond
				}
			})
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				defer k.Close()
				k.OK("//cell print 1")
				return
			}
			if !errors.Is(err, wire.ErrKernelDied) {
				t.Fatalf("error %v", err)
			}
			if e := k.ended(); !strings.Contains(e, c.want) {
				t.Errorf("it ended with %q, want %q", e, c.want)
			}
		})
	}
	t.Run("no GoNB", func(t *testing.T) {
		t.Parallel()
		k, err := launched(t, func(p *plan, _ *wire.Command) { p.Options.GoNB = "/no/such/gonb" })
		if err == nil {
			t.Fatal("no error")
		}
		if e := k.ended(); !strings.Contains(e, "/no/such/gonb") {
			t.Errorf("it ended with %q", e)
		}
	})
}

// A kernel whose parent is gone ends: here a shell between this test and the front.
func TestParentIsGone(t *testing.T) {
	k := start(t, func(p *plan, c *wire.Command) {
		p.Limits.Parent = 50 * time.Millisecond
		c.Argv = []string{"/bin/sh", "-c", `setsid "$@" & wait`, "sh"}
	})
	pids := append(k.busy(""), k.PID())
	if err := syscall.Kill(k.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if e := k.ended(); e != errParentGone.Error() {
		t.Errorf("it ended with %q", e)
	}
	dead(t, pids...)
}

// A restart is a kernel that knows nothing of the one before.
func TestRestart(t *testing.T) {
	k := start(t)
	for i := range 3 {
		if o := k.OK("//cell print 1"); o.Content["execution_count"] != 1.0 {
			t.Errorf("life %d: %v", i, o.Content)
		}
		if err := k.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	folders, err := os.ReadDir(k.plan.Options.Temp)
	if err != nil || len(folders) != 1 {
		t.Errorf("folders %v, error %v", folders, err)
	}
}

// Many cells open no more files than few.
func TestSoak(t *testing.T) {
	k := start(t)
	open := func() int {
		list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", k.PID()))
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	k.OK("//cell print 1")
	before := open()
	for i := range 30 {
		switch i % 3 {
		case 0:
			k.OK("//cell display x\n//cell sync")
		case 1:
			k.Fails("//cell panic no", "panic", "no")
		case 2:
			k.OK("!echo 1")
		}
	}
	const more = 4 // those of the next cell are there ahead, those of the last are going
	eventually(t, fmt.Sprintf("at most %d files are open, which were %d before", before+more, before), func() bool { return open() <= before+more })
}
