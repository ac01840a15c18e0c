package gonb

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// rewriter collects the changes of one cell.
type rewriter struct {
	Source
	edits
	names    func(path string) (string, bool)
	shell    func(command string, after bool) string
	number   int // of the cell
	memory   *memory
	blanks   map[string]int    // names given to blank variables and constants, with their uses
	declared map[string]int    // names of the package that the cell declares, with their lines
	imported map[string]string // names of packages, and their paths
	tuples   []tuple
	hasMain  bool   // the user wrote func main
	shows    bool   // the last expression is shown
	closing  string // what closes func main
}

func (r *rewriter) rewrite() error {
	r.blanks, r.declared, r.imported = map[string]int{}, map[string]int{}, map[string]string{}
	r.commandLines()
	r.shellLines()
	r.withoutInputCommands()
	all := Chunks(r.Go)
	split := len(all) // from here on all is the body of func main
	for i, c := range all {
		if r.Body >= 0 && c.From >= r.Body || r.Body < 0 && !c.Declaration() {
			split = i
			break
		}
	}
	if err := r.declarations(all[:split]); err != nil {
		return err
	}
	r.body(all[split:])
	r.literals()
	return nil
}

func (r *rewriter) apply() string { return r.edits.apply(r.code) + r.closing }

// commandLines takes off carriage returns, with which GoNB does not know its own
// commands, blanks commands without a name, and has one space before the function
// of %exec: GoNB ends or fails otherwise.
func (r *rewriter) commandLines() {
	for i, l := range r.lines {
		text := r.text(i)
		switch {
		case l.empty:
			r.replace(l.from, l.to, Blank(r.code[l.from:l.to]))
		case r.environment(i):
		case l.command && len(text) < l.to-l.from:
			r.replace(l.from+len(text), l.to, "")
		}
		if _, exec := Exec(text); l.command && exec {
			rest := text[strings.Index(text, "%exec")+len("%exec"):]
			if name := strings.TrimLeft(rest, " \t"); name != "" && len(name) < len(rest) {
				r.replace(l.from+len(text)-len(rest), l.from+len(text)-len(name), " ")
			}
		}
	}
}

// literals mends lines within raw strings and comments that GoNB would take for
// commands or a package clause, and leave out.
func (r *rewriter) literals() {
	for i, l := range r.lines {
		if l.hidden && l.start == inComment {
			r.insert(l.from, " ")
		}
		if l.start == inCode && strings.HasPrefix(r.text(i), "package") {
			r.insert(l.from, " ") // the clause itself is blanked
		}
	}
	for _, w := range Words(r.Go) {
		if w.Tok == token.STRING && strings.Contains(w.Text, "\n") && len(w.Text) > 1 && w.Text[len(w.Text)-1] == '`' {
			r.rawString(w)
		}
	}
}

// rawString ends a raw string before each line that GoNB would leave out, and goes
// on with another string:
//
//	`a        (`a`+"\n"+
//	%d`       "%"+`d`)
func (r *rewriter) rawString(w Word) {
	found := false
	for i, l := range r.lines {
		if l.from <= w.From || l.from >= w.To || !l.hidden && !strings.HasPrefix(r.text(i), "package") {
			continue
		}
		found = true
		r.insert(l.from-1, "`+\"\\n\"+")
		r.replace(l.from, l.from+1, `"`+r.code[l.from:l.from+1]+"\"+`")
	}
	if found {
		r.edits = append(r.edits, edit{at: w.From, text: "(", rank: opensLiteral}, edit{at: w.To, text: ")", rank: closesLiteral})
	}
}

// clause makes a file of a declaration, to parse it.
const clause = "package p;"

// parsed is a declaration of the cell.
type parsed struct {
	ast.Decl
	text   string
	offset func(token.Pos) int // in the cell
}

// declarations changes what is declared outside func main.
func (r *rewriter) declarations(all []Chunk) error {
	var list []parsed
	for _, c := range all {
		text := r.Go[c.From:c.To]
		if c.First() == token.PACKAGE {
			r.replace(c.From, c.To, Blank(r.code[c.From:c.To]))
			r.dropSemicolon(c.To)
			continue
		}
		f, err := ParseFile(clause+text, parser.SkipObjectResolution)
		if err != nil {
			continue // the front reports it
		}
		for _, d := range f.Decls {
			list = append(list, parsed{d, text, func(p token.Pos) int { return c.From + f.Offset(p) - len(clause) }})
		}
	}
	for _, p := range list {
		if err := r.note(p); err != nil {
			return err
		}
	}
	for _, p := range list {
		if err := r.declaration(p); err != nil {
			return err
		}
	}
	r.keepTuples(all)
	return nil
}

// declaration changes one.
func (r *rewriter) declaration(p parsed) error {
	switch d := p.Decl.(type) {
	case *ast.FuncDecl:
		return r.function(d)
	case *ast.GenDecl:
		switch d.Tok {
		case token.IMPORT:
			return r.importDecl(d, p.offset)
		case token.CONST:
			r.constants(d, r.blankNames(d, p.text, p.offset), p.offset)
		case token.VAR:
			if err := r.embeds(p); err != nil {
				return err
			}
			r.variables(d, r.blankNames(d, p.text, p.offset), p.offset)
		}
	}
	return nil
}

// name gives blank variables and constants their names.
func (r *rewriter) name(blanks map[*ast.Ident]string, offset func(token.Pos) int) {
	for n, name := range blanks {
		r.replace(offset(n.Pos()), offset(n.End()), name)
	}
}

// dropSemicolon blanks the semicolon behind a blanked piece of code.
func (r *rewriter) dropSemicolon(at int) {
	rest := r.Go[at:]
	gap := len(rest) - len(strings.TrimLeft(rest, " \t"))
	if strings.HasPrefix(rest[gap:], ";") {
		r.replace(at+gap, at+gap+1, " ")
	}
}

// edit replaces length bytes of a text by others.
type edit struct {
	at, length int
	text       string
	rank       int // order among edits at one offset
}

// Ranks: what closes a literal comes before what closes the statement around it,
// and what opens one comes after.
const (
	closesLiteral = -1
	opensLiteral  = 1
)

// edits are changes of a text, in any order.
type edits []edit

func (e *edits) insert(at int, text string) { *e = append(*e, edit{at: at, text: text}) }

func (e *edits) replace(from, to int, text string) {
	*e = append(*e, edit{at: from, length: to - from, text: text})
}

// apply returns text with the edits made.
func (e edits) apply(text string) string {
	slices.SortStableFunc(e, func(a, b edit) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank, b.rank))
	})
	var out strings.Builder
	at := 0
	for _, e := range e {
		if e.at < at {
			continue // within what is already replaced
		}
		out.WriteString(text[at:e.at])
		out.WriteString(e.text)
		at = e.at + e.length
	}
	out.WriteString(text[at:])
	return out.String()
}
