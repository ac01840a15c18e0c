package lines

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
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
		names = append(names, gonb.Unblank(strings.Replace(name, "~", ".", 1)))
	}
	return strings.Join(names, ", ")
}

func (d remembered) remove() string { return gonb.Forgetting(d.names...) }

// kinds are the words for kinds of declarations.
var kinds = map[token.Token]string{token.TYPE: "type", token.VAR: "variable", token.CONST: "constant", token.FUNC: "function"}

// remembered are the declarations of a cell, and the packages that it imports, by the
// names that it most likely uses.
func (c Cell) remembered() (all []remembered, packages []string) {
	text, origins := gonb.Compose(c.Code)
	file, err := gonb.ParseFile(text, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil
	}
	starts := gonb.LineStarts(text)
	line := func(p token.Pos) int { return origin(origins, starts, file.Offset(p)).line }
	for _, i := range file.Imports() {
		packages = append(packages, i.Key())
	}
	for _, n := range file.Names() {
		names, kind := []string{file.Key(n)}, kinds[n.Kind]
		if n.Method() {
			kind = "method"
		}
		if s, ok := n.Node.(*ast.ValueSpec); ok && gonb.Tuple(n.Kind, s) {
			if n.Ident != s.Names[0] {
				continue // with the first one
			}
			for _, other := range s.Names[1:] {
				names = append(names, other.Name)
			}
		}
		again := slices.ContainsFunc(names, func(name string) bool { _, ok := gonb.Former(name); return ok })
		if !again && !slices.Contains(names, "main") {
			all = append(all, remembered{names: names, kind: kind, from: line(n.Node.Pos()), to: line(n.Node.End() - 1)})
		}
	}
	return all, packages
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
