package assist

import (
	"go/ast"
	"go/parser"
	"slices"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
)

// A declaration is a name that a file declares for its package.
type declaration struct {
	gonb.Name
	key    string // as GoNB lists it: of a method type~method
	offset int    // where the identifier stands, in bytes
}

// parse parses a file as far as it can be.
func parse(text string) (gonb.File, error) { return gonb.ParseFile(text, parser.AllErrors) }

// declarations returns what a file declares, in order. What has no name is left out.
func declarations(file gonb.File) []declaration {
	var list []declaration
	for _, n := range file.Names() {
		if n.Name != "_" {
			list = append(list, declaration{n, file.Key(n), file.Offset(n.Pos())})
		}
	}
	return list
}

// importsOf returns what a file imports, by the names that code uses. Nothing uses blank imports.
func importsOf(file gonb.File) map[string]gonb.Import {
	found := map[string]gonb.Import{}
	for _, i := range file.Imports() {
		if i.Name != "_" {
			found[i.Key()] = i
		}
	}
	return found
}

// A use is a member of something that a file does not declare: perhaps of a package.
type use struct{ name, member string }

// undeclared returns the members that a file uses of what it does not declare, and apart from them the one at an offset.
func undeclared(file gonb.File, offset int) (list []use, at use) {
	unresolved := map[*ast.Ident]bool{}
	for _, id := range file.Unresolved {
		unresolved[id] = true
	}
	ast.Inspect(file.File, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		id, ok := selector.X.(*ast.Ident)
		if !ok || !unresolved[id] || !ast.IsExported(selector.Sel.Name) {
			return true
		}
		start, end := file.Offset(selector.Sel.Pos()), file.Offset(selector.Sel.End())
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
		if hidden(d.key) {
			copy(bytes[d.offset:], "_"+strings.Repeat(" ", len(d.Ident.Name)-1))
		}
	}
	return string(bytes)
}
