package conformance

import (
	"strings"
	"testing"
)

// A command that does not exist, or does nothing, fails its cell and says what to do.
func TestUnknownCommands(t *testing.T) {
	k := start(t)
	for code, want := range map[string]string{
		"%exce F":              "do you mean %exec?",
		"%matplotlib inline":   "there is no command %matplotlib",
		"%timeit x":            "there is no command %timeit",
		"%%timeit\nx := 1":     "there is no command %%timeit",
		"?fmt.Println":         "press Shift-Tab",
		"fmt.Println?":         "press Shift-Tab",
		"fmt.Println(1)\n %ls": "beginning of its line",
		"%exec":                "needs the name of a function",
	} {
		if o := k.Fails(code, "Refused", want); o.Stdout+o.Stderr != "" {
			t.Errorf("%q printed %q", code, o.Stdout+o.Stderr)
		}
	}
	k.Fails("%rm nosuch", "Command", "no declaration is called nosuch")
	k.Fails("%cd /no/such/folder", "GoNB", "/no/such/folder")
	k.Fails("%untrack", "GoNB", "takes one argument")
}

// TestEnv sets variables in all the ways that people write it, and asks for them.
func TestEnv(t *testing.T) {
	k := start(t)
	for _, c := range []struct{ set, name, value string }{
		{"%env A=1", "A", "1"},
		{"%env A 2", "A", "2"},
		{"%env NAME=some words", "NAME", "some words"},
		{`%env NAME "a \"b\""`, "NAME", `a "b"`},
		{`%env NAME=C:\a "b"`, "NAME", `C:\a "b"`},
		{"%env A=", "A", ""},
	} {
		k.OK(c.set)
		if o := k.OK("%env " + c.name); o.Stdout != c.value+"\n" {
			t.Errorf("%s: %%env tells %q", c.set, o.Stdout)
		}
		if o := k.OK("fmt.Print(os.Getenv(\"" + c.name + "\"))"); o.Stdout != c.value {
			t.Errorf("%s: a cell has %q, want %q", c.set, o.Stdout, c.value)
		}
	}
	if o := k.OK("%env"); !strings.Contains(o.Stdout, "\nHOME=") && !strings.HasPrefix(o.Stdout, "A=") || strings.Contains(o.Stdout, "SSLKIT_FRONT") {
		t.Errorf("the environment is %.2000q", o.Stdout)
	}
	if o := k.Fails("%env NO_SUCH", "Command", "exit status 1"); o.Stderr != "%env: NO_SUCH is not set\n" {
		t.Errorf("stderr %q", o.Stderr)
	}
}
