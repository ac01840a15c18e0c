package conformance

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/wire"
)

// stopped runs a cell and stops it when it has printed something and had time to come to rest.
func (k *kernel) stopped(code string) (o outcome) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), limit)
	defer cancel()
	var once sync.Once
	reply, err := k.Execute(ctx, code, func(m *wire.Message) {
		o.take(m)
		if m.Header.Type == "stream" {
			go once.Do(func() {
				time.Sleep(time.Second)
				if err := k.Interrupt(ctx); err != nil {
					k.t.Error(err)
				}
			})
		}
	})
	if err != nil {
		k.t.Fatalf("%q: %v", code, err)
	}
	o.finish(k.t, reply)
	return o
}

// A deadlock that Go does not find, because the program could hear from the network
// or from the page, is explained when the cell is stopped.
func TestDeadlockExplained(t *testing.T) {
	k := start(t)
	k.ok("func block(c chan int) { <-c }\n\nfunc say() { fmt.Fprintln(os.Stderr, \"before\") }")
	for _, code := range []string{"_ = net.ParseIP\nsay()\nblock(nil)", "gonbui.DisplayHTML(\"x\")\nsay()\nblock(nil)"} {
		o := k.stopped(code)
		if o.name != "Interrupt" || !strings.Contains(o.value, "waiting for each other") {
			t.Errorf("%q: %s %q: %q", code, o.status, o.name, o.value)
		}
		for _, want := range []string{"Cell [1], line 1", ", line 3", "goroutine 1 [chan receive"} {
			if !strings.Contains(o.trace, want) {
				t.Errorf("%q: no %q in the trace:\n%s", code, want, o.trace)
			}
		}
		if o.stderr != "before\n" || strings.Contains(o.trace, "SIGQUIT") || strings.Contains(o.trace, "gonbui") {
			t.Errorf("%q: stderr %q, trace %s", code, o.stderr, o.trace)
		}
	}
	if o := k.stopped("_ = net.ParseIP\nsay()\ntime.Sleep(time.Minute)"); o.name != "Interrupt" || strings.Contains(o.value, "waiting") {
		t.Errorf("a cell that sleeps: %s %q: %q", o.status, o.name, o.value)
	}
	const saves = "s := make(chan os.Signal, 1)\nsignal.Notify(s, os.Interrupt)\ngo func() {\n\t<-s\n\tfmt.Println(\"saved\")\n\tos.Exit(0)\n}()\nsay()\nblock(nil)"
	if o := k.stopped(saves); o.status != "ok" || !strings.Contains(o.stdout, "saved") {
		t.Errorf("a cell that saves when it is stopped: %s %q: %q, %q", o.status, o.name, o.value, o.stdout)
	}
}
