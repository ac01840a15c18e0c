package gonb

import (
	"go/parser"
	"go/token"
	"slices"
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
	src := Read(code)
	last := len(src.lines) - 1
	if src.Foreign || strings.TrimSpace(code) == "" || last > 0 && strings.TrimSpace(src.text(last)) == "" {
		return Complete, ""
	}
	if l := src.lines[last]; l.command {
		if strings.HasSuffix(src.text(last), `\`) {
			return Incomplete, ""
		}
	} else if l.start.after(src.text(last)) != inCode {
		return Incomplete, ""
	}
	open, ok := openBrackets(src.Go)
	if !ok {
		return Invalid, ""
	}
	if open > 0 || continues(src.Go) {
		return Incomplete, strings.Repeat("\t", open)
	}
	if parses(code) {
		return Complete, ""
	}
	return Invalid, ""
}

// openBrackets is how many brackets are open at the end of source; false if one
// is closed that was not open, or something is no Go.
func openBrackets(src string) (open int, ok bool) {
	all := Words(src)
	if slices.ContainsFunc(all, func(w Word) bool { return w.Tok == token.ILLEGAL }) {
		return 0, false
	}
	left, wrong := brackets(all, nil)
	return len(left), wrong == nil
}

// continues says whether source ends in the middle of a statement: Go puts no
// semicolon at the end.
func continues(src string) bool {
	all := Words(src + "\n")
	return len(all) > 0 && all[len(all)-1].Tok != token.SEMICOLON
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
