package gonb

import (
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"unicode/utf8"
)

// word is a token of Go source.
type word struct {
	tok      token.Token
	text     string
	off, end int
}

// words splits Go source without carriage returns into its tokens; semicolons that
// Go puts at the ends of lines have the text "\n".
func words(src string) []word {
	file := token.NewFileSet().AddFile("", -1, len(src))
	var s scanner.Scanner
	s.Init(file, []byte(src), nil, 0)
	var all []word
	for {
		pos, tok, text := s.Scan()
		if tok == token.EOF {
			return all
		}
		w := word{tok: tok, text: text, off: file.Offset(pos)}
		if text == "" {
			w.text = tok.String()
		}
		switch w.end = w.off + len(w.text); {
		case text == "\n":
			w.end = w.off
		case tok == token.ILLEGAL:
			_, size := utf8.DecodeRuneInString(src[w.off:]) // text may stand for a bad byte
			w.end = w.off + size
		}
		all = append(all, w)
	}
}

// chunk is a piece of source between semicolons outside brackets.
type chunk struct {
	words    []word // at least one
	from, to int    // byte offsets
	silent   bool   // the user ended it by a semicolon
}

// inHeader says whether a semicolon is one of those in the header of an if, for or
// switch, as in "if err := f(); err != nil {".
func inHeader(src string, before []word, semicolon word) bool {
	statement := before
	for len(statement) > 2 && statement[0].tok == token.IDENT && statement[1].tok == token.COLON { // a label
		statement = statement[2:]
	}
	if len(statement) == 0 || semicolon.text != ";" || !slices.Contains([]token.Token{token.IF, token.FOR, token.SWITCH}, statement[0].tok) {
		return false
	}
	_, err := parser.ParseFile(token.NewFileSet(), "", clause+"func _() {"+src[before[0].off:semicolon.off]+"}", parser.SkipObjectResolution)
	return err != nil
}

// chunks splits source into declarations and statements.
func chunks(src string) []chunk {
	var all []chunk
	var current []word
	depth := 0
	finish := func(semicolon bool) {
		if n := len(current); n > 0 {
			all = append(all, chunk{words: current, from: current[0].off, to: current[n-1].end, silent: semicolon})
		} else if n := len(all); semicolon && n > 0 {
			all[n-1].silent = true
		}
		current = nil
	}
	for _, w := range words(src) {
		switch w.tok {
		case token.SEMICOLON:
			if depth == 0 && !inHeader(src, current, w) {
				finish(w.text == ";")
				continue
			}
		case token.LPAREN, token.LBRACK, token.LBRACE:
			depth++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			depth = max(0, depth-1)
		}
		current = append(current, w)
	}
	finish(false)
	return all
}

func (c chunk) first() token.Token { return c.words[0].tok }

// declaration says whether the chunk declares something, and cannot be read as a
// statement such as the call of a function literal.
func (c chunk) declaration() bool {
	switch c.first() {
	case token.IMPORT, token.CONST, token.TYPE, token.VAR, token.PACKAGE:
		return true
	case token.FUNC:
		return c.namedFunc()
	}
	return false
}

func (c chunk) namedFunc() bool {
	if len(c.words) < 2 || c.words[1].tok == token.IDENT {
		return len(c.words) > 1
	}
	depth := 0
	for i, w := range c.words[1:] {
		switch w.tok {
		case token.LPAREN:
			depth++
		case token.RPAREN:
			depth--
		}
		if depth == 0 { // behind the receiver, or the parameters of a literal
			rest := c.words[i+2:]
			return len(rest) > 1 && rest[0].tok == token.IDENT && rest[1].tok == token.LPAREN
		}
	}
	return false
}
