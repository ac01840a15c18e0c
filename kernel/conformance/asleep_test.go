package conformance

import (
	"strings"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/wire/wiretest"
)

// stopped runs a cell and stops it when it has printed something and had time to come to rest.
func (k *kernel) stopped(code string) wiretest.Outcome {
	k.T.Helper()
	r := k.Start(code)
	r.Await("stream")
	time.Sleep(time.Second)
	k.Stop()
	return r.End()
}

// A deadlock that Go does not find, because the program could hear from the network
// or from the page, is explained when the cell is stopped.
func TestDeadlockExplained(t *testing.T) {
	k := start(t)
	k.OK("func block(c chan int) { <-c }\n\nfunc say() { fmt.Fprintln(os.Stderr, \"before\") }")
	for _, code := range []string{"_ = net.ParseIP\nsay()\nblock(nil)", "gonbui.DisplayHTML(\"x\")\nsay()\nblock(nil)"} {
		o := k.stopped(code)
		if o.Name != "Interrupt" || !strings.Contains(o.Value, "waiting for each other") {
			t.Errorf("%q: %s %q: %q", code, o.Status, o.Name, o.Value)
		}
		for _, want := range []string{"Cell [1], line 1", ", line 3", "goroutine 1 [chan receive"} {
			if !strings.Contains(o.Trace, want) {
				t.Errorf("%q: no %q in the trace:\n%s", code, want, o.Trace)
			}
		}
		if o.Stderr != "before\n" || strings.Contains(o.Trace, "SIGQUIT") || strings.Contains(o.Trace, "gonbui") {
			t.Errorf("%q: stderr %q, trace %s", code, o.Stderr, o.Trace)
		}
	}
	if o := k.stopped("_ = net.ParseIP\nsay()\ntime.Sleep(time.Minute)"); o.Name != "Interrupt" || strings.Contains(o.Value, "waiting") {
		t.Errorf("a cell that sleeps: %s %q: %q", o.Status, o.Name, o.Value)
	}
	const saves = "s := make(chan os.Signal, 1)\nsignal.Notify(s, os.Interrupt)\ngo func() {\n\t<-s\n\tfmt.Println(\"saved\")\n\tos.Exit(0)\n}()\nsay()\nblock(nil)"
	if o := k.stopped(saves); o.Status != "ok" || !strings.Contains(o.Stdout, "saved") {
		t.Errorf("a cell that saves when it is stopped: %s %q: %q, %q", o.Status, o.Name, o.Value, o.Stdout)
	}
}
