package lines

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
)

// remembered is a declaration of a cell, which GoNB keeps for those that follow.
type remembered struct {
	names    []string // by which GoNB forgets it
	kind     string   // in words
	from, to int      // lines of the cell
}

// String names it as Go does.
func (d remembered) String() string {
	var names []string
	for _, name := range d.names {
		names = append(names, given().ReplaceAllString(strings.Replace(name, "~", ".", 1), "_"))
	}
	return strings.Join(names, ", ")
}

func (d remembered) remove() string { return "%rm " + strings.Join(d.names, " ") }

// remembered are the declarations of a cell, and the packages that it imports.
func (c Cell) remembered() (all []remembered, packages []string) {
	text, origins := gonb.Compose(c.Code)
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", text, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil
	}
	starts := lineStarts(text)
	line := func(p token.Pos) int { return origin(origins, starts, files.File(file.Pos()).Offset(p)).line }
	for _, s := range file.Imports {
		packages = append(packages, packageName(s))
	}
	add := func(n ast.Node, kind string, names ...string) {
		again := slices.ContainsFunc(names, func(name string) bool { _, ok := gonb.Former(name); return ok })
		if !again && !slices.Contains(names, "main") {
			all = append(all, remembered{names: names, kind: kind, from: line(n.Pos()), to: line(n.End() - 1)})
		}
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil || len(d.Recv.List) == 0 {
				add(d, "function", d.Name.Name)
			} else {
				add(d, "method", receiver(text, d.Recv.List[0].Type, files.File(file.Pos()))+"~"+d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					add(s, "type", s.Name.Name)
				case *ast.ValueSpec:
					addValues(d.Tok, s, add)
				}
			}
		}
	}
	return all, packages
}

// packageName is the name by which a cell most likely uses a package.
func packageName(s *ast.ImportSpec) string {
	if s.Name != nil {
		return s.Name.Name
	}
	p, _ := strconv.Unquote(s.Path.Value) // the parser has checked it
	return path.Base(p)
}

func addValues(kind token.Token, s *ast.ValueSpec, add func(n ast.Node, kind string, names ...string)) {
	word := "variable"
	if kind == token.CONST {
		word = "constant"
	}
	var names []string
	for _, n := range s.Names {
		names = append(names, n.Name)
	}
	if len(names) > 1 && kind == token.VAR && len(s.Values) == 1 {
		add(s, word, names...)
		return
	}
	for _, name := range names {
		add(s, word, name)
	}
}

// receiver is what GoNB has before a method's name.
func receiver(text string, t ast.Expr, file *token.File) string {
	switch t := t.(type) {
	case *ast.Ident:
		return t.Name
	case *ast.StarExpr:
		return text[file.Offset(t.X.Pos()):file.Offset(t.X.End())]
	}
	return "unknown"
}

// memory is what GoNB remembers of cells, by name, and the packages that they import.
func memory(cells []Cell) (all map[string]held, packages []string) {
	all = map[string]held{}
	for _, c := range cells {
		names, reset := gonb.Forgets(c.Code)
		if reset {
			clear(all)
		}
		for _, name := range names {
			delete(all, name)
		}
		if c.Failed {
			continue
		}
		declared, imports := c.remembered()
		for _, d := range declared {
			for _, name := range d.names {
				all[name] = held{d, c}
			}
		}
		packages = append(packages, imports...)
	}
	return all, packages
}

// held is a declaration with its cell.
type held struct {
	remembered
	cell Cell
}

// at is the declaration that a line of a cell belongs to.
func (x *Index) at(id, line int) (held, bool) {
	for _, c := range x.Cells {
		if c.ID != id {
			continue
		}
		declared, _ := c.remembered()
		for _, d := range declared {
			if d.from <= line && line <= d.to {
				return held{d, c}, true
			}
		}
	}
	return held{}, false
}
