package assist

import (
	"go/scanner"
	"go/token"
	"strings"
	"unicode/utf8"
)

// goLines returns a cell with everything that is not Go replaced by spaces, byte for byte, and where func main's body
// begins by a special command; -1 if it does not.
func goLines(code string) (blanked string, body int) {
	body = -1
	if otherLanguage(code) {
		return blank(code), body
	}
	var b strings.Builder
	continued := false
	for line := range strings.Lines(code) {
		special := continued || isMagic(line)
		if !continued && body < 0 && beginsMain(line) {
			body = b.Len() + len(strings.TrimRight(line, "\r\n"))
		}
		continued = special && strings.HasSuffix(strings.TrimRight(line, "\r\n"), `\`)
		if special || strings.HasPrefix(line, "package ") {
			line = blank(line)
		}
		b.WriteString(line)
	}
	return b.String(), body
}

// blank replaces everything but line ends by spaces, byte for byte.
func blank(text string) string {
	bytes := []byte(text)
	for i, c := range bytes {
		if c != '\n' && c != '\r' {
			bytes[i] = ' '
		}
	}
	return string(bytes)
}

// A chunk is what lies between two semicolons at the top level of a cell: a declaration or statements.
type chunk struct {
	start, end  int // in bytes
	first       token.Token
	declaration bool // that may stand outside of functions
}

// chunks splits Go code, however incomplete. missing are the brackets that it leaves open.
func chunks(src string) (list []chunk, missing string) {
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(src))
	s.Init(file, []byte(src), nil, 0)
	var open []byte
	var head []token.Token // of the current chunk, what lies in brackets left out
	start := 0
	flush := func(end int) {
		if len(head) > 0 {
			list = append(list, chunk{start, end, head[0], declares(head)})
			head = nil
		}
	}
	for {
		pos, tok, _ := s.Scan()
		offset := file.Offset(pos)
		if tok == token.EOF {
			flush(len(src))
			break
		}
		if tok == token.SEMICOLON && len(open) == 0 {
			flush(offset)
			continue
		}
		if len(head) == 0 {
			start = offset
		}
		if len(open) == 0 {
			head = append(head, tok)
		}
		open = nest(open, tok)
	}
	for _, c := range open {
		missing = string(c) + missing
	}
	return list, missing
}

// nest keeps the closing brackets that a token leaves missing.
func nest(open []byte, tok token.Token) []byte {
	switch tok {
	case token.LPAREN:
		return append(open, ')')
	case token.LBRACK:
		return append(open, ']')
	case token.LBRACE:
		return append(open, '}')
	case token.RPAREN, token.RBRACK, token.RBRACE:
		return open[:max(0, len(open)-1)]
	}
	return open
}

// declares says whether tokens begin a declaration. A function literal is none: it has no name.
func declares(head []token.Token) bool {
	switch head[0] {
	case token.IMPORT, token.CONST, token.TYPE, token.VAR:
		return true
	case token.FUNC:
		named := len(head) == 1 || head[1] == token.IDENT
		method := len(head) == 3 && head[2] == token.IDENT || len(head) > 3 && head[2] == token.IDENT && head[3] == token.LPAREN
		return named || head[1] == token.LPAREN && (len(head) == 2 || method)
	}
	return false
}

// danglingSelector says whether the cursor stands behind a dot with nothing to select. The next line would be taken for
// the selection.
func danglingSelector(src string, cursor int) bool {
	next, _ := utf8.DecodeRuneInString(src[cursor:])
	return strings.HasSuffix(src[:cursor], ".") && !isWord(next)
}
