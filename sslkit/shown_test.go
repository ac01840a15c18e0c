package sslkit

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

const showPath = `"github.com/gossl/gossl/sslkit/show"`

// TestPicturesAreUsed finds calls such as show.Grid(images, 20, 10) that stand alone. Go compiles them, and nobody sees
// the picture.
func TestPicturesAreUsed(t *testing.T) {
	values := map[string]bool{} // functions of package show that return something
	files := map[string]*ast.File{}
	for _, s := range sources(t) {
		if s.folder() != "sslkit/show" {
			files[s.path] = s.file
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.IsExported() && f.Type.Results != nil && !s.isTest() {
				values[f.Name.Name] = true
			}
		}
	}
	if len(values) < 10 {
		t.Fatalf("found %d functions in show that return something, want all that make pictures", len(values))
	}
	err := filepath.WalkDir(filepath.Join("..", "notebooks"), func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(file) != ".go" {
			return err
		}
		files[file], err = parser.ParseFile(token.NewFileSet(), file, nil, 0)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, file := range files {
		for _, name := range unused(file, values) {
			t.Errorf("%s: the value of show.%s is not used: call its Show, or Save", path, name)
		}
	}
}

// unused are the functions of package show whose values a file does not use.
func unused(file *ast.File, values map[string]bool) []string {
	local := ""
	for _, i := range file.Imports {
		if i.Path.Value == showPath {
			local = "show"
			if i.Name != nil {
				local = i.Name.Name
			}
		}
	}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		statement, ok := n.(*ast.ExprStmt)
		if !ok || local == "" {
			return true
		}
		call, ok := statement.X.(*ast.CallExpr)
		if !ok {
			return true
		}
		f, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if of, ok := f.X.(*ast.Ident); ok && of.Name == local && values[f.Sel.Name] {
			names = append(names, f.Sel.Name)
		}
		return true
	})
	return names
}

// The rule finds what it is for, and nothing else.
func TestUnused(t *testing.T) {
	const code = "package p\nimport (%s)\nfunc f() { show.Grid(nil, 1, 1); show.Grid(nil, 1, 1).Show(); p := show.Curves(); _ = p; show.Other(); Grid() }"
	for imports, want := range map[string]string{showPath: "Grid", "x " + showPath: "", `"example.com/show"`: ""} {
		file, err := parser.ParseFile(token.NewFileSet(), "p.go", strings.Replace(code, "%s", imports, 1), 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(unused(file, map[string]bool{"Grid": true, "Curves": true}), " "); got != want {
			t.Errorf("import %s: found %q, want %q", imports, got, want)
		}
	}
}
