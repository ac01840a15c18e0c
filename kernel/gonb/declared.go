package gonb

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

// File is a parsed Go file: one of GoNB's, or what it makes of a cell.
type File struct {
	*ast.File
	Text   string
	tokens *token.File
}

// ParseFile parses a Go file as far as it can be: with an error, it has what was parsed.
func ParseFile(text string, mode parser.Mode) (File, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", text, mode)
	return File{file, text, set.File(file.FileStart)}, err
}

// Offset is where in the text a position is.
func (f File) Offset(p token.Pos) int { return f.tokens.Offset(p) }

// Line is the line of a position, from 1.
func (f File) Line(p token.Pos) int { return f.tokens.Line(p) }

// source is the text of a node.
func (f File) source(n ast.Node) string { return f.Text[f.Offset(n.Pos()):f.Offset(n.End())] }

// Name is a name that a file declares for its package.
type Name struct {
	*ast.Ident
	Kind token.Token // FUNC, TYPE, VAR or CONST
	Node ast.Node    // *ast.FuncDecl, *ast.TypeSpec or *ast.ValueSpec
}

// Names are the names that the file declares, methods and _ included, in order.
func (f File) Names() []Name { return namesOf(f.Decls) }

func namesOf(declarations []ast.Decl) []Name {
	var all []Name
	for _, d := range declarations {
		switch d := d.(type) {
		case *ast.FuncDecl:
			all = append(all, Name{d.Name, token.FUNC, d})
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					all = append(all, Name{s.Name, token.TYPE, s})
				case *ast.ValueSpec:
					for _, id := range s.Names {
						all = append(all, Name{id, d.Tok, s})
					}
				}
			}
		}
	}
	return all
}

// receiver is the type before a method's name, as it is written; nil for what is no method.
func (n Name) receiver() ast.Expr {
	if f, ok := n.Node.(*ast.FuncDecl); ok && f.Recv != nil && len(f.Recv.List) > 0 {
		return f.Recv.List[0].Type
	}
	return nil
}

// Method says whether the name is that of a method.
func (n Name) Method() bool { return n.receiver() != nil }

// typeName is the name of the type that a method belongs to, whether or not its
// receiver is a pointer, or generic.
func (n Name) typeName() string {
	t := ast.Unparen(n.receiver())
	if star, ok := t.(*ast.StarExpr); ok {
		t = ast.Unparen(star.X)
	}
	if generic := genericType(t); generic != nil {
		t = generic
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name
	}
	return "?"
}

// genericType is the type of which x is an instance; nil if it is none.
func genericType(x ast.Expr) ast.Expr {
	switch t := x.(type) {
	case *ast.IndexExpr:
		return t.X
	case *ast.IndexListExpr:
		return t.X
	}
	return nil
}

// Key is what GoNB keeps a declaration by, and %ls and %rm call it: for a method the
// type, a tilde, and the name. Methods of generic types that are no pointers have all
// the same type.
func (f File) Key(n Name) string {
	switch t := n.receiver().(type) {
	case nil:
		return n.Name
	case *ast.Ident:
		return t.Name + keyMark + n.Name
	case *ast.StarExpr:
		return f.source(t.X) + keyMark + n.Name
	}
	return unknownReceiver + keyMark + n.Name
}

const (
	keyMark         = "~"       // between a type and its method
	unknownReceiver = "unknown" // the type of a method whose receiver GoNB does not look into
)

// Tuple says whether several variables get their values together, from one call. GoNB
// keeps them as one declaration.
func Tuple(kind token.Token, s *ast.ValueSpec) bool {
	return kind == token.VAR && len(s.Names) > 1 && len(s.Values) == 1
}

// importPath is the path of an import; "" for one that is half written.
func importPath(s *ast.ImportSpec) string {
	p, _ := strconv.Unquote(s.Path.Value)
	return p
}

// usualName is the name by which code most likely uses the package at an import
// path, as Go tools guess it.
func usualName(p string) string {
	name := path.Base(p)
	if versionElement.MatchString(name) {
		name = path.Base(path.Dir(p))
	}
	name = strings.TrimPrefix(name, "go-")
	if i := strings.IndexFunc(name, func(c rune) bool { return !token.IsIdentifier("a" + string(c)) }); i >= 0 {
		name = name[:i]
	}
	return name
}

var versionElement = regexp.MustCompile(`^v[0-9]+$`)

// Import is an imported package: its path, and the name that the import gives it, "" for none.
type Import struct{ Name, Path string }

// Key is the name by which code uses the package; of a dot import, a dot and the path.
func (i Import) Key() string {
	switch i.Name {
	case "":
		return usualName(i.Path)
	case ".":
		return ". " + i.Path
	}
	return i.Name
}

// Imports are the packages that the file imports. What is half written is left out.
func (f File) Imports() []Import {
	var all []Import
	for _, s := range f.File.Imports {
		i := Import{Path: importPath(s)}
		if s.Name != nil {
			i.Name = s.Name.Name
		}
		if i.Path != "" {
			all = append(all, i)
		}
	}
	return all
}

// ImportPaths are the paths that a cell imports, as it is given to GoNB.
func ImportPaths(code string) []string {
	text, _ := Compose(code)
	f, err := ParseFile(text, parser.ImportsOnly)
	if err != nil {
		return nil
	}
	var paths []string
	for _, i := range f.Imports() {
		if !slices.Contains(paths, i.Path) {
			paths = append(paths, i.Path)
		}
	}
	return paths
}
