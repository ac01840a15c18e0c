package gonb

import (
	"go/scanner"
	"go/token"
	"strings"
	"unicode/utf8"
)

// Word is a token of Go source.
type Word struct {
	Tok      token.Token
	Text     string
	From, To int // offsets
}

// Words splits Go source into its tokens. Semicolons that Go puts at the ends of lines
// have the text "\n" and no length.
func Words(src string) []Word {
	file := token.NewFileSet().AddFile("", -1, len(src))
	var s scanner.Scanner
	s.Init(file, []byte(src), nil, 0)
	all := make([]Word, 0, len(src)/4)
	for {
		pos, tok, text := s.Scan()
		if tok == token.EOF {
			return all
		}
		w := Word{Tok: tok, Text: text, From: file.Offset(pos)}
		if text == "" {
			w.Text = tok.String()
		}
		switch w.To = w.From + len(w.Text); {
		case text == "\n":
			w.To = w.From
		case tok == token.ILLEGAL:
			_, size := utf8.DecodeRuneInString(src[w.From:]) // text may stand for a bad byte
			w.To = w.From + size
		case tok == token.STRING && text[0] == '`': // text is without carriage returns
			if i := strings.IndexByte(src[w.From+1:], '`'); i >= 0 {
				w.To = w.From + i + 2
			}
		}
		all = append(all, w)
	}
}

// partners are the brackets that close others.
var partners = map[token.Token]token.Token{token.LPAREN: token.RPAREN, token.LBRACK: token.RBRACK, token.LBRACE: token.RBRACE}

// mismatch is a bracket that closes nothing, or would close one of another kind: met.
type mismatch struct {
	Word
	met token.Token
}

// brackets returns the brackets that are open behind some words, and the first that
// closes none of its kind; nil if each does. It tells of each pair: paired may be nil.
func brackets(words []Word, paired func(open, closing Word)) (open []Word, wrong *mismatch) {
	for _, w := range words {
		switch w.Tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			open = append(open, w)
		case token.RPAREN, token.RBRACK, token.RBRACE:
			n := len(open) - 1
			if n >= 0 && partners[open[n].Tok] == w.Tok {
				if paired != nil {
					paired(open[n], w)
				}
				open = open[:n]
				continue
			}
			if wrong == nil {
				wrong = &mismatch{Word: w}
				if n >= 0 {
					wrong.met = open[n].Tok
				}
			}
		}
	}
	return open, wrong
}

// Missing are the brackets that close those which source leaves open.
func Missing(src string) string {
	open, _ := brackets(Words(src), nil)
	missing := ""
	for _, w := range open {
		missing = partners[w.Tok].String() + missing
	}
	return missing
}
