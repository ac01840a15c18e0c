package conformance

import (
	"strings"
	"testing"
)

// The reason is told however long the trace is, and the trace stays readable.
func TestLongTraces(t *testing.T) {
	k := start(t)
	for _, c := range []struct{ code, name, value, trace string }{
		{"for range 2000 {\n\tgo func() { select {} }()\n}\nselect {}", "fatal error", "all goroutines are asleep - deadlock!", "more goroutines like it"},
		{"func deep(n int) int {\n\treturn deep(n+1) + 1\n}\n%%\ndebug.SetMaxStack(1 << 16)\nfmt.Println(deep(0))", "fatal error", "stack overflow", "more times"},
		{"runtime.Goexit()", "fatal error", "no goroutines (main called runtime.Goexit) - deadlock!", ""},
		{"panic(strings.Repeat(\"long \", 10000))", "panic", "long long", "more bytes"},
		{"defer func() { panic(recover()) }()\npanic(\"first\")", "panic", "first", "main.main()"},
	} {
		o := k.Fails(c.code, c.name, c.value)
		if !strings.Contains(o.Trace, c.trace) || len(o.Trace) > 10_000 || strings.Contains(o.Trace, "fp=0x") {
			t.Errorf("%q: %d bytes of trace, want %q:\n%.2000s", c.code, len(o.Trace), c.trace, o.Trace)
		}
	}
}
