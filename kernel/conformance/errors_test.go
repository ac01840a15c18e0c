package conformance

import (
	"strings"
	"testing"
)

// How a cell ends is what the reply and the page say.
func TestEndings(t *testing.T) {
	k := start(t)
	for _, c := range []struct{ code, name, value string }{
		{`panic("no reason")`, "panic", "no reason"},
		{"var m map[string]int\nm[\"a\"] = 1", "panic", "assignment to entry in nil map"},
		{"var s []int\ni := 3\nfmt.Println(s[i])", "panic", "index out of range [3] with length 0"},
		{`panic(fmt.Errorf("wrapped: %w", os.ErrNotExist))`, "panic", "wrapped: file does not exist"},
		{`os.Exit(3)`, "Exit", "exit status 3"},
		{`log.Fatal("file is missing")`, "Exit", "exit status 1"},
		{`syscall.Kill(os.Getpid(), syscall.SIGKILL); time.Sleep(time.Minute)`, "Signal", "killed"},
		{"!false", "Command", "exit status 1"},
		{"!exit 7", "Command", "exit status 7"},
		{"var c chan int\n<-c", "fatal error", "all goroutines are asleep"},
	} {
		k.Fails(c.code, c.name, c.value)
		k.OK(`fmt.Println("and on")`)
	}
	if o := k.Fails(`fmt.Fprintln(os.Stderr, "before"); panic("x")`, "panic", "x"); !strings.Contains(o.Stderr, "before") || strings.Contains(o.Stderr, "goroutine") {
		t.Errorf("stderr %q, want what was printed and not the stack", o.Stderr)
	}
	if o := k.OK(`fmt.Fprintln(os.Stderr, "panic: not really")`); o.Stderr != "panic: not really\n" {
		t.Errorf("stderr %q", o.Stderr)
	}
}

// A stack names the cells' own lines, in functions of earlier cells too.
func TestStackLines(t *testing.T) {
	k := start(t)
	k.OK("// a comment\n\nfunc Fail(what string) {\n\tif what != \"\" {\n\t\tpanic(what)\n\t}\n}")
	o := k.Fails("fmt.Println()\nFail(\"deep\")", "panic", "deep")
	for _, want := range []string{"Cell [1], line 5", "Cell [2], line 2"} {
		if !strings.Contains(o.Trace, want) {
			t.Errorf("the trace does not name %q:\n%s", want, o.Trace)
		}
	}
}

// A compile error shows its line of the cell, once.
func TestCompileErrors(t *testing.T) {
	k := start(t)
	for _, c := range []struct{ code, where, what string }{
		{"x := 1\ny := x + undefinedName\nfmt.Println(y)", "Cell [1], line 2", "undefined: undefinedName"},
		{"func F() int {\n\treturn \"text\"\n}", "Cell [2], line 2", "cannot use"},
		{"func G() {\n\tfor {\n}", "Cell [3], line 2", "this { is not closed"},
		{"type T struct {\n\tA strin\n}", "Cell [4], line 2", "undefined: strin"},
		{"fmt.Println(\"a\"\nfmt.Println(\"b\")", "Cell [5], line 1", "syntax error"},
	} {
		o := k.Fails(c.code, "BuildError", c.what)
		if !strings.Contains(o.Value, c.where) || len(o.Displays) != 1 {
			t.Errorf("%q: %q and %d displays, want %q once", c.code, o.Value, len(o.Displays), c.where)
			continue
		}
		if html := o.Displays[0]["text/html"]; !strings.Contains(html, strings.Fields(c.what)[0]) || strings.Contains(html, "main.go") {
			t.Errorf("%q: HTML %q", c.code, html)
		}
	}
	k.OK("fmt.Println(\"a failed cell leaves nothing behind\")")
}
