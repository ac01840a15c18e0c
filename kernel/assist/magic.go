package assist

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A magic is one of GoNB's special commands.
type magic struct{ name, arguments, meaning string }

// magics are the special commands of GoNB 0.11, the most used ones first.
var magics = []magic{
	{"%%", "[arguments]", "The lines below are the body of func main, which gets the arguments."},
	{"%main", "[arguments]", "The lines below are the body of func main, which gets the arguments: the same as %%."},
	{"%args", "arguments", "Sets the arguments that the cell's program gets."},
	{"%exec", "function [arguments]", "Runs a function without parameters; the program gets the arguments."},
	{"%test", "[flags]", "Runs the cell's tests and benchmarks, with flags such as -test.run=Name."},
	{"%env", "[NAME [value]]", "Sets an environment variable of cells and shell commands, tells it, or lists all."},
	{"%cd", "[folder]", "Changes the folder in which cells and shell commands run, or tells it."},
	{"%ls", "", "Lists what GoNB remembers of earlier cells."},
	{"%list", "", "Lists what GoNB remembers of earlier cells."},
	{"%rm", "names", "Forgets declarations, named as %ls lists them."},
	{"%remove", "names", "Forgets declarations, named as %ls lists them."},
	{"%reset", "[go.mod]", "Forgets all declarations and begins go.mod anew; with go.mod, begins only that anew."},
	{"%goflags", "[flags]", `Sets flags of go build, or tells them; %goflags """ takes them back.`},
	{"%capture", "[-a] file", "Writes the cell's output to a file too; -a appends."},
	{"%autoget", "", "Downloads packages that are missing: the default."},
	{"%noautoget", "", "Downloads no packages."},
	{"%goworkfix", "", "Copies the modules of go.work into go.mod as replacements."},
	{"%track", "[path]", "Watches a file or folder of Go code for changes, or lists those watched."},
	{"%untrack", "path", "Stops watching a file or folder; a path that ends in ... stands for all that begin so."},
	{"%wasm", "", "Compiles the cell to WebAssembly and runs it in the browser."},
	{"%widgets", "", "Connects the notebook's page for widgets; widgets do it by themselves."},
	{"%widgets_hb", "", "Checks the connection to the notebook's page."},
	{"%with_inputs", "", "The next shell command asks for input."},
	{"%with_password", "", "The next shell command asks for a password."},
	{"%help", "", "Shows GoNB's help."},
	{"%version", "", "Shows GoNB's version."},
	{"%%bash", "", "The cell is a script for bash; first line only."},
	{"%%sh", "", "The cell is a script for sh; first line only."},
	{"%%script", "command", "The cell is the input of a command; first line only."},
	{"%%writefile", "[-a] file", "The cell is written to a file, -a appends; first line only."},
	{"!", "command", "Runs a shell command in the folder of %cd, before the cell's Go code."},
	{"!*", "command", "Runs a shell command in the folder where GoNB builds, which holds go.mod."},
}

func (m magic) usage() string { return strings.TrimSpace(m.name + " " + m.arguments) }

// commentPrefix lets special commands stand in files that are Go otherwise.
const commentPrefix = "//gonb:"

// isMagic says whether a line is a special command.
func isMagic(line string) bool {
	line = strings.TrimPrefix(line, commentPrefix)
	return strings.HasPrefix(line, "%") || strings.HasPrefix(line, "!")
}

// beginsMain says whether the lines below this one are the body of func main.
func beginsMain(line string) bool {
	word, _, _ := strings.Cut(strings.TrimRight(strings.TrimPrefix(line, commentPrefix), "\r\n"), " ")
	word, _, _ = strings.Cut(word, "\t")
	return word == "%%" || word == "%main"
}

// otherLanguage says whether a cell is not Go but what its first line says.
func otherLanguage(code string) bool {
	line, _, _ := strings.Cut(code, "\n")
	fields := strings.Fields(strings.TrimPrefix(line, commentPrefix))
	return len(fields) > 0 && slices.Contains([]string{"%%bash", "%%sh", "%%script", "%%writefile", "%%gx"}, fields[0])
}

// foreign says whether an offset lies in code that is not Go, below the line that says so.
func foreign(code string, offset int) bool {
	return otherLanguage(code) && strings.Contains(code[:offset], "\n")
}

// magicAt returns the part of a special command that lies before the cursor, if the cursor is on one.
func magicAt(code string, offset int) (before string, found bool) {
	start, end := lineAround(code, offset)
	if !isMagic(code[start:end]) {
		return "", false
	}
	line, prefixed := strings.CutPrefix(code[start:end], commentPrefix)
	if prefixed {
		start += len(commentPrefix)
	}
	return line[:max(0, offset-start)], true
}

// completeMagic completes a special command, or the name that it takes.
func completeMagic(before string, remembered func() []declaration) (prefix string, candidates []candidate) {
	name, rest, arguments := strings.Cut(before, " ")
	if !arguments {
		for _, m := range magics {
			candidates = append(candidates, candidate{Text: m.name, Type: "magic", Signature: m.usage()})
		}
		return before, candidates
	}
	functions := name == "%exec"
	if name != "%rm" && name != "%remove" && (!functions || strings.Contains(rest, " ")) {
		return "", nil
	}
	for _, d := range remembered() {
		if !functions || d.kind == "function" && !strings.Contains(d.name, "~") {
			candidates = append(candidates, candidate{Text: d.name, Type: d.kind})
		}
	}
	return rest[strings.LastIndex(rest, " ")+1:], candidates
}

var magicWord = regexp.MustCompile(`^(!\*?|[^\s!]+)`)

// explainMagic describes the special command of a line.
func explainMagic(line string) (markdown, plain string, found bool) {
	word := magicWord.FindString(strings.TrimPrefix(line, commentPrefix))
	for _, m := range magics {
		if m.name == word {
			return fmt.Sprintf("```\n%s\n```\n\n%s", m.usage(), strings.ReplaceAll(m.meaning, "*", `\*`)), m.usage() + "\n\n" + m.meaning, true
		}
	}
	return "", "", false
}
