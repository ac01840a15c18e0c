package lines

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTrace(t *testing.T) {
	const stack = "\ngoroutine 1 [running]:\nmain.f(...)\n\t/tmp/a/gonb_12ab/cell[5]:12\nmain.main()\n\t/tmp/a/gonb_12ab/main.go:7 +0x1d\n" +
		"x.y(0x1)\n\t/home/u/go/pkg/mod/github.com/x/y@v1/src/z.go:3 +0x1\nruntime.goexit({})\n\t/opt/go/src/runtime/asm.s:1 +0x1\n" +
		"other()\n\t/home/u/src/p/q.go:4 +0x2\nexit status 2\n"
	frames := []string{"", "goroutine 1 [running]:", "main.f(...)", "\tCell [5], line 12", "main.main()", "\tmain.go:7",
		"x.y(0x1)", "\tgithub.com/x/y@v1/src/z.go:3", "runtime.goexit({})", "\truntime/asm.s:1", "other()", "\t/home/u/src/p/q.go:4", "exit status 2"}
	for name, c := range map[string]struct {
		stderr, name, reason string
		header               []string
	}{
		"panic":     {"out\npanic: boom\n" + stack, "panic", "boom", []string{redText + "panic: boom" + plainText}},
		"returns":   {strings.ReplaceAll("panic: boom\n"+stack, "\n", "\r\n"), "panic", "boom", []string{redText + "panic: boom" + plainText}},
		"two":       {"panic: a [recovered]\n\tpanic: b\n" + stack, "panic", "b", []string{redText + "panic: a [recovered]" + plainText, redText + "\tpanic: b" + plainText}},
		"own stack": {"panic: mine\ngoroutine 1 [running]:\nmain.x()\n\nfatal error: boom\n" + stack, "fatal error", "boom", []string{redText + "fatal error: boom" + plainText}},
		"own text":  {"panic: mine\nfatal error: boom\n" + stack, "fatal error", "boom", []string{redText + "fatal error: boom" + plainText}},
		"abort":     {"SIGABRT: abort\nPC=0x1 m=0 sigcode=0\n" + stack, "SIGABRT", "abort", []string{redText + "SIGABRT: abort" + plainText, "PC=0x1 m=0 sigcode=0"}},
	} {
		t.Run(name, func(t *testing.T) {
			name, reason, lines := Trace(c.stderr, NewIndex())
			if name != c.name || reason != c.reason {
				t.Errorf("got %q, %q, want %q, %q", name, reason, c.name, c.reason)
			}
			if diff := cmp.Diff(append(c.header, frames...), lines); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	for _, stderr := range []string{"", "panic: said by the program\n", "2026/01/01 00:00:00 fatal error: log.Fatal\n", "goroutine 1 is fine\n"} {
		if name, reason, lines := Trace(stderr, NewIndex()); name != "" || reason != "" || lines != nil {
			t.Errorf("%q: %q, %q, %q", stderr, name, reason, lines)
		}
	}
	name, reason, lines := Trace("main.cut()\n"+stack, NewIndex())
	if name != "crash" || reason == "" || lines[0] != redText+"goroutine 1 [running]:"+plainText {
		t.Errorf("without a beginning: %q, %q, %q", name, reason, lines)
	}
}

// endings is a program that ends in the way that its argument names.
const endings = `package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"runtime/debug"
)

type custom struct{ n int }

func (c custom) Error() string { return fmt.Sprint("custom ", c.n) }

type plain struct{ n int }

func main() {
	fmt.Fprintln(os.Stderr, "panic: not this one")
	debug.PrintStack()
	var list []int
	switch os.Args[1] {
	case "string":
		panic("boom")
	case "lines":
		panic("one\ntwo")
	case "error":
		panic(errors.New("failed"))
	case "wrapped":
		panic(fmt.Errorf("outer: %w", errors.New("inner")))
	case "custom":
		panic(custom{3})
	case "plain":
		panic(plain{3})
	case "nil":
		panic(nil)
	case "index":
		_ = list[len(os.Args)]
	case "map":
		var m map[string]int
		m["a"] = 1
	case "again":
		defer func() { panic(recover()) }()
		panic("first")
	case "other":
		defer func() { panic("second") }()
		panic("first")
	case "deadlock":
		<-make(chan int)
	case "overflow":
		debug.SetMaxStack(1 << 16)
		overflow(0)
	case "log":
		log.Fatal("over")
	case "exit":
		os.Exit(3)
	}
}

func overflow(n int) int { return overflow(n+1) + 1 }
`

func TestEndings(t *testing.T) {
	dir, out := goTool(t, map[string]string{"main.go": endings}, "build", "-o", "x")
	if out != "" {
		t.Fatal(out)
	}
	for how, want := range map[string][2]string{
		"string":   {"panic", "boom"},
		"lines":    {"panic", "one\ntwo"},
		"error":    {"panic", "failed"},
		"wrapped":  {"panic", "outer: inner"},
		"custom":   {"panic", "custom 3"},
		"nil":      {"panic", "panic called with nil argument"},
		"index":    {"panic", "runtime error: index out of range [2] with length 0"},
		"map":      {"panic", "assignment to entry in nil map"},
		"again":    {"panic", "first"},
		"other":    {"panic", "second"},
		"deadlock": {"fatal error", "all goroutines are asleep - deadlock!"},
		"overflow": {"fatal error", "stack overflow"},
		"log":      {"", ""},
		"exit":     {"", ""},
	} {
		stderr, err := exec.Command(filepath.Join(dir, "x"), how).CombinedOutput()
		if err == nil {
			t.Errorf("%s: no failure", how)
		}
		name, reason, lines := Trace(string(stderr), NewIndex())
		if name != want[0] || reason != want[1] {
			t.Errorf("%s: got %q, %q, want %q\n%s", how, name, reason, want, stderr)
		}
		if strings.Contains(strings.Join(lines, "\n"), "not this one") {
			t.Errorf("%s: the trace begins too early", how)
		}
	}
	stderr, _ := exec.Command(filepath.Join(dir, "x"), "plain").CombinedOutput() // panics
	if name, reason, _ := Trace(string(stderr), NewIndex()); name != "panic" || !strings.Contains(reason, "main.plain") {
		t.Errorf("plain: got %q, %q\n%s", name, reason, stderr)
	}
}
