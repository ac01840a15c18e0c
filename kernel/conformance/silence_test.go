package conformance

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/gossl/gossl/kernel/wire"
)

// Characters of several bytes arrive whole, whoever writes them and however much.
func TestCharacters(t *testing.T) {
	k := start(t)
	want := strings.Repeat("€", 200_000)
	if o := k.OK(`fmt.Print(strings.Repeat("€", 200000))`); o.Stdout != want {
		t.Errorf("stdout: %d bytes, %d of them replaced", len(o.Stdout), strings.Count(o.Stdout, "\ufffd"))
	}
	if o := k.OK(`fmt.Fprint(os.Stderr, strings.Repeat("€", 200000))`); o.Stderr != want {
		t.Errorf("stderr: %d bytes, %d of them replaced", len(o.Stderr), strings.Count(o.Stderr, "\ufffd"))
	}
	if o := k.OK(`for _, b := range []byte(strings.Repeat("a€😀", 300)) {
	os.Stdout.Write([]byte{b})
}`); o.Stdout != strings.Repeat("a€😀", 300) {
		t.Errorf("byte by byte: %.60q", o.Stdout)
	}
	if o := k.OK(`!printf '€%.0s' {1..50000}; printf 'ü%.0s' {1..50000} >&2`); o.Stdout != want[:150_000] || o.Stderr != strings.Repeat("ü", 50_000) {
		t.Errorf("a command: %d and %d bytes", len(o.Stdout), len(o.Stderr))
	}
	if o := k.OK("%%bash\nprintf '€%.0s' {1..50000}"); o.Stdout != want[:150_000] {
		t.Errorf("a script: %d bytes", len(o.Stdout))
	}
}

// What looks like a crash and is none comes when it is written, and is not lost
// when the program is killed.
func TestNoCrash(t *testing.T) {
	k := start(t)
	o := k.OK("debug.PrintStack()\nfmt.Fprintln(os.Stderr, \"and on\")\nfmt.Println(\"printed\")\nfmt.Fprintln(os.Stderr, \"goroutine 1 is mine\")")
	if !strings.Contains(o.Stderr, "debug.PrintStack") && !strings.Contains(o.Stderr, "debug/stack.go") ||
		!strings.Contains(o.Stderr, "and on\n") || !strings.HasSuffix(o.Stderr, "goroutine 1 is mine\n") {
		t.Errorf("stderr %q", o.Stderr)
	}
	for _, c := range []struct{ code, name, value string }{
		{`debug.PrintStack(); fmt.Fprintln(os.Stderr, "panic: mine"); syscall.Kill(os.Getpid(), syscall.SIGKILL); select {}`, "Signal", "killed"},
		{`fmt.Fprintln(os.Stderr, "panic: mine"); os.Exit(2)`, "Exit", "exit status 2"},
		{`fmt.Fprintln(os.Stderr, "panic: mine"); time.Sleep(time.Second); log.Fatal("at last")`, "Exit", "exit status 1"},
	} {
		if o := k.Fails(c.code, c.name, c.value); !strings.Contains(o.Stderr, "panic: mine\n") {
			t.Errorf("%s: stderr %q", c.code, o.Stderr)
		}
	}
	if o := k.Fails(`fmt.Fprint(os.Stderr, "no end of line "); panic("reason")`, "panic", "reason"); o.Stderr != "no end of line " {
		t.Errorf("stderr %q", o.Stderr)
	}
	r := k.Start("fmt.Fprintln(os.Stderr, \"panic: not really\")\nfor {\n\tif _, err := os.Stat(\"go-on\"); err == nil {\n\t\tbreak\n\t}\n\ttime.Sleep(10 * time.Millisecond)\n}")
	r.Await("panic: not really\n")
	k.write("go-on", "")
	if o := r.End(); o.Status != "ok" || o.Stderr != "panic: not really\n" {
		t.Errorf("%s: stderr %q", o.Status, o.Stderr)
	}
}

// How a command ends is not read from what it prints.
func TestCommandsThatTalkOfErrors(t *testing.T) {
	k := start(t)
	k.write("fails.go", "package main\n\nimport \"os\"\n\nfunc main() { os.Exit(3) }\n")
	if o := k.OK("!echo exit status 3 >&2"); o.Stderr != "exit status 3\n" {
		t.Errorf("stderr %q", o.Stderr)
	}
	if o := k.OK("!(go run fails.go || true)"); o.Stderr != "exit status 3\n" {
		t.Errorf("stderr %q", o.Stderr)
	}
	k.Fails("!exit 3", "Command", "exit status 3")
	k.Fails("!kill -9 $$", "Command", "signal: killed")
	k.Fails("%%bash\nexit 4", "Command", "exit status 4")
	if o := k.Fails("!nosuchcommand", "Command", "exit status 127"); o.Stderr != "/bin/bash: line 1: nosuchcommand: command not found\n" {
		t.Errorf("stderr %q", o.Stderr)
	}
	if o := k.OK("x := \"it's\"\n!echo 'two  words' \"it's\" \\\n  $((1+1))\n!*pwd\nfmt.Println(x)"); !strings.HasPrefix(o.Stdout, "two  words it's 2\n") ||
		!strings.Contains(o.Stdout, "gonb_") || !strings.HasSuffix(o.Stdout, "it's\n") {
		t.Errorf("printed %q", o.Stdout)
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
		if o := k.OK(code); o.Stdout != want {
			t.Errorf("%q printed %q, want %q", code, o.Stdout, want)
		}
	}
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("no python3: input() is not tried")
	}
	if o := k.OK("!python3 -c \"print(input('name? ') + '!')\""); o.Stdout != "name? answer to !\n" {
		t.Errorf("printed %q", o.Stdout)
	}
}

// What GoNB prints of its own commands, and what others print, is in order.
func TestCommandsInOrder(t *testing.T) {
	k := start(t)
	for range 6 {
		o := k.OK("%env AB 1\n!echo $AB\n%env AB 2\n!echo $AB\n%env AB 3\nfmt.Println(os.Getenv(\"AB\"))")
		if want := "Set: AB=\"1\"\n1\nSet: AB=\"2\"\n2\nSet: AB=\"3\"\n3\n"; o.Stdout != want {
			t.Fatalf("printed %q, want %q", o.Stdout, want)
		}
	}
}
