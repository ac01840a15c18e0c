package gonb

import (
	"go/parser"
	"go/token"
	"strings"
)

// The answers to whether code is complete.
const (
	Complete   = "complete"
	Incomplete = "incomplete"
	Invalid    = "invalid"
)

// Completeness says, for a console, whether code can be executed or needs more
// lines, and how the next line is to be indented.
func Completeness(code string) (status, indent string) {
	src := read(code)
	last := len(src.lines) - 1
	if src.magic || strings.TrimSpace(code) == "" || last > 0 && strings.TrimSpace(src.text(last)) == "" {
		return Complete, ""
	}
	if l := src.lines[last]; l.command {
		if strings.HasSuffix(src.text(last), `\`) {
			return Incomplete, ""
		}
	} else if l.start.after(src.text(last)) != inCode {
		return Incomplete, ""
	}
	open, ok := openBrackets(src.golang)
	if !ok {
		return Invalid, ""
	}
	if open > 0 || continues(src.golang) {
		return Incomplete, strings.Repeat("\t", open)
	}
	if parses(code) {
		return Complete, ""
	}
	return Invalid, ""
}

// openBrackets is how many brackets are open at the end of source; false if one
// is closed that was not open.
func openBrackets(src string) (open int, ok bool) {
	var stack []token.Token
	closes := map[token.Token]token.Token{token.RPAREN: token.LPAREN, token.RBRACK: token.LBRACK, token.RBRACE: token.LBRACE}
	for _, w := range words(src) {
		switch w.tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			stack = append(stack, w.tok)
		case token.RPAREN, token.RBRACK, token.RBRACE:
			n := len(stack) - 1
			if n < 0 || stack[n] != closes[w.tok] {
				return 0, false
			}
			stack = stack[:n]
		case token.ILLEGAL:
			return 0, false
		}
	}
	return len(stack), true
}

// continues says whether source ends in the middle of a statement: Go puts no
// semicolon at the end.
func continues(src string) bool {
	all := words(src + "\n")
	return len(all) > 0 && all[len(all)-1].tok != token.SEMICOLON
}

// parses says whether GoNB can parse a cell. What it refuses for other reasons is
// complete.
func parses(code string) bool {
	r, err := NewSession().Rewrite(code)
	if err != nil {
		return true
	}
	text, _ := Compose(r.Code)
	_, err = parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
	return err == nil
}
