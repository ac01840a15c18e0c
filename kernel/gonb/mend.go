package gonb

import (
	"bytes"
	"go/ast"
	"go/parser"
	"regexp"
	"strconv"
	"strings"
)

var (
	unused  = regexp.MustCompile(`("[^"\n]+") imported and not used`)
	noValue = regexp.MustCompile(`\(no value\) used as value`)
)

// Mend takes out of a file of GoNB's what the compiler complains of and the user
// cannot help: dot imports of other cells that this one does not use, which goimports
// leaves, and the showing of an expression that has no value. No line moves.
func Mend(source []byte, complaint string) []byte {
	for _, match := range unused.FindAllStringSubmatch(complaint, -1) {
		source = withoutDotImport(source, match[1])
	}
	if noValue.MatchString(complaint) {
		if quiet, ok := silenced(string(source)); ok {
			source = []byte(quiet)
		}
	}
	return source
}

// withoutDotImport blanks the dot import of a quoted path. The path says which
// one: positions in the compiler's text may be those of a cell.
func withoutDotImport(source []byte, quoted string) []byte {
	path, err := strconv.Unquote(quoted)
	if err != nil {
		return source
	}
	f, err := ParseFile(string(source), parser.ImportsOnly)
	if err != nil {
		return source // the compiler says why
	}
	for _, declaration := range f.Decls {
		imports, ok := declaration.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, s := range imports.Specs {
			spec, ok := s.(*ast.ImportSpec)
			if !ok || spec.Name == nil || spec.Name.Name != "." || importPath(spec) != path {
				continue
			}
			var blanked ast.Node = spec
			if !imports.Lparen.IsValid() {
				blanked = imports
			}
			blank(source[f.Offset(blanked.Pos()):f.Offset(blanked.End())])
		}
	}
	return source
}

// mentioned finds what may declare the name flag, as GoNB writes it.
var mentioned = regexp.MustCompile(`(?m)^(?:\t|var |const |type |func )(?:[\pL_][\pL\pN_]*, )*flag(?:[^.\pL\pN_]|$)`)

// TakesFlag says whether a file of GoNB's declares the name flag, by which GoNB calls
// package flag in func main.
func TakesFlag(source []byte) bool {
	if !mentioned.Match(source) {
		return false
	}
	f, err := ParseFile(string(source), parser.SkipObjectResolution)
	if err != nil {
		return false // the compiler says why
	}
	for _, n := range f.Names() {
		if n.Name == "flag" && !n.Method() {
			return true
		}
	}
	return false
}

// FreeFlag blanks the call of flag.Parse with which func main begins.
func FreeFlag(source []byte) []byte {
	f, err := ParseFile(string(source), parser.SkipObjectResolution)
	if err != nil {
		return source
	}
	for _, n := range f.Names() {
		function, ok := n.Node.(*ast.FuncDecl)
		if !ok || n.Name != "main" || n.Method() || function.Body == nil || len(function.Body.List) == 0 {
			continue
		}
		first := function.Body.List[0]
		if call := source[f.Offset(first.Pos()):f.Offset(first.End())]; string(call) == "flag.Parse()" {
			blank(call)
		}
	}
	return source
}

// IncludePreamble has main.go include the C code of the cells: it moves import "C" in
// front of the first import, below a comment on the line before, which GoNB leaves
// empty. No line moves.
func IncludePreamble(source []byte) []byte {
	f, err := ParseFile(string(source), parser.ImportsOnly)
	if err != nil || len(f.Decls) == 0 {
		return source // the compiler says why
	}
	lines := strings.Split(string(source), "\n")
	first := f.Line(f.Decls[0].Pos()) - 1
	if first == 0 || strings.TrimSpace(lines[first-1]) != "" {
		return source
	}
	found := false
	text := bytes.Clone(source)
	for _, spec := range f.File.Imports {
		if spec.Path.Value != `"C"` {
			continue
		}
		found = true
		var blanked ast.Node = spec.Path
		for _, declaration := range f.Decls { // import "C" alone: the word goes, too
			if d, ok := declaration.(*ast.GenDecl); ok && !d.Lparen.IsValid() && d.Specs[0] == spec {
				blanked = d
			}
		}
		blank(text[f.Offset(blanked.Pos()):f.Offset(blanked.End())])
	}
	if !found {
		return source
	}
	lines = strings.Split(string(text), "\n")
	lines[first-1] = `// #include "` + CgoHeader + `"`
	lines[first] = `import "C"; ` + lines[first]
	return []byte(strings.Join(lines, "\n"))
}
