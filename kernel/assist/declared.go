package assist

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A declaration is a name that a file declares for its package.
type declaration struct {
	name   string // of a method as GoNB lists it: type~method
	kind   string // function, class or instance, as Jupyter says
	offset int    // where the identifier stands, in bytes
	size   int
}

// An importSpec is one imported package.
type importSpec struct{ name, path string }

// key is the name by which code uses the package, guessed from the path if the import gives none.
func (i importSpec) key() string {
	switch {
	case i.name == ".":
		return ". " + i.path
	case i.name != "":
		return i.name
	}
	base := path.Base(i.path)
	if majorVersion.MatchString(base) {
		base = path.Base(path.Dir(i.path))
	}
	return base
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// parse parses a file as far as it can be.
func parse(text string) (*token.FileSet, *ast.File, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", text, parser.AllErrors)
	return set, file, err
}

// declarations returns what a file declares, in order. What has no name is left out.
func declarations(set *token.FileSet, file *ast.File) []declaration {
	var list []declaration
	add := func(id *ast.Ident, name, kind string) {
		if id.Name != "_" {
			list = append(list, declaration{name, kind, set.Position(id.Pos()).Offset, len(id.Name)})
		}
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			add(decl.Name, receiver(decl)+decl.Name.Name, "function")
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					add(spec.Name, spec.Name.Name, "class")
				case *ast.ValueSpec:
					for _, id := range spec.Names {
						add(id, id.Name, "instance")
					}
				}
			}
		}
	}
	return list
}

// receiver returns the type of a method, followed by ~.
func receiver(decl *ast.FuncDecl) string {
	if decl.Recv == nil || len(decl.Recv.List) == 0 {
		return ""
	}
	typ := decl.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	switch generic := typ.(type) {
	case *ast.IndexExpr:
		typ = generic.X
	case *ast.IndexListExpr:
		typ = generic.X
	}
	if id, ok := typ.(*ast.Ident); ok {
		return id.Name + "~"
	}
	return "unknown~"
}

// importsOf returns what a file imports, by the names that code uses. Nothing uses blank imports.
func importsOf(file *ast.File) map[string]importSpec {
	found := map[string]importSpec{}
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil || path == "" || spec.Name != nil && spec.Name.Name == "_" {
			continue // half typed, or of no use to other code
		}
		i := importSpec{path: path}
		if spec.Name != nil {
			i.name = spec.Name.Name
		}
		found[i.key()] = i
	}
	return found
}

// A use is a member of something that a file does not declare: perhaps of a package.
type use struct{ name, member string }

// undeclared returns the members that a file uses of what it does not declare, and apart from them the one at an offset.
func undeclared(set *token.FileSet, file *ast.File, offset int) (list []use, at use) {
	unresolved := map[*ast.Ident]bool{}
	for _, id := range file.Unresolved {
		unresolved[id] = true
	}
	ast.Inspect(file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		id, ok := selector.X.(*ast.Ident)
		if !ok || !unresolved[id] || !ast.IsExported(selector.Sel.Name) {
			return true
		}
		start, end := set.Position(selector.Sel.Pos()).Offset, set.Position(selector.Sel.End()).Offset
		u := use{id.Name, selector.Sel.Name}
		if start <= offset && offset <= end {
			at = u
		} else if !slices.Contains(list, u) {
			list = append(list, u)
		}
		return true
	})
	return list, at
}

// withoutNames hides declarations from a file's package, and leaves everything where it stands.
func withoutNames(text string, list []declaration, hidden func(name string) bool) string {
	bytes := []byte(text)
	for _, d := range list {
		if hidden(d.name) {
			copy(bytes[d.offset:], "_"+strings.Repeat(" ", d.size-1))
		}
	}
	return string(bytes)
}
