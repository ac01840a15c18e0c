package launch

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
)

var (
	unused  = regexp.MustCompile(`("[^"\n]+") imported and not used`)
	noValue = regexp.MustCompile(`\(no value\) used as value`)
)

// sources are the files that GoNB writes: the second one for tests.
var sources = []string{"main.go", "main_test.go"}

// mend takes out of GoNB's file what the compiler does not take and the user
// cannot help: dot imports of other cells that this one does not use, which
// goimports leaves, and the showing of an expression that has no value. Lines
// keep their numbers. It says whether there was something to mend.
func mend(dir, complaint string) (bool, error) {
	mended := false
	for _, name := range sources {
		file := filepath.Join(dir, name)
		source, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return false, fmt.Errorf("launch: %w", err)
		}
		better := slices.Clone(source)
		for _, match := range unused.FindAllStringSubmatch(complaint, -1) {
			better = withoutDotImport(better, match[1])
		}
		if noValue.MatchString(complaint) {
			if quiet, ok := gonb.Quiet(string(better)); ok {
				better = []byte(quiet)
			}
		}
		if bytes.Equal(better, source) {
			continue
		}
		if err := os.WriteFile(file, better, 0o600); err != nil {
			return false, fmt.Errorf("launch: %w", err)
		}
		mended = true
	}
	return mended, nil
}

// withoutDotImport blanks the dot import of a quoted path. The path says which
// one: positions in the compiler's text may be those of a cell.
func withoutDotImport(source []byte, quoted string) []byte {
	path, err := strconv.Unquote(quoted)
	if err != nil {
		return source
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", source, parser.ImportsOnly)
	if err != nil {
		return source // the compiler says why
	}
	for _, declaration := range file.Decls {
		imports, ok := declaration.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, s := range imports.Specs {
			spec, ok := s.(*ast.ImportSpec)
			if !ok || spec.Name == nil || spec.Name.Name != "." || unquoted(spec.Path.Value) != path {
				continue
			}
			var blank ast.Node = spec
			if !imports.Lparen.IsValid() {
				blank = imports
			}
			lines := set.File(file.Pos())
			for i := lines.Offset(blank.Pos()); i < lines.Offset(blank.End()); i++ {
				source[i] = ' '
			}
		}
	}
	return source
}

func unquoted(s string) string {
	path, _ := strconv.Unquote(s) // the parser has checked it
	return path
}

// mentioned finds what may declare the name flag, as GoNB writes it.
var mentioned = regexp.MustCompile(`(?m)^(?:\t|var |const |type |func )(?:[\pL_][\pL\pN_]*, )*flag(?:[^.\pL\pN_]|$)`)

// takeFlag finds GoNB's files that declare the name flag.
func (b *build) takeFlag() []string {
	var theirs []string
	for _, name := range sources {
		file := filepath.Join(b.dir, name)
		if source, err := os.ReadFile(file); err == nil && takesFlag(source) {
			theirs = append(theirs, file)
		}
	}
	return theirs
}

// freeFlag has GoNB's own code in files not use the name flag, which is the user's.
func freeFlag(files []string) error {
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, withoutFlags(source), 0o600)
		}
		if err != nil {
			return fmt.Errorf("launch: %w", err)
		}
	}
	return nil
}

// takesFlag says whether a file declares the name flag, which GoNB uses in func main.
func takesFlag(source []byte) bool {
	if !mentioned.Match(source) {
		return false
	}
	file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
	if err != nil {
		return false // the compiler says why
	}
	return slices.ContainsFunc(file.Decls, func(d ast.Decl) bool {
		switch d := d.(type) {
		case *ast.FuncDecl:
			return d.Recv == nil && d.Name.Name == "flag"
		case *ast.GenDecl:
			return slices.ContainsFunc(d.Specs, declaresFlag)
		}
		return false
	})
}

// withoutFlags blanks the call of flag.Parse with which func main begins.
func withoutFlags(source []byte) []byte {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", source, parser.SkipObjectResolution)
	if err != nil {
		return source
	}
	lines := set.File(file.Pos())
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv != nil || f.Name.Name != "main" || f.Body == nil || len(f.Body.List) == 0 {
			continue
		}
		first := f.Body.List[0]
		call := source[lines.Offset(first.Pos()):lines.Offset(first.End())]
		if string(call) == "flag.Parse()" {
			copy(call, strings.Repeat(" ", len(call)))
		}
	}
	return source
}

func declaresFlag(s ast.Spec) bool {
	switch s := s.(type) {
	case *ast.TypeSpec:
		return s.Name.Name == "flag"
	case *ast.ValueSpec:
		return slices.ContainsFunc(s.Names, func(n *ast.Ident) bool { return n.Name == "flag" })
	}
	return false
}
