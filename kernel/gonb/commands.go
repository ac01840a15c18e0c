package gonb

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// names are GoNB's commands.
var names = strings.Fields("%% %main %args %exec %test %env %cd %ls %list %rm %remove %reset %goflags %capture %autoget %noautoget " +
	"%goworkfix %track %untrack %wasm %widgets %widgets_hb %with_inputs %with_password %help %version " +
	"%%bash %%sh %%script %%writefile %%gx")

// elsewhere is what to do in place of commands that other kernels have.
var elsewhere = map[string]string{
	"%conda":      "!* go get PATH adds a module",
	"%load_ext":   "import what the cell needs",
	"%matplotlib": "pictures are shown by gonbui.DisplayPng, and by package show of sslkit",
	"%pip":        "!* go get PATH adds a module",
	"%pwd":        "%cd without a folder tells it",
	"%run":        "!go run FILE runs a program",
	"%time":       "the reply's metadata, and the line below a long cell, say how long it took",
	"%timeit":     "a function func BenchmarkX(b *testing.B) below %test is timed",
	"%who":        "%ls lists what is remembered",
	"%whos":       "%ls lists what is remembered",
	"%%time":      "the reply's metadata, and the line below a long cell, say how long it took",
	"%%timeit":    "a function func BenchmarkX(b *testing.B) below %test is timed",
	"%%capture":   "%capture FILE writes the output to a file",
	"%%html":      "gonbui.DisplayHTML shows HTML",
	"%%markdown":  "gonbui.DisplayMarkdown shows Markdown",
	"%%python":    "%%script python3 runs the cell by Python",
}

var (
	// question is how other kernels are asked what something is.
	question = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(\?{1,2})\s*([\pL_][\w.]*)$|^([\pL_%][\w.]*)\?{1,2}$`)
	})
	// indented is a command that GoNB would take for Go.
	indented = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s+%+[a-z]`) })
	// setting is %env NAME=value, and %env NAME value.
	setting = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^%[ \t]*env[ \t]+([^=\s"]+)(?:=|[ \t]+)(.*)$`) })
	// asking is %env, and %env NAME.
	asking = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^%[ \t]*env(?:[ \t]+([^=\s"]+))?[ \t]*$`) })
)

// Env is the argument by which a user's go command, which is this program in a
// notebook, is asked for the environment of cells.
const Env = "sslkit-env"

// check finds commands that GoNB would pass over with a note, or take for Go.
func (s *source) check() error {
	for i := 0; i < len(s.lines); i++ {
		l, text := s.lines[i], strings.TrimPrefix(s.text(i), prefix)
		complain := func(format string, args ...any) error {
			return fmt.Errorf("gonb: line %d: %s", i+1, fmt.Sprintf(format, args...))
		}
		if l.start != inCode || l.hidden {
			continue
		}
		if l.command {
			first := i
			for strings.HasSuffix(s.text(i), `\`) && i+1 < len(s.lines) && s.lines[i+1].command {
				i++ // goes on
			}
			if text[0] == '%' && !l.empty {
				if why := unknown(strings.Fields(text[1:]), first == 0); why != "" {
					return fmt.Errorf("gonb: line %d: %s", first+1, why)
				}
			}
			continue
		}
		if m := question().FindStringSubmatch(strings.TrimRight(text, " \t")); m != nil {
			return complain("a question mark asks nothing here: put the cursor on %s and press Shift-Tab", m[2]+m[3])
		}
		if indented().MatchString(text) {
			return complain("a command stands at the beginning of its line: %s", strings.TrimSpace(text))
		}
		if text == "%" || text == "!" {
			return complain("%s without a command; %%help lists them", text)
		}
	}
	return nil
}

// unknown says what is wrong with a command; "" if GoNB knows it. The words are
// those behind the percent sign.
func unknown(words []string, first bool) string {
	name := "%" + words[0]
	switch {
	case slices.Contains(magics, name) && !first:
		return fmt.Sprintf("%s stands in the first line of its cell, which is then no Go", name)
	case name == "%exec" && len(words) == 1:
		return "%exec needs the name of a function without parameters: %exec Function [arguments]"
	case slices.Contains(names, name):
		return ""
	}
	if advice, ok := elsewhere[name]; ok {
		return fmt.Sprintf("there is no command %s: %s", name, advice)
	}
	if near := Nearest(name, names); near != "" {
		return fmt.Sprintf("there is no command %s: do you mean %s?", name, near)
	}
	return fmt.Sprintf("there is no command %s: %%help lists them", name)
}

// environment rewrites a line that is %env, if the command ends there.
func (r *rewriter) environment(i int) bool {
	if !r.lines[i].command || strings.HasSuffix(r.text(i), `\`) || i > 0 && r.lines[i-1].command && strings.HasSuffix(r.text(i-1), `\`) {
		return false
	}
	command, ok := environment(strings.TrimPrefix(r.text(i), prefix))
	if ok {
		r.replace(r.lines[i].from, r.lines[i].to, command)
	}
	return ok
}

// environment makes of %env what GoNB understands: it takes names of two letters
// and more before an equals sign, values of one word, and tells nothing.
func environment(text string) (command string, ok bool) {
	if asked := asking().FindStringSubmatch(text); asked != nil {
		return strings.TrimRight("!go "+Env+" "+asked[1], " "), true
	}
	m := setting().FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	value := strings.Trim(m[2], " \t")
	if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
		return "%env " + m[1] + " " + value, true
	}
	return "%env " + m[1] + ` "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`, true
}

var notRemembered = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\. key "(.*)" not found in any definition, not removed\n$`)
})

// Complaint says what is wrong with a command of which GoNB complains on stderr and
// no more; "" if it does not.
func Complaint(stderr string) string {
	if m := notRemembered().FindStringSubmatch(stderr); m != nil {
		return fmt.Sprintf("%%rm: no declaration is called %s: %%ls lists them", m[1])
	}
	return ""
}
