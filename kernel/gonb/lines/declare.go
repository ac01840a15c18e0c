package lines

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"sort"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
)

// word is a token of Go source.
type word struct {
	gonb.Word
	index int // among all of the source
}

// words splits Go source into its tokens. Semicolons are left out: a line break may
// stand for one.
func words(src string) []word {
	var all []word
	for _, w := range gonb.Words(src) {
		if w.Tok != token.SEMICOLON {
			all = append(all, word{w, len(all)})
		}
	}
	return all
}

// declaration is one that GoNB keeps by itself: a function, or a spec of a var,
// const or type declaration, of which it makes one for each name.
type declaration struct {
	key   string // what a later declaration replaces it by
	kind  token.Token
	words []word
}

// signature is the same for equal declarations, however they are formatted.
func (d declaration) signature() string {
	var b strings.Builder
	b.WriteString(d.kind.String())
	for _, w := range d.words {
		b.WriteByte(0)
		if former, ok := gonb.Former(w.Text); ok {
			b.WriteString(former)
			continue
		}
		b.WriteString(w.Text)
	}
	return b.String()
}

// again says whether a cell declares once more what another one did, because it
// has a new variable of a name in it.
func (d declaration) again() bool {
	return d.kind == token.VAR && slices.ContainsFunc(d.words, func(w word) bool {
		_, ok := gonb.Former(w.Text)
		return ok
	})
}

// declarations are those of a Go file at its top level; none if it cannot be
// parsed.
func declarations(src string) ([]declaration, []word) {
	file, err := gonb.ParseFile(src, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil
	}
	f := splitter{words: words(src), file: file}
	done := map[ast.Node]bool{}
	for _, n := range file.Names() {
		if done[n.Node] {
			continue // with the first of its names
		}
		done[n.Node] = true
		switch node := n.Node.(type) {
		case *ast.FuncDecl:
			f.function(n, node)
		case *ast.TypeSpec:
			f.add(n, f.within(node))
		case *ast.ValueSpec:
			f.values(n, node)
		}
	}
	return f.found, f.words
}

// splitter finds the declarations in a parsed file.
type splitter struct {
	words []word
	file  gonb.File
	found []declaration
}

func (f *splitter) add(n gonb.Name, words []word) {
	f.found = append(f.found, declaration{kind: n.Kind, key: n.Kind.String() + " " + f.file.Key(n), words: words})
}

// within are the words of a node.
func (f *splitter) within(n ast.Node) []word {
	from, to := f.file.Offset(n.Pos()), f.file.Offset(n.End())
	i := sort.Search(len(f.words), func(i int) bool { return f.words[i].From >= from })
	j := sort.Search(len(f.words), func(i int) bool { return f.words[i].From >= to })
	return f.words[i:j:j]
}

// function adds a function. GoNB makes func init of one named init_something.
func (f *splitter) function(n gonb.Name, d *ast.FuncDecl) {
	list := slices.Clone(f.within(d))
	if !n.Method() && strings.HasPrefix(n.Name, "init_") {
		at := f.file.Offset(n.Pos())
		for i := range list {
			if list[i].From == at {
				list[i].Text = "init"
			}
		}
	}
	f.add(n, list)
}

// values adds variables or constants. GoNB writes each name with its own value,
// but for variables that one call gives their values.
func (f *splitter) values(n gonb.Name, s *ast.ValueSpec) {
	if len(s.Names) == 1 || gonb.Tuple(n.Kind, s) {
		f.add(n, f.within(s))
		return
	}
	for i, id := range s.Names {
		list := slices.Clone(f.within(id))
		if s.Type != nil {
			list = append(list, f.within(s.Type)...)
		}
		if i < len(s.Values) {
			list = append(list, f.assign(s)...)
			list = append(list, f.within(s.Values[i])...)
		}
		f.add(gonb.Name{Ident: id, Kind: n.Kind, Node: s}, list)
	}
}

// assign is the equals sign of a spec.
func (f *splitter) assign(s *ast.ValueSpec) []word {
	value := f.file.Offset(s.Values[0].Pos())
	for i, w := range f.words {
		if w.Tok == token.ASSIGN && w.From < value && (i+1 == len(f.words) || f.words[i+1].From >= value) {
			return f.words[i : i+1 : i+1]
		}
	}
	return nil
}
