package lines

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"sort"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
)

// word is a token of Go source. Semicolons are left out: a line break may stand
// for one.
type word struct {
	text     string
	off, end int
	index    int // among all of the source
	assign   bool
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
		if former, ok := gonb.Former(w.text); ok {
			b.WriteString(former)
			continue
		}
		b.WriteString(w.text)
	}
	return b.String()
}

// again says whether a cell declares once more what another one did, because it
// has a new variable of a name in it.
func (d declaration) again() bool {
	return d.kind == token.VAR && slices.ContainsFunc(d.words, func(w word) bool {
		_, ok := gonb.Former(w.text)
		return ok
	})
}

// words splits Go source into its tokens.
func words(src string) []word {
	file := token.NewFileSet().AddFile("", -1, len(src))
	var s scanner.Scanner
	s.Init(file, []byte(src), nil, 0)
	all := make([]word, 0, len(src)/4)
	for {
		pos, tok, text := s.Scan()
		switch {
		case tok == token.EOF:
			return all
		case tok == token.SEMICOLON:
			continue
		case text == "":
			text = tok.String()
		}
		off := file.Offset(pos)
		w := word{text: text, off: off, end: off + len(text), index: len(all), assign: tok == token.ASSIGN}
		if tok == token.STRING && text[0] == '`' {
			if i := strings.IndexByte(src[off+1:], '`'); i >= 0 {
				w.end = off + i + 2 // text is without carriage returns
			}
		}
		all = append(all, w)
	}
}

// declarations are those of a Go file at its top level; none if it cannot be
// parsed.
func declarations(src string) ([]declaration, []word) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "", src, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil
	}
	f := splitter{words: words(src), file: files.File(parsed.FileStart)}
	for _, d := range parsed.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			f.function(d)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					f.add(d.Tok, s.Name.Name, f.within(s))
				case *ast.ValueSpec:
					f.values(d.Tok, s)
				}
			}
		}
	}
	return f.found, f.words
}

// splitter finds the declarations in a parsed file.
type splitter struct {
	words []word
	file  *token.File
	found []declaration
}

func (f *splitter) add(kind token.Token, name string, words []word) {
	f.found = append(f.found, declaration{kind: kind, key: kind.String() + " " + name, words: words})
}

// within are the words of a node.
func (f *splitter) within(n ast.Node) []word {
	from, to := f.file.Offset(n.Pos()), f.file.Offset(n.End())
	i := sort.Search(len(f.words), func(i int) bool { return f.words[i].off >= from })
	j := sort.Search(len(f.words), func(i int) bool { return f.words[i].off >= to })
	return f.words[i:j:j]
}

// function adds a function. GoNB makes func init of one named init_something.
func (f *splitter) function(d *ast.FuncDecl) {
	list := append([]word{}, f.within(d)...)
	name := d.Name.Name
	if d.Recv == nil && strings.HasPrefix(name, "init_") {
		at := f.file.Offset(d.Name.Pos())
		for i := range list {
			if list[i].off == at {
				list[i].text = "init"
			}
		}
	}
	if d.Recv != nil {
		for _, w := range f.within(d.Recv) {
			name += " " + w.text
		}
	}
	f.add(token.FUNC, name, list)
}

// values adds variables or constants. GoNB writes each name with its own value,
// but for variables that one call gives their values.
func (f *splitter) values(kind token.Token, s *ast.ValueSpec) {
	if len(s.Names) == 1 || kind == token.VAR && len(s.Values) == 1 {
		f.add(kind, s.Names[0].Name, f.within(s))
		return
	}
	for i, name := range s.Names {
		list := append([]word{}, f.within(name)...)
		if s.Type != nil {
			list = append(list, f.within(s.Type)...)
		}
		if i < len(s.Values) {
			list = append(list, f.assign(s)...)
			list = append(list, f.within(s.Values[i])...)
		}
		f.add(kind, name.Name, list)
	}
}

// assign is the equals sign of a spec.
func (f *splitter) assign(s *ast.ValueSpec) []word {
	value := f.file.Offset(s.Values[0].Pos())
	for i, w := range f.words {
		if w.assign && w.off < value && (i+1 == len(f.words) || f.words[i+1].off >= value) {
			return f.words[i : i+1 : i+1]
		}
	}
	return nil
}
