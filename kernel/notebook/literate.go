package notebook

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
)

// marker opens a cell: `// %%` with `[markdown]` for text, and `tags=["a","b"]` behind either.
var marker = regexp.MustCompile(`^// %%( \[markdown\])?(?: tags=\[((?:"[\w-]+",? ?)+)\])?$`)

// Literate makes the cells of a notebook from a literate Go source, a real Go file of package main:
//
//	// %% [markdown]
//	// # Text, as comment lines
//
//	// %%
//
//	// Code goes into the notebook as it stands, but for the package clause.
//	func ShowViews() { … }
//
//	//gonb:%exec ShowViews
//
// A `//gonb:` comment becomes a line for GoNB, here `%exec ShowViews`. It belongs into the cell of the function: GoNB
// silently does not run a cell that has no line of Go. It may be a statement, too, or an expression to be shown, which
// stand in no function; Go's tools do not see what is in it. `// %% tags=["summary"]` gives a cell tags. Before the first
// marker only comments and the package clause may stand; they are left out.
func Literate(name string, source []byte) ([]Cell, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err // names file and line
	}
	if file.Name.Name != "main" {
		return nil, fmt.Errorf("%s: package %s, want main", name, file.Name.Name)
	}
	l := literate{name: name, functions: functions(file)}
	for line := range strings.Lines(string(source)) {
		l.line++
		if err := l.add(strings.TrimRight(line, "\r\n")); err != nil {
			return nil, err
		}
	}
	if err := l.end(); err != nil {
		return nil, err
	}
	if len(l.cells) == 0 {
		return nil, fmt.Errorf("%s: no cell, want a line `// %%%%`", name)
	}
	return l.cells, nil
}

// functions lists what %exec can call: functions without receiver, parameters and results.
func functions(file *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, declaration := range file.Decls {
		f, ok := declaration.(*ast.FuncDecl)
		if ok && f.Recv == nil && f.Type.Params.NumFields() == 0 && f.Type.Results.NumFields() == 0 {
			names[f.Name.Name] = true
		}
	}
	return names
}

// literate is the state of a source that is being read.
type literate struct {
	name      string
	line      int
	functions map[string]bool
	cells     []Cell
	open      *Cell // the cell being read
	opened    int   // its line
	lines     []string
	clause    bool // the cell has a package clause or build constraint,
	code      bool // another line of Go,
	calls     bool // a directive
}

func (l *literate) errorf(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", l.name, line, fmt.Sprintf(format, args...))
}

// add reads one line.
func (l *literate) add(line string) error {
	if strings.HasPrefix(line, "// %%") {
		if err := l.end(); err != nil {
			return err
		}
		return l.begin(line)
	}
	switch {
	case l.open == nil:
		if line != "" && line != "package main" && !strings.HasPrefix(line, "//") {
			return l.errorf(l.line, "code before the first cell, want a line `// %%%%` above it")
		}
	case l.open.Type == Markdown:
		return l.addText(line)
	case line == "package main" || strings.HasPrefix(line, "//go:build "):
		l.clause = true // left out: the kernel writes its own
	default:
		return l.addCode(line)
	}
	return nil
}

func (l *literate) begin(line string) error {
	match := marker.FindStringSubmatch(line)
	if match == nil {
		return l.errorf(l.line, "marker %q, want `// %%%%` or `// %%%% [markdown]`, and tags as `tags=[\"summary\"]` behind it", line)
	}
	l.open, l.opened = &Cell{Type: Code}, l.line
	if match[1] != "" {
		l.open.Type = Markdown
	}
	l.open.Tags = strings.FieldsFunc(match[2], func(r rune) bool { return strings.ContainsRune(`", `, r) })
	return nil
}

func (l *literate) addText(line string) error {
	text, ok := strings.CutPrefix(line, "//")
	if !ok && line != "" {
		return l.errorf(l.line, "code in a text cell, want a line `// %%%%` above it")
	}
	l.lines = append(l.lines, strings.TrimPrefix(text, " "))
	return nil
}

func (l *literate) addCode(line string) error {
	directive, ok := strings.CutPrefix(line, gonb.Prefix)
	if !ok {
		l.code = l.code || line != "" && !strings.HasPrefix(line, "//")
		l.lines = append(l.lines, line)
		return nil
	}
	if call, ok := gonb.Exec(directive); ok {
		if name, _, _ := strings.Cut(call, " "); !l.functions[name] {
			return l.errorf(l.line, "%%exec %s: this file has no function %s() without parameters and results", name, name)
		}
	}
	if gonb.OnlyDirects(directive) {
		l.calls = true
	} else {
		l.code = true // a statement, which a file of Go has no place for
	}
	l.lines = append(l.lines, directive)
	return nil
}

// end closes the open cell. One that held nothing but a package clause is left out.
func (l *literate) end() error {
	if l.open == nil {
		return nil
	}
	source := strings.Trim(strings.Join(l.lines, "\n"), "\n")
	switch {
	case source == "" && !l.clause:
		return l.errorf(l.opened, "empty cell")
	case l.calls && !l.code:
		return l.errorf(l.opened, "GoNB does not run a cell without a line of Go: move the directive into the cell of the function")
	case source != "":
		l.open.Source = source
		l.cells = append(l.cells, *l.open)
	}
	l.open, l.lines = nil, nil
	l.clause, l.code, l.calls = false, false, false
	return nil
}
