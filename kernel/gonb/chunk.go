package gonb

import (
	"go/parser"
	"go/token"
	"slices"
)

// Chunk is a piece of source between semicolons outside brackets.
type Chunk struct {
	Words    []Word // at least one
	From, To int    // offsets
	Next     int    // offset of the semicolon behind, or of the end of the source

	silent bool // the user ended it by a semicolon
}

// inHeader says whether a semicolon is one of those in the header of an if, for or
// switch, as in "if err := f(); err != nil {".
func inHeader(src string, before []Word, semicolon Word) bool {
	statement := before
	for len(statement) > 2 && statement[0].Tok == token.IDENT && statement[1].Tok == token.COLON { // a label
		statement = statement[2:]
	}
	if len(statement) == 0 || semicolon.Text != ";" || !slices.Contains([]token.Token{token.IF, token.FOR, token.SWITCH}, statement[0].Tok) {
		return false
	}
	_, err := parser.ParseFile(token.NewFileSet(), "", clause+"func _() {"+src[before[0].From:semicolon.From]+"}", parser.SkipObjectResolution)
	return err != nil
}

// Chunks splits source into declarations and statements.
func Chunks(src string) []Chunk {
	var all []Chunk
	var current []Word
	depth := 0
	finish := func(at int, semicolon bool) {
		if n := len(current); n > 0 {
			all = append(all, Chunk{Words: current, From: current[0].From, To: current[n-1].To, Next: at, silent: semicolon})
		} else if n := len(all); semicolon && n > 0 {
			all[n-1].silent = true
		}
		current = nil
	}
	for _, w := range Words(src) {
		switch w.Tok {
		case token.SEMICOLON:
			if depth == 0 && !inHeader(src, current, w) {
				finish(w.From, w.Text == ";")
				continue
			}
		case token.LPAREN, token.LBRACK, token.LBRACE:
			depth++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			depth = max(0, depth-1)
		}
		current = append(current, w)
	}
	finish(len(src), false)
	return all
}

// First is the token that the chunk begins with.
func (c Chunk) First() token.Token { return c.Words[0].Tok }

// Declaration says whether the chunk declares something, and cannot be read as a
// statement such as the call of a function literal.
func (c Chunk) Declaration() bool {
	switch c.First() {
	case token.IMPORT, token.CONST, token.TYPE, token.VAR, token.PACKAGE:
		return true
	case token.FUNC:
		return c.namedFunc()
	}
	return false
}

// namedFunc says whether a function has a name, as far as it is written: a literal has none.
func (c Chunk) namedFunc() bool {
	if len(c.Words) < 2 || c.Words[1].Tok == token.IDENT {
		return true
	}
	depth := 0
	for i, w := range c.Words[1:] {
		switch w.Tok {
		case token.LPAREN:
			depth++
		case token.RPAREN:
			depth--
		}
		if depth == 0 { // behind the receiver, or the parameters of a literal
			rest := c.Words[i+2:]
			return len(rest) > 0 && rest[0].Tok == token.IDENT && (len(rest) == 1 || rest[1].Tok == token.LPAREN)
		}
	}
	return true
}
