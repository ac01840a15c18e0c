package front

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/proc"
	"github.com/gossl/gossl/kernel/wire"
	"github.com/gossl/gossl/kernel/wire/wiretest"
)

// interrupts are the ways to interrupt a kernel.
var interrupts = map[string]func(k *kernel){
	"message": func(k *kernel) { k.Stop() },
	"signal": func(k *kernel) {
		if err := syscall.Kill(k.PID(), syscall.SIGINT); err != nil {
			k.t.Fatal(err)
		}
	},
}

// soon is when an interrupt has done its work on the slowest machine. What does not
// listen is killed later.
const soon = limit / 2

// each runs a test for each way to interrupt.
func each(t *testing.T, do func(t *testing.T, k *kernel, interrupt func())) {
	for name, interrupt := range interrupts {
		t.Run(name, func(t *testing.T) {
			k := start(t, func(p *plan, _ *wire.Command) { p.Limits.Interrupt = limit })
			do(t, k, func() { interrupt(k) })
		})
	}
}

// An interrupt ends whatever a cell is at, at once; the cell after it runs.
func TestInterrupt(t *testing.T) {
	each(t, func(t *testing.T, k *kernel, interrupt func()) {
		for _, code := range []string{
			"//cell print begun\n//cell sleep 1m",
			"!echo begun; sleep 60; echo no",
			"!echo begun; (sleep 60); echo no",
			"!echo begun; sleep 60\n//cell print no",
		} {
			r := k.Start(code)
			r.Await("begun")
			begin := time.Now()
			interrupt()
			o := r.End()
			if o.Name != "Interrupt" || strings.Contains(o.Stdout, "no") || o.Stderr != "" {
				t.Errorf("%q: %s %s, printed %q, %q", code, o.Status, o.Name, o.Stdout, o.Stderr)
			}
			if took := time.Since(begin); took > soon {
				t.Errorf("%q went on for %v", code, took)
			}
			k.OK("//cell print 1")
		}
		k.Stop() // nothing runs
		k.OK("//cell print 1")
	})
}

// A cell that saves when it is interrupted has done well; what another has started ends with it.
func TestInterruptIsHeard(t *testing.T) {
	k := start(t)
	r := k.Start("//cell save\n//cell print saved")
	r.Await("saving")
	k.Stop()
	if o := r.End(); o.Status != "ok" || o.Stdout != "saving\nsaved" {
		t.Errorf("%s %s, printed %q", o.Status, o.Name, o.Stdout)
	}
	r = k.Start("//cell child\n//cell print begun\n//cell sleep 1m")
	var child int
	if _, err := fmt.Sscan(r.Await("begun"), &child); err != nil {
		t.Fatal(err)
	}
	k.Stop()
	if o := r.End(); o.Name != "Interrupt" {
		t.Errorf("%s %s", o.Status, o.Name)
	}
	dead(t, child)
}

// A command that does not listen is killed, too.
func TestInterruptOfACommand(t *testing.T) {
	k := start(t, func(p *plan, _ *wire.Command) { p.Limits.Interrupt = 300 * time.Millisecond })
	r := k.Start("!trap '' INT; echo begun; while true; do sleep 1; done")
	r.Await("begun")
	begin := time.Now()
	k.Stop()
	if o := r.End(); o.Name != "Interrupt" || time.Since(begin) > soon {
		t.Errorf("%s %s after %v", o.Status, o.Name, time.Since(begin))
	}
	k.OK("//cell print 1")
}

// A build is interrupted, too, and leaves no process.
func TestInterruptBuild(t *testing.T) {
	each(t, func(t *testing.T, k *kernel, interrupt func()) {
		file := filepath.Join(k.dir, "building")
		r := k.Start("//go hang " + file)
		var pids [2]int
		eventually(t, "the cell is built", func() bool {
			text, err := os.ReadFile(file)
			n, _ := fmt.Sscan(string(text), &pids[0], &pids[1])
			return err == nil && n == 2
		})
		begin := time.Now()
		interrupt()
		if o := r.End(); o.Name != "Interrupt" || time.Since(begin) > soon {
			t.Errorf("%s %s after %v", o.Status, o.Name, time.Since(begin))
		}
		dead(t, pids[:]...)
		k.OK("//cell print 1")
	})
}

// An interrupt ends the running cell and takes the queued ones with it, whatever they want; later ones run.
func TestInterruptQueue(t *testing.T) {
	each(t, func(t *testing.T, k *kernel, interrupt func()) {
		first := k.StartOrder(fields{"code": "//cell print begun\n//cell sleep 1m", "stop_on_error": false})
		cells := k.together(first, "//cell print 2", "!echo 3")
		interrupt()
		if diff := cmp.Diff([]string{"error Interrupt begun", "aborted", "aborted"}, ends(cells)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		k.OK("//cell print 4")
	})
}

// An interrupt whose cell GoNB is still at is for that cell, however often it comes, and for no later one.
func TestInterruptTwice(t *testing.T) {
	k := start(t)
	for range 5 {
		r := k.Start("//cell print begun\n//cell sleep 1m\n//cell print no")
		r.Await("begun")
		k.Stop()
		k.Stop()
		if o := r.End(); o.Name != "Interrupt" || o.Stdout != "begun" {
			t.Errorf("%s %s, printed %q", o.Status, o.Name, o.Stdout)
		}
		k.OK("//cell print 1")
	}
}

// An interrupt that comes before GoNB has the cell is not lost.
func TestInterruptEarly(t *testing.T) {
	k := start(t)
	asked := filepath.Join(k.dir, "is-asked") // no identifier: the package has another name
	r := k.StartOrder(fields{"code": fmt.Sprintf("import %q\nasked.Do() //\n!echo no\n//cell print no", wiretest.Held+asked), "stop_on_error": false})
	eventually(t, "the go command is asked what the package is called", func() bool { _, err := os.Stat(asked); return err == nil })
	behind := k.Start("//cell print 2")
	k.Ask(wire.Shell, "history_request", fields{"hist_access_type": "tail"}) // nothing waits for the go command
	k.Stop()
	k.remove("is-asked")
	eventually(t, "the go command, which no cell has left running, answers", func() bool { _, err := os.Stat(asked + wiretest.Answered); return err == nil })
	if o := r.End(); o.Name != "Interrupt" || o.Stdout != "" {
		t.Errorf("%s %s, printed %q", o.Status, o.Name, o.Stdout)
	}
	if o := behind.End(); o.Status != "aborted" {
		t.Errorf("the cell behind: %s", o.Status)
	}
	k.OK("//cell print 3")
}

// What the front runs itself is left to who waits for it, while orphans are forgotten.
func TestToolsAreNotOrphans(t *testing.T) {
	gonb, err := proc.Start(exec.Command("sleep", "600"), syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	defer gonb.Stop(0)
	f := &front{child: &child{Process: gonb}, tools: map[int]bool{}}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				proc.Reap(func(pid int) bool { return proc.Comm(pid) != "true" || f.started(pid) }) // no other test's
			}
		}
	}()
	for range 100 {
		if err := f.runTool(exec.Command("true")); err != nil {
			t.Error(err)
			break
		}
	}
	close(stop)
	<-stopped
	if len(f.tools) > 0 {
		t.Errorf("%v are noted for ever", f.tools)
	}
}

// A cell's user_expressions are interrupted with it.
func TestInterruptExpressions(t *testing.T) {
	k := start(t)
	r := k.StartOrder(fields{"code": "//cell print begun", "user_expressions": fields{
		"a": "1 /*\n//cell await begun\n//cell sleep 1m\n*/", "b": "2",
	}})
	r.Await("begun")
	k.write("begun")
	time.Sleep(300 * time.Millisecond) // too early is as good
	k.Stop()
	o := r.End()
	values, _ := o.Content["user_expressions"].(fields)
	for name, v := range values {
		if v, _ := v.(fields); v["ename"] != "Interrupt" {
			t.Errorf("%s: %v", name, v)
		}
	}
	if o.Status == "ok" && len(values) != 2 {
		t.Errorf("values %v", values)
	}
	k.OK("//cell print 1")
}
