package cell

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// rewriter collects the changes of one cell.
type rewriter struct {
	source
	edits
	names   func(path string) (string, bool)
	shell   func(command string, after bool) string
	memory  *memory
	blanks  map[string]int // names given to blank variables and constants, with their uses
	hasMain bool           // the user wrote func main
	shows   bool           // the last expression is shown
	closing string         // what closes func main
}

func (r *rewriter) rewrite() error {
	r.blanks = map[string]int{}
	r.commandLines()
	r.shellLines()
	r.withoutInputCommands()
	all := chunks(r.golang)
	split := len(all) // from here on all is the body of func main
	for i, c := range all {
		if r.main >= 0 && c.from >= r.main || r.main < 0 && !c.declaration() {
			split = i
			break
		}
	}
	for _, c := range all[:split] {
		if err := r.declaration(c); err != nil {
			return err
		}
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
			r.replace(l.from, l.to, spaces(r.code[l.from:l.to]))
		case r.environment(i):
		case l.command && len(text) < l.to-l.from:
			r.replace(l.from+len(text), l.to, "")
		}
		if l.command && isExec(text) {
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
	for _, w := range words(r.golang) {
		if w.tok == token.STRING && strings.Contains(w.text, "\n") && len(w.text) > 1 && w.text[len(w.text)-1] == '`' {
			r.rawString(w)
		}
	}
}

// rawString ends a raw string before each line that GoNB would leave out, and goes
// on with another string:
//
//	`a        (`a`+"\n"+
//	%d`       "%"+`d`)
func (r *rewriter) rawString(w word) {
	found := false
	for i, l := range r.lines {
		if l.from <= w.off || l.from >= w.end || !l.hidden && !strings.HasPrefix(r.text(i), "package") {
			continue
		}
		found = true
		r.insert(l.from-1, "`+\"\\n\"+")
		r.replace(l.from, l.from+1, `"`+r.code[l.from:l.from+1]+"\"+`")
	}
	if found {
		r.edits = append(r.edits, edit{at: w.off, text: "(", rank: opensLiteral}, edit{at: w.end, text: ")", rank: closesLiteral})
	}
}

// clause makes a file of a declaration, to parse it.
const clause = "package p;"

// declaration changes a declaration outside func main.
func (r *rewriter) declaration(c chunk) error {
	text := r.golang[c.from:c.to]
	if c.first() == token.PACKAGE {
		r.replace(c.from, c.to, spaces(r.code[c.from:c.to]))
		r.dropSemicolon(c.to)
		return nil
	}
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "", clause+text, parser.SkipObjectResolution)
	if err != nil {
		return nil // GoNB reports it
	}
	offset := func(p token.Pos) int { return c.from + files.File(parsed.Pos()).Offset(p) - len(clause) }
	for _, d := range parsed.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if err := r.function(d); err != nil {
				return err
			}
		case *ast.GenDecl:
			switch d.Tok {
			case token.IMPORT:
				r.importDecl(d, offset)
			case token.VAR, token.CONST:
				r.blankNames(d, text, offset)
			}
		}
	}
	return nil
}

// dropSemicolon blanks the semicolon behind a blanked piece of code.
func (r *rewriter) dropSemicolon(at int) {
	rest := r.golang[at:]
	gap := len(rest) - len(strings.TrimLeft(rest, " \t"))
	if strings.HasPrefix(rest[gap:], ";") {
		r.replace(at+gap, at+gap+1, " ")
	}
}
