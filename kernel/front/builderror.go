package front

import (
	"errors"
	"fmt"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
	"github.com/gossl/gossl/kernel/gonb/lines"
)

// syntax looks for errors that GoNB would report of its own text rather than of
// the cell's. The file is the name of the cell in positions.
func (f *front) syntax(file, code string) *ending {
	found := syntaxErrors(code)
	if len(found) == 0 {
		return nil
	}
	var output strings.Builder
	for _, e := range found {
		fmt.Fprintf(&output, "./%s:%s: syntax error: %s\n", file, e.at, e.message)
	}
	return f.buildFailure(output.String())
}

// syntaxError is one in a cell.
type syntaxError struct{ at, message string } // at is line:column, or the line alone

// syntaxErrors are those of a rewritten cell. What the parser misses or finds too
// much where the cell ends is a bracket, or half a statement: the text behind it is
// not the user's.
func syntaxErrors(code string) []syntaxError {
	text, origins := gonb.Compose(code)
	_, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution|parser.AllErrors)
	var found scanner.ErrorList
	if !errors.As(err, &found) {
		return nil
	}
	found.RemoveMultiples()
	t := composed{text: text, origins: origins, wrapped: strings.Contains(code, gonb.MainStart)}
	bracket := t.bracket()
	var list []syntaxError
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
		list = append(list, syntaxError{t.place(e.Pos), message})
	}
	if bracket != nil {
		list = append(list, syntaxError{t.place(bracket.at), bracket.message()})
	}
	return list
}

// composed is the file that GoNB makes of a cell.
type composed struct {
	text    string
	origins []gonb.Line
	wrapped bool // the cell's statements stand in a func main of ours
}

// ours says whether a line of the file is not the cell's: where it is wrapped, the last one closes func main.
func (t composed) ours(line int) bool {
	if line > len(t.origins) || t.origins[line-1].Number == 0 || t.origins[line-1].Made {
		return true
	}
	return t.wrapped && !slices.ContainsFunc(t.origins[line:], func(l gonb.Line) bool { return l.Number > 0 })
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
	indent int         // of its line
	met    token.Token // what it would close
}

var closes = map[token.Token]token.Token{token.LPAREN: token.RPAREN, token.LBRACK: token.RBRACK, token.LBRACE: token.RBRACE}

func (b *bracket) message() string {
	switch {
	case b.open:
		return fmt.Sprintf("this %s is not closed", b.tok)
	case b.met != 0:
		return fmt.Sprintf("this %s would close %s", b.tok, b.met)
	}
	return fmt.Sprintf("this %s closes nothing", b.tok)
}

// bracket finds the first bracket of the user's that closes nothing, or else the last that is not closed: rather the
// one whose partner seems to be another's, by its indentation.
func (t composed) bracket() *bracket {
	file := token.NewFileSet().AddFile("", -1, len(t.text))
	var s scanner.Scanner
	s.Init(file, []byte(t.text), nil, 0)
	from := strings.Index(t.text, gonb.MainStart)
	var stack []bracket
	var likely *bracket
	rows := strings.Split(t.text, "\n")
	for {
		pos, tok, _ := s.Scan()
		b := bracket{tok: tok, open: true, offset: file.Offset(pos), at: file.Position(pos)}
		if tok == token.EOF {
			break
		}
		line := rows[b.at.Line-1]
		b.indent = len(line) - len(strings.TrimLeft(line, " \t"))
		if t.ours(b.at.Line) || from >= 0 && b.offset >= from && b.offset < from+len(gonb.MainStart) {
			continue
		}
		switch tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			stack = append(stack, b)
		case token.RPAREN, token.RBRACK, token.RBRACE:
			b.open = false
			n := len(stack) - 1
			if n < 0 {
				return &b
			}
			if closes[stack[n].tok] != tok {
				b.met = stack[n].tok
				return &b
			}
			if likely == nil && b.at.Column == b.indent+1 && b.indent < stack[n].indent {
				open := stack[n]
				likely = &open
			}
			stack = stack[:n]
		}
	}
	if len(stack) > 0 && likely != nil {
		return likely
	}
	if n := len(stack); n > 0 {
		return &stack[n-1]
	}
	return nil
}

// buildFailure says what the compiler said, at the cells' own lines. The page
// shows it once, in the best form that the client knows.
func (f *front) buildFailure(output string) *ending {
	text, page := lines.Explain(output+f.advice(output), f.index, f.history.code, f.packages)
	return &ending{name: "BuildError", value: text, page: page, traceback: []string{"\x1b[31mBuildError\x1b[0m: the cell does not compile"}}
}
