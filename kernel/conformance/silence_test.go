package conformance

import (
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/wire"
)

// Characters of several bytes arrive whole, whoever writes them and however much.
func TestCharacters(t *testing.T) {
	k := start(t)
	want := strings.Repeat("€", 200_000)
	if o := k.ok(`fmt.Print(strings.Repeat("€", 200000))`); o.stdout != want {
		t.Errorf("stdout: %d bytes, %d of them replaced", len(o.stdout), strings.Count(o.stdout, "\ufffd"))
	}
	if o := k.ok(`fmt.Fprint(os.Stderr, strings.Repeat("€", 200000))`); o.stderr != want {
		t.Errorf("stderr: %d bytes, %d of them replaced", len(o.stderr), strings.Count(o.stderr, "\ufffd"))
	}
	if o := k.ok(`for _, b := range []byte(strings.Repeat("a€😀", 300)) {
	os.Stdout.Write([]byte{b})
}`); o.stdout != strings.Repeat("a€😀", 300) {
		t.Errorf("byte by byte: %.60q", o.stdout)
	}
	if o := k.ok(`!printf '€%.0s' {1..50000}; printf 'ü%.0s' {1..50000} >&2`); o.stdout != want[:150_000] || o.stderr != strings.Repeat("ü", 50_000) {
		t.Errorf("a command: %d and %d bytes", len(o.stdout), len(o.stderr))
	}
	if o := k.ok("%%bash\nprintf '€%.0s' {1..50000}"); o.stdout != want[:150_000] {
		t.Errorf("a script: %d bytes", len(o.stdout))
	}
}

// What looks like a crash and is none comes when it is written, and is not lost
// when the program is killed.
func TestNoCrash(t *testing.T) {
	k := start(t)
	o := k.ok("debug.PrintStack()\nfmt.Fprintln(os.Stderr, \"and on\")\nfmt.Println(\"printed\")\nfmt.Fprintln(os.Stderr, \"goroutine 1 is mine\")")
	if !strings.Contains(o.stderr, "debug.PrintStack") && !strings.Contains(o.stderr, "debug/stack.go") ||
		!strings.Contains(o.stderr, "and on\n") || !strings.HasSuffix(o.stderr, "goroutine 1 is mine\n") {
		t.Errorf("stderr %q", o.stderr)
	}
	for _, c := range []struct{ code, name, value string }{
		{`debug.PrintStack(); fmt.Fprintln(os.Stderr, "panic: mine"); syscall.Kill(os.Getpid(), syscall.SIGKILL); select {}`, "Signal", "killed"},
		{`fmt.Fprintln(os.Stderr, "panic: mine"); os.Exit(2)`, "Exit", "exit status 2"},
		{`fmt.Fprintln(os.Stderr, "panic: mine"); time.Sleep(time.Second); log.Fatal("at last")`, "Exit", "exit status 1"},
	} {
		if o := k.fails(c.code, c.name, c.value); !strings.Contains(o.stderr, "panic: mine\n") {
			t.Errorf("%s: stderr %q", c.code, o.stderr)
		}
	}
	if o := k.fails(`fmt.Fprint(os.Stderr, "no end of line "); panic("reason")`, "panic", "reason"); o.stderr != "no end of line " {
		t.Errorf("stderr %q", o.stderr)
	}
	arrived, once := make(chan struct{}), sync.Once{}
	done := make(chan outcome)
	go func() {
		var o outcome
		reply, err := k.Execute(t.Context(), "fmt.Fprintln(os.Stderr, \"panic: not really\")\nfor {\n\tif _, err := os.Stat(\"go-on\"); err == nil {\n\t\tbreak\n\t}\n\ttime.Sleep(10 * time.Millisecond)\n}",
			func(m *wire.Message) {
				if o.take(m); o.stderr != "" {
					once.Do(func() { close(arrived) })
				}
			})
		if err == nil {
			o.finish(t, reply)
		}
		done <- o
	}()
	select {
	case <-arrived:
	case <-time.After(limit / 2):
		t.Error("the text does not come while the cell runs")
	}
	k.write("go-on", "")
	if o := <-done; o.status != "ok" || o.stderr != "panic: not really\n" {
		t.Errorf("%s: stderr %q", o.status, o.stderr)
	}
}

// How a command ends is not read from what it prints.
func TestCommandsThatTalkOfErrors(t *testing.T) {
	k := start(t)
	k.write("fails.go", "package main\n\nimport \"os\"\n\nfunc main() { os.Exit(3) }\n")
	if o := k.ok("!echo exit status 3 >&2"); o.stderr != "exit status 3\n" {
		t.Errorf("stderr %q", o.stderr)
	}
	if o := k.ok("!(go run fails.go || true)"); o.stderr != "exit status 3\n" {
		t.Errorf("stderr %q", o.stderr)
	}
	k.fails("!exit 3", "Command", "exit status 3")
	k.fails("!kill -9 $$", "Command", "signal: killed")
	k.fails("%%bash\nexit 4", "Command", "exit status 4")
	if o := k.fails("!nosuchcommand", "Command", "exit status 127"); o.stderr != "/bin/bash: line 1: nosuchcommand: command not found\n" {
		t.Errorf("stderr %q", o.stderr)
	}
	if o := k.ok("x := \"it's\"\n!echo 'two  words' \"it's\" \\\n  $((1+1))\n!*pwd\nfmt.Println(x)"); !strings.HasPrefix(o.stdout, "two  words it's 2\n") ||
		!strings.Contains(o.stdout, "gonb_") || !strings.HasSuffix(o.stdout, "it's\n") {
		t.Errorf("printed %q", o.stdout)
	}
}

// Who reads gets an input box, where the client has one.
func TestInput(t *testing.T) {
	k := start(t, func(c *wire.Command) {
		c.Input = func(prompt string, password bool) string {
			if password {
				return "secret"
			}
			return "answer to " + prompt
		}
	})
	for code, want := range map[string]string{
		"var s string\nfmt.Print(\"name? \")\nfmt.Scan(&s)\nfmt.Println(s)": "name? answer\n",
		"!read x; echo \"[$x]\"":                 "[answer to]\n",
		"!head -n 1":                             "answer to \n",
		"%with_password\n!read x; echo \"[$x]\"": "[secret]\n",
		"var s string\ngonbui.RequestInput(\"name?\", false)\nfmt.Scan(&s)\nfmt.Println(s)": "answer\n",
	} {
		if o := k.ok(code); o.stdout != want {
			t.Errorf("%q printed %q, want %q", code, o.stdout, want)
		}
	}
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("no python3: input() is not tried")
	}
	if o := k.ok("!python3 -c \"print(input('name? ') + '!')\""); o.stdout != "name? answer to !\n" {
		t.Errorf("printed %q", o.stdout)
	}
}

// What GoNB prints of its own commands, and what others print, is in order.
func TestCommandsInOrder(t *testing.T) {
	k := start(t)
	for range 6 {
		o := k.ok("%env AB 1\n!echo $AB\n%env AB 2\n!echo $AB\n%env AB 3\nfmt.Println(os.Getenv(\"AB\"))")
		if want := "Set: AB=\"1\"\n1\nSet: AB=\"2\"\n2\nSet: AB=\"3\"\n3\n"; o.stdout != want {
			t.Fatalf("printed %q, want %q", o.stdout, want)
		}
	}
}
