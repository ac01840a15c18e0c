package gonb

import (
	"strings"
	"testing"
)

// TestCommands checks what becomes of commands that GoNB does not know, or does not know so.
func TestCommands(t *testing.T) {
	for code, want := range map[string]string{ // what the error says; "": none
		"%exce F":                             "line 1: there is no command %exce: do you mean %exec?",
		"%EXEC F":                             "do you mean %exec?",
		"//gonb:%exce F":                      "do you mean %exec?",
		"x()\n%goflag -race":                  "line 2: there is no command %goflag: do you mean %goflags?",
		"%matplotlib inline":                  "there is no command %matplotlib: pictures",
		"%timeit x":                           "there is no command %timeit: a function func Benchmark",
		"%%timeit\nx()":                       "there is no command %%timeit: a function",
		"%%bahs\nls":                          "do you mean %%bash?",
		"%%unknown\nx":                        "there is no command %%unknown: %help lists them",
		"%args a \\\nb\n%nosuch":              "line 3: there is no command %nosuch",
		"x()\n%%bash\nls":                     "line 2: %%bash stands in the first line",
		"%mainx":                              "do you mean %main?",
		"%exec":                               "%exec needs the name of a function",
		"%":                                   "% without a command",
		"!":                                   "! without a command",
		"x := 1\n  %ls":                       "line 2: a command stands at the beginning of its line: %ls",
		"?fmt.Println":                        "put the cursor on fmt.Println and press Shift-Tab",
		"??fmt.Println\r":                     "put the cursor on fmt.Println and press Shift-Tab",
		"x := 1\nfmt.Println?":                "line 2: a question mark asks nothing here: put the cursor on fmt.Println",
		"fmt.Println??":                       "put the cursor on fmt.Println",
		"%exec F":                             "",
		"%%":                                  "",
		"%% -n 3\nx := a\n\t% b":              "",
		"%main":                               "",
		"% ls":                                "",
		"%args \\\n%nosuch":                   "",
		"!nosuch?":                            "",
		"s := `\n%nosuch\n?x\n  %ls\n`\nf(s)": "",
		"/*\n%nosuch\n?x\n*/":                 "",
		"%%bash\n%nosuch\n?x":                 "",
		"x := a ==\n\t!b":                     "",
		"%\tls":                               "",
		"%capture f\n%reset go.mod\n%rm a":    "",
	} {
		_, err := NewSession().Rewrite(code)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "gonb: ")) {
			t.Errorf("%q: error %v, want %q", code, err, want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	for code, want := range map[string]string{
		"%env A=1":             `%env A "1"`,
		"%env A 1\n// x":       "%env A \"1\"\n// x",
		"%env\tNAME=a b":       `%env NAME "a b"`,
		`%env A=C:\a "b"`:      `%env A "C:\\a \"b\""`,
		`%env A "a b"`:         `%env A "a b"`,
		`%env A="a b"`:         `%env A "a b"`,
		"%env A=":              `%env A ""`,
		"%env A=b=c\r\n":       "%env A \"b=c\"\n",
		"%env":                 "!go " + Env,
		"//gonb:%env  A ":      "!go " + Env + " A",
		"%env A \\\n b":        "%env A \\\n b",
		"%args \\\n%env A=1":   "%args \\\n%env A=1",
		"s := `\n%envy\n`;_=s": "",
	} {
		got, err := NewSession().Rewrite(code)
		if err != nil {
			t.Errorf("%q: %v", code, err)
		}
		if want != "" && got.Code != want {
			t.Errorf("%q: %q, want %q", code, got.Code, want)
		}
	}
}

func TestNearest(t *testing.T) {
	for _, c := range [][2]string{
		{"exce", "exec"}, {"exe", "exec"}, {"Exec", "exec"}, {"contans", "Contains"}, {"println", "Println"}, {"Sprintf1", "Sprintf"},
		{"zzzz", ""}, {"e", ""}, {"", ""}, {"exec", "exec"},
	} {
		if got := Nearest(c[0], []string{"Contains", "exec", "Print", "Println", "Sprintf"}); got != c[1] {
			t.Errorf("nearest to %q is %q, want %q", c[0], got, c[1])
		}
	}
}

func TestCommandFailure(t *testing.T) {
	for stderr, want := range map[string]string{
		". key \"x\" not found in any definition, not removed\n": "%rm: no declaration is called x: %ls lists them",
		"exit status 3\n":         "exit status 3",
		"^C\nsignal: interrupt\n": "signal: interrupt",
		"key \"x\"\n":             "",
		"exit status 3":           "",
		"a\nexit status 3\n":      "",
	} {
		if got := CommandFailure(stderr); got != want {
			t.Errorf("%q: %q, want %q", stderr, got, want)
		}
	}
}
