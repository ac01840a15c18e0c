package conformance

import (
	"strings"
	"testing"
)

// A program names cells by the numbers that the page shows, also where nothing was
// built anew for it.
func TestNumbersAreThePages(t *testing.T) {
	k := start(t)
	const where = "log.SetFlags(log.Lshortfile)\nlog.Println(\"here\")\n_, file, line, _ := runtime.Caller(0)\nfmt.Println(file, line)\nF()"
	k.OK("func F() {\n\t_, file, line, _ := runtime.Caller(0)\n\tfmt.Println(file, line)\n}")
	for _, number := range []string{"2", "3"} {
		o := k.OK(where)
		if want := "cell[" + number + "]:2: here\n"; o.Stderr != want {
			t.Errorf("logged %q, want %q", o.Stderr, want)
		}
		if want := "cell[" + number + "] 3\ncell[1] 2\n"; o.Stdout != want {
			t.Errorf("printed %q, want %q", o.Stdout, want)
		}
	}
	const test = "%test\nfunc TestIt(t *testing.T) {\n\tt.Error(\"no\")\n}"
	for _, want := range []string{"cell[4]:3: no", "cell[5]:3: no"} {
		if o := k.Fails(test, "Exit", "exit status 1"); !strings.Contains(o.Stdout, want) {
			t.Errorf("the test says %q, want %q", o.Stdout, want)
		}
	}
	const overflow = "func deep(n int) int {\n\treturn deep(n+1) + 1\n}\n%%\ndebug.SetMaxStack(1 << 16)\nfmt.Println(deep(0))"
	for _, number := range []string{"6", "7"} {
		o := k.Fails(overflow, "fatal error", "stack overflow")
		for _, want := range []string{"Cell [" + number + "], line 2", "Cell [" + number + "], line 6"} {
			if !strings.Contains(o.Trace, want) {
				t.Errorf("the trace has no %q:\n%s", want, o.Trace)
			}
		}
	}
	o := k.Fails("debug.PrintStack(); panic(1)", "panic", "1")
	if strings.Contains(o.Trace+o.Stderr, "/sslkit/notebook") {
		t.Errorf("a folder that is none: %s%s", o.Stderr, o.Trace)
	}
}

// The race detector's reports, too.
func TestNumbersInRaceReports(t *testing.T) {
	k := start(t)
	k.OK("%goflags -race")
	const race = "x := 0\ngo func() { x++ }()\nx++\ntime.Sleep(100 * time.Millisecond)"
	if o := k.Run(race); o.Status == "error" && !strings.Contains(o.Stderr, "DATA RACE") {
		t.Skipf("no race detector here: %s", o.Value)
	}
	if o := k.Run(race); !strings.Contains(o.Stderr, "cell[3]:2 ") || !strings.Contains(o.Stderr, "cell[3]:3 ") {
		t.Errorf("the report has other numbers:\n%s%s", o.Stderr, o.Trace)
	}
}
