package conformance

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/proc"
	"github.com/gossl/gossl/kernel/wire/wiretest"
)

// stop runs a cell, interrupts it once it has printed that it has started, and returns
// what became of it and how long it went on.
func (k *kernel) stop(code string) (wiretest.Outcome, time.Duration) {
	k.T.Helper()
	r := k.Start(code)
	r.Await("started")
	begin := time.Now()
	k.Stop()
	return r.End(), time.Since(begin)
}

const tellStarted = "fmt.Println(\"started\")\n"

func TestInterrupt(t *testing.T) {
	k := start(t)
	for _, c := range []struct {
		name, code, status string
		most               time.Duration // more would be a defect, whatever the machine's load
	}{
		{"a sleeping cell", tellStarted + "time.Sleep(time.Minute)", "error", 2 * time.Second},
		{"a cell that does not listen", "signal.Ignore(os.Interrupt)\n" + tellStarted + "time.Sleep(time.Minute)", "error", 7 * time.Second},
		{"a command", "!echo started; sleep 60; echo no", "error", 2 * time.Second},
		{"a cell that saves", `c := make(chan os.Signal, 1)
signal.Notify(c, os.Interrupt)
` + tellStarted + `<-c
time.Sleep(time.Second)
fmt.Println("saved")`, "ok", 4 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			k.T = t
			o, took := k.stop(c.code)
			t.Logf("ended after %v", took)
			if o.Status != c.status || took > c.most {
				t.Errorf("%s %s after %v, want %s before %v", o.Status, o.Name, took, c.status, c.most)
			}
			if c.status == "error" && o.Name != "Interrupt" {
				t.Errorf("error %s: %s, want Interrupt", o.Name, o.Value)
			}
			if c.status == "ok" && o.Stdout != "started\nsaved\n" {
				t.Errorf("the cell printed %q", o.Stdout)
			}
			if strings.Contains(o.Stdout, "no") {
				t.Errorf("the command went on: %q", o.Stdout)
			}
			k.OK("fmt.Println(1)")
		})
	}
	t.Run("a signal", func(t *testing.T) {
		k.T = t
		r := k.Start(tellStarted + "time.Sleep(time.Minute)")
		r.Await("started")
		if err := syscall.Kill(k.PID(), syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		if o := r.End(); o.Name != "Interrupt" {
			t.Errorf("%s %s, want Interrupt", o.Status, o.Name)
		}
		k.OK("fmt.Println(1)")
	})
}

// A build is interrupted, too, and leaves no compiler.
func TestInterruptBuild(t *testing.T) {
	k := start(t)
	r := k.Start(fmt.Sprintf("%%goflags -a\nfmt.Println(%d)", time.Now().UnixNano()))
	compiling := func() (pids []int) {
		for _, pid := range proc.Below(k.PID()) {
			if proc.Comm(pid) == "compile" {
				pids = append(pids, pid)
			}
		}
		return pids
	}
	for end := time.Now().Add(limit); len(compiling()) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no compiler runs")
		}
	}
	begin := time.Now()
	k.Stop()
	if o := r.End(); o.Name != "Interrupt" || time.Since(begin) > 2*time.Second {
		t.Errorf("%s %s: %s after %v", o.Status, o.Name, o.Value, time.Since(begin))
	}
	gone(t, compiling())
	k.OK("%goflags \"\"\nfmt.Println(1)")
}
