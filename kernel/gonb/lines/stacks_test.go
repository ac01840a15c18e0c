package lines

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// dumps is a program whose end has a long or an odd text.
const dumps = `package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"
)

func wait(c chan int) { <-c }

func odd(n int) int { return even(n+1) + 1 }

func even(n int) int { return odd(n+1) + 1 }

func main() {
	switch os.Args[1] {
	case "many":
		for i := range 2000 {
			if i == 7 {
				go func() { select {} }()
			} else {
				go wait(nil)
			}
		}
		wait(nil)
	case "overflow":
		debug.SetMaxStack(1 << 16)
		fmt.Println(odd(0))
	case "goexit":
		runtime.Goexit()
	case "maps":
		m := map[int]int{}
		for range 8 {
			go func() {
				for i := 0; ; i++ {
					m[i%10] = i
				}
			}()
		}
		time.Sleep(time.Minute)
	case "long":
		panic(strings.Repeat("long ", 100000))
	case "lines":
		panic(strings.Repeat("line\n", 30000))
	case "quit":
		go wait(nil)
		time.Sleep(50 * time.Millisecond)
		syscall.Kill(os.Getpid(), syscall.SIGQUIT)
		time.Sleep(time.Minute)
	case "again":
		defer func() { panic(fmt.Errorf("again: %v", recover())) }()
		panic(errors.New(strings.Repeat("first ", 4000)))
	case "unlock":
		var mu sync.Mutex
		mu.Unlock()
	}
}

func init() {
	if os.Args[1] == "init" {
		var p *int
		*p = 1
	}
}
`

// TestDumps checks what becomes of real texts, cut as those who keep a part of them do.
func TestDumps(t *testing.T) {
	dir, out := goTool(t, map[string]string{"main.go": dumps}, "build", "-o", "x")
	if out != "" {
		t.Fatal(out)
	}
	for how, want := range map[string]struct {
		name, reason string
		trace        []string // in it, in this order
	}{
		"many": {"fatal error", "all goroutines are asleep - deadlock!", []string{"goroutine 1 [chan receive (nil chan)]:", "main.main()",
			" more goroutines like it", "[select (no cases)]:"}},
		"overflow": {"fatal error", "stack overflow", []string{"goroutine 1 [running]:", "main.odd(", "\tmain.go:", "\t… these 2 calls ", "main.main()",
			"more stacks of the runtime's own"}},
		"goexit": {"fatal error", "no goroutines (main called runtime.Goexit) - deadlock!", nil},
		"maps":   {"fatal error", "concurrent map", []string{"main.main.func2()", "created by main.main in goroutine 1"}},
		"long":   {"panic", "long long", []string{"more bytes", "goroutine 1 [running]:", "main.main()"}},
		"lines":  {"panic", "line\nline", []string{"more lines", "goroutine 1 [running]:", "main.main()"}},
		"quit":   {"SIGQUIT", "quit", []string{"goroutine 1 [", "main.main()", "main.wait(", "more stacks of the runtime's own"}},
		"again":  {"panic", "again: first first", []string{"panic: first first", "\tpanic: again: first", "goroutine 1 [running]:", "main.main()"}},
		"unlock": {"fatal error", "sync: unlock of unlocked mutex", []string{"sync.(*Mutex).Unlock(...)", "main.main()"}},
		"init": {"panic", "runtime error: invalid memory address or nil pointer dereference",
			[]string{"[signal SIGSEGV", "goroutine 1 [running]:", "main.init.0()", "\tmain.go:"}},
	} {
		stderr, err := exec.Command(filepath.Join(dir, "x"), how).CombinedOutput()
		if err == nil {
			t.Errorf("%s: no failure", how)
		}
		for _, size := range []int{64 << 10, 1 << 30} {
			text := string(stderr)
			if len(text) > 2*size {
				text = text[:size] + "\n" + cutMark + "\n" + text[len(text)-size:]
			}
			name, reason, lines := Trace(text, NewIndex())
			if name != want.name || !strings.HasPrefix(reason, want.reason) || len(reason) > 2500 {
				t.Errorf("%s: got %q, %.200q, want %q, %q", how, name, reason, want.name, want.reason)
			}
			rest := strings.Join(lines, "\n")
			if len(lines) > 150 || len(rest) > 12_000 || strings.Contains(rest, " gp=") || strings.Contains(rest, dir) {
				t.Errorf("%s: %d lines, %d bytes:\n%.2000s", how, len(lines), len(rest), rest)
			}
			for _, part := range want.trace {
				_, behind, found := strings.Cut(rest, part)
				if !found {
					t.Errorf("%s: no %q in\n%.2000s", how, part, rest)
				}
				rest = behind
			}
		}
	}
}

// TestStacks checks that what is left out of a trace is counted.
func TestStacks(t *testing.T) {
	same := func(n int) string {
		return strings.Repeat("goroutine 7 gp=0xc0 m=nil [chan receive, 5 minutes]:\nmain.f(0x1, {0x2, 0x3})\n\t/a/gonb_1/main.go:7 +0x1\ncreated by main.main in goroutine 8\n\t/a/gonb_1/main.go:3\n\n", n)
	}
	other := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString("goroutine 9 [select]:\nmain.g" + strings.Repeat("x", i) + "()\n\t/sslkit/notebook/cell[2]:1 +0x2\n\n")
		}
		return b.String()
	}
	const first = "fatal error: x\n\ngoroutine 1 [running]:\nmain.sslkitShow(...)\n\t/a/gonb_1/sslkit_show.go:12\nmain.main()\n\tcell[4]:2 +0x1\n\n"
	x := session("a()")
	x.Add(12, "b()")
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"one":        {first, []string{"goroutine 1 [running]:", "main.main()", "\tCell [4], line 2"}},
		"an ID":      {first + other(1), []string{"\tCell [12], line 1"}},
		"equal ones": {first + same(1998), []string{"goroutine 7 [chan receive, 5 minutes]:", "\tmain.go:7", "… and 1,997 more goroutines like it"}},
		"two":        {first + same(2), []string{"… and 1 more goroutine like it"}},
		"different":  {first + other(mostStacks+9), []string{"… and 10 more goroutines"}},
		"cut":        {first + same(20) + "goroutine 7 [chan rec\n" + cutMark + "\nmain.f()\n\n" + same(3), []string{"… and at least 22 more goroutines like it", "is left out"}},
		"registers":  {first + "rax    0x0\nr8 0x1\n\nexit status 2", []string{"exit status 2"}},
	} {
		_, _, lines := Trace(c.text, x)
		for _, want := range c.want {
			if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasSuffix(line, want) }) {
				t.Errorf("%s: no line %q in\n%s", name, want, strings.Join(lines, "\n"))
			}
		}
		if text := strings.Join(lines, "\n"); strings.Contains(text, "sslkit") || strings.Contains(text, "0x0") {
			t.Errorf("%s: helpers of ours are in\n%s", name, text)
		}
	}
}
