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
	k.ok("func F() {\n\t_, file, line, _ := runtime.Caller(0)\n\tfmt.Println(file, line)\n}")
	for _, number := range []string{"2", "3"} {
		o := k.ok(where)
		if want := "cell[" + number + "]:2: here\n"; o.stderr != want {
			t.Errorf("logged %q, want %q", o.stderr, want)
		}
		if want := "cell[" + number + "] 3\ncell[1] 2\n"; o.stdout != want {
			t.Errorf("printed %q, want %q", o.stdout, want)
		}
	}
	const test = "%test\nfunc TestIt(t *testing.T) {\n\tt.Error(\"no\")\n}"
	for _, want := range []string{"cell[4]:3: no", "cell[5]:3: no"} {
		if o := k.fails(test, "Exit", "exit status 1"); !strings.Contains(o.stdout, want) {
			t.Errorf("the test says %q, want %q", o.stdout, want)
		}
	}
	const overflow = "func deep(n int) int {\n\treturn deep(n+1) + 1\n}\n%%\ndebug.SetMaxStack(1 << 16)\nfmt.Println(deep(0))"
	for _, number := range []string{"6", "7"} {
		o := k.fails(overflow, "fatal error", "stack overflow")
		for _, want := range []string{"Cell [" + number + "], line 2", "Cell [" + number + "], line 6"} {
			if !strings.Contains(o.trace, want) {
				t.Errorf("the trace has no %q:\n%s", want, o.trace)
			}
		}
	}
	o := k.fails("debug.PrintStack(); panic(1)", "panic", "1")
	if strings.Contains(o.trace+o.stderr, "/sslkit/notebook") {
		t.Errorf("a folder that is none: %s%s", o.stderr, o.trace)
	}
}

// The race detector's reports, too.
func TestNumbersInRaceReports(t *testing.T) {
	k := start(t)
	k.ok("%goflags -race")
	const race = "x := 0\ngo func() { x++ }()\nx++\ntime.Sleep(100 * time.Millisecond)"
	if o := k.run(race); o.status == "error" && !strings.Contains(o.stderr, "DATA RACE") {
		t.Skipf("no race detector here: %s", o.value)
	}
	if o := k.run(race); !strings.Contains(o.stderr, "cell[3]:2 ") || !strings.Contains(o.stderr, "cell[3]:3 ") {
		t.Errorf("the report has other numbers:\n%s%s", o.stderr, o.trace)
	}
}
