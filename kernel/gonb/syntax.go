package gonb

import (
	"errors"
	"fmt"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strings"
)

// SyntaxError is one in a cell.
type SyntaxError struct{ At, Message string } // At is line:column, or the line alone

// SyntaxErrors are those of a rewritten cell, which GoNB would report of its own text
// rather than of the cell's. Where the cell ends too early, the parser complains of
// text that is not the user's: the error is a bracket that nothing closes, or half a
// statement.
func SyntaxErrors(code string) []SyntaxError {
	text, origins := Compose(code)
	_, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution|parser.AllErrors)
	var found scanner.ErrorList
	if !errors.As(err, &found) {
		return nil
	}
	found.RemoveMultiples()
	t := composed{text: text, origins: origins, wrapped: strings.Contains(code, MainStart)}
	bracket := t.bracket()
	var list []SyntaxError
	for _, e := range found {
		ends := strings.Contains(e.Msg, "'EOF'") || t.behind(e.Pos)
		follows := bracket != nil && e.Pos.Offset >= bracket.offset && !(bracket.open && bracket.tok == token.LBRACE)
		if follows || ends && (bracket != nil || len(list) > 0) {
			continue
		}
		message := e.Msg
		if ends {
			message = "the cell ends in the middle of a statement"
		}
		list = append(list, SyntaxError{t.place(e.Pos), message})
	}
	if bracket != nil {
		list = append(list, SyntaxError{t.place(bracket.at), bracket.message()})
	}
	return list
}

// composed is the file that GoNB makes of a cell.
type composed struct {
	text    string
	origins []Line
	wrapped bool // the cell's statements stand in a func main of ours
}

// ours says whether a line of the file is not the cell's: where it is wrapped, the last one closes func main.
func (t composed) ours(line int) bool {
	if line > len(t.origins) || t.origins[line-1].Number == 0 || t.origins[line-1].Made {
		return true
	}
	return t.wrapped && !slices.ContainsFunc(t.origins[line:], func(l Line) bool { return l.Number > 0 })
}

// behind says whether there is nothing of the cell from a position on.
func (t composed) behind(pos token.Position) bool {
	for line := pos.Line; line <= len(t.origins); line++ {
		if !t.ours(line) {
			return false
		}
	}
	return true
}

// place is a position in the cell: line, and column if there is one.
func (t composed) place(pos token.Position) string {
	if !t.ours(pos.Line) {
		return fmt.Sprintf("%d:%d", t.origins[pos.Line-1].Number, pos.Column)
	}
	for at := min(pos.Line, len(t.origins)); at > 0; at-- { // behind the end is at the last line
		if n := t.origins[at-1].Number; n > 0 && !(t.ours(at) && t.wrapped) {
			return fmt.Sprint(n)
		}
	}
	return "1"
}

// bracket is one without a partner.
type bracket struct {
	tok    token.Token
	open   bool // it is not closed
	offset int
	at     token.Position
	met    token.Token // what it would close
}

func (b *bracket) message() string {
	switch {
	case b.open:
		return fmt.Sprintf("this %s is not closed", b.tok)
	case b.met != 0:
		return fmt.Sprintf("this %s would close %s", b.tok, b.met)
	}
	return fmt.Sprintf("this %s closes nothing", b.tok)
}

// bracket finds the first bracket of the user's that closes nothing, or else the last
// that is not closed. If indentation shows that a bracket was closed by the partner of
// another one, it is that one.
func (t composed) bracket() *bracket {
	starts := LineStarts(t.text)
	at := func(offset int) token.Position {
		line, column := LineColumn(starts, offset)
		return token.Position{Offset: offset, Line: line, Column: column}
	}
	indent := func(line int) int {
		text := t.text[starts[line-1]:]
		return len(text) - len(strings.TrimLeft(text, " \t"))
	}
	from := strings.Index(t.text, MainStart)
	theirs := slices.DeleteFunc(Words(t.text), func(w Word) bool {
		return t.ours(at(w.From).Line) || from >= 0 && w.From >= from && w.From < from+len(MainStart)
	})
	likely := -1
	open, wrong := brackets(theirs, func(open, closing Word) {
		p := at(closing.From)
		if in := indent(p.Line); likely < 0 && p.Column == in+1 && in < indent(at(open.From).Line) {
			likely = open.From
		}
	})
	unclosed := func(offset int) *bracket {
		tok := theirs[slices.IndexFunc(theirs, func(w Word) bool { return w.From == offset })].Tok
		return &bracket{tok: tok, open: true, offset: offset, at: at(offset)}
	}
	switch n := len(open); {
	case wrong != nil:
		return &bracket{tok: wrong.Tok, offset: wrong.From, at: at(wrong.From), met: wrong.met}
	case n > 0 && likely >= 0:
		return unclosed(likely)
	case n > 0:
		return unclosed(open[n-1].From)
	}
	return nil
}
