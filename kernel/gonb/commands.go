package gonb

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Command is one of GoNB's commands.
type Command struct {
	Name      string
	Arguments string
	Meaning   string // "" for one that this GoNB is built without
	Takes     Takes  // what can be completed of its arguments
	silent    bool   // it prints nothing
	foreign   bool   // it stands in the first line of a cell that is not Go
}

// Takes is what of the cells a command takes as its arguments.
type Takes int

const (
	TakesNone         Takes = iota
	TakesFunction           // one function, in front of other arguments
	TakesDeclarations       // any declarations, by their keys
)

// Usage is the command with its arguments.
func (c Command) Usage() string { return strings.TrimSpace(c.Name + " " + c.Arguments) }

// Commands are those of GoNB 0.11, the most used ones first.
var Commands = []Command{
	{Name: "%%", Arguments: "[arguments]", Meaning: "The lines below are the body of func main, which gets the arguments.", silent: true},
	{Name: "%main", Arguments: "[arguments]", Meaning: "The lines below are the body of func main, which gets the arguments: the same as %%.", silent: true},
	{Name: "%args", Arguments: "arguments", Meaning: "Sets the arguments that the cell's program gets.", silent: true},
	{Name: "%exec", Arguments: "function [arguments]", Meaning: "Runs a function without parameters; the program gets the arguments.", Takes: TakesFunction, silent: true},
	{Name: "%test", Arguments: "[flags]", Meaning: "Runs the cell's tests and benchmarks, with flags such as -test.run=Name.", silent: true},
	{Name: "%env", Arguments: "[NAME [value]]", Meaning: "Sets an environment variable of cells and shell commands, tells it, or lists all."},
	{Name: "%cd", Arguments: "[folder]", Meaning: "Changes the folder in which cells and shell commands run, or tells it."},
	{Name: "%ls", Meaning: "Lists what GoNB remembers of earlier cells."},
	{Name: "%list", Meaning: "Lists what GoNB remembers of earlier cells."},
	{Name: "%rm", Arguments: "names", Meaning: "Forgets declarations, named as %ls lists them.", Takes: TakesDeclarations},
	{Name: "%remove", Arguments: "names", Meaning: "Forgets declarations, named as %ls lists them.", Takes: TakesDeclarations},
	{Name: "%reset", Arguments: "[go.mod]", Meaning: "Forgets all declarations and begins go.mod anew; with go.mod, begins only that anew."},
	{Name: "%goflags", Arguments: "[flags]", Meaning: `Sets flags of go build, or tells them; %goflags """ takes them back.`},
	{Name: "%capture", Arguments: "[-a] file", Meaning: "Writes the cell's output to a file too; -a appends.", silent: true},
	{Name: "%autoget", Meaning: "Downloads packages that are missing: the default.", silent: true},
	{Name: "%noautoget", Meaning: "Downloads no packages.", silent: true},
	{Name: "%goworkfix", Meaning: "Copies the modules of go.work into go.mod as replacements."},
	{Name: "%track", Arguments: "[path]", Meaning: "Watches a file or folder of Go code for changes, or lists those watched."},
	{Name: "%untrack", Arguments: "path", Meaning: "Stops watching a file or folder; a path that ends in ... stands for all that begin so."},
	{Name: "%wasm", Meaning: "Compiles the cell to WebAssembly and runs it in the browser."},
	{Name: "%widgets", Meaning: "Connects the notebook's page for widgets; widgets do it by themselves."},
	{Name: "%widgets_hb", Meaning: "Checks the connection to the notebook's page."},
	{Name: "%with_inputs", Meaning: "The next shell command asks for input.", silent: true},
	{Name: "%with_password", Meaning: "The next shell command asks for a password.", silent: true},
	{Name: "%help", Meaning: "Shows GoNB's help."},
	{Name: "%version", Meaning: "Shows GoNB's version."},
	{Name: "%%bash", Meaning: "The cell is a script for bash; first line only.", foreign: true},
	{Name: "%%sh", Meaning: "The cell is a script for sh; first line only.", foreign: true},
	{Name: "%%script", Arguments: "command", Meaning: "The cell is the input of a command; first line only.", foreign: true},
	{Name: "%%writefile", Arguments: "[-a] file", Meaning: "The cell is written to a file, -a appends; first line only.", foreign: true},
	{Name: "%%gx", foreign: true},
	{Name: "!", Arguments: "command", Meaning: "Runs a shell command in the folder of %cd, before the cell's Go code."},
	{Name: "!*", Arguments: "command", Meaning: "Runs a shell command in the folder where GoNB builds, which holds go.mod."},
}

// named is the command of a name.
func named(name string) (Command, bool) {
	i := slices.IndexFunc(Commands, func(c Command) bool { return c.Name == name })
	if i < 0 {
		return Command{}, false
	}
	return Commands[i], true
}

// SetUp is a cell with which the kernel begins: GoNB is not to start go get before each build. The build says what is
// missing, and our go command gets it.
const SetUp = "%noautoget"

// Forgetting is a line that has GoNB forget declarations.
func Forgetting(names ...string) string { return "%rm " + strings.Join(names, " ") }

// commandName is that of the command in a text that begins with one.
var commandName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(!\*?|[^\s!]+)`) })

// CommandOf is the command that a text begins with.
func CommandOf(text string) (Command, bool) { return named(commandName().FindString(text)) }

// isForeign says whether a cell whose first line begins with a word is not Go.
func isForeign(word string) bool {
	c, ok := named(word)
	return ok && c.foreign
}

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
func (s *Source) check() error {
	for i := 0; i < len(s.lines); i++ {
		l, text := s.lines[i], strings.TrimPrefix(s.text(i), Prefix)
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
	c, known := named(name)
	switch {
	case c.foreign && !first:
		return fmt.Sprintf("%s stands in the first line of its cell, which is then no Go", name)
	case name == "%exec" && len(words) == 1:
		return "%exec needs the name of a function without parameters: %exec Function [arguments]"
	case known:
		return ""
	}
	if advice, ok := elsewhere[name]; ok {
		return fmt.Sprintf("there is no command %s: %s", name, advice)
	}
	var names []string
	for _, c := range Commands {
		if c.Name[0] == '%' {
			names = append(names, c.Name)
		}
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
	command, ok := environment(strings.TrimPrefix(r.text(i), Prefix))
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

var (
	// ended is what GoNB prints when a command that it ran failed.
	ended = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:\^C\n)?(exit status \d+|signal: [a-z ]+)\n$`)
	})
	notRemembered = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^\. key "(.*)" not found in any definition, not removed\n$`)
	})
)

// CommandFailure says how a command failed, of which GoNB tells on stderr and nowhere
// else; "" if the text is about something else. What a command itself prints must not
// be in the text.
func CommandFailure(stderr string) string {
	if m := notRemembered().FindStringSubmatch(stderr); m != nil {
		return fmt.Sprintf("%%rm: no declaration is called %s: %%ls lists them", m[1])
	}
	if m := ended().FindStringSubmatch(stderr); m != nil {
		return m[1]
	}
	return ""
}
