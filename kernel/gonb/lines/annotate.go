package lines

import (
	"fmt"
	"go/scanner"
	"go/token"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
)

// place is a position in a cell or a file.
type place struct {
	file      string
	line, col int  // from 1, col in bytes
	made      bool // the column means nothing
}

func (p place) directive() string { return fmt.Sprintf("/*line %s:%d:%d*/", p.file, p.line, p.col) }

// Annotate returns the source of GoNB's file of the given name with line
// directives, so that the positions in all that comes from a cell are the cell's.
// The directives are comments within the lines: no line moves, and the rest of the
// file keeps its own positions. Earlier annotations are replaced.
func Annotate(name string, src []byte, index *Index) []byte {
	text := Bare(string(src))
	found, all := declarations(text)
	if len(found) == 0 {
		return []byte(text)
	}
	known := index.places()
	from := make([]place, len(all))
	for _, d := range found {
		places, ok := known[d.signature()]
		if !ok {
			continue
		}
		for i, w := range d.words {
			from[w.index] = places[i]
		}
	}
	a := annotator{text: text, name: name, starts: gonb.LineStarts(text)}
	for i, w := range all {
		if from[i].file == "" {
			continue
		}
		a.at(w.From, from[i])
		if i+1 == len(all) || from[i+1].file == "" {
			a.at(w.To, a.own(w.To))
		}
	}
	a.out.WriteString(text[a.done:])
	return []byte(a.out.String())
}

// annotator writes a file with directives.
type annotator struct {
	text   string
	name   string
	starts []int
	out    strings.Builder
	done   int   // how much of text is written
	base   place // of the last directive
	real   place // where it is in the file
}

// own is the position of an offset in the file itself.
func (a *annotator) own(off int) place {
	line, col := gonb.LineColumn(a.starts, off)
	return place{file: a.name, line: line, col: col}
}

// at has the text at an offset come from p.
func (a *annotator) at(off int, p place) {
	real := a.own(off)
	is := real // the position without a new directive
	if a.base.file != "" {
		is = place{file: a.base.file, line: a.base.line + real.line - a.real.line, col: real.col}
		if real.line == a.real.line {
			is.col = a.base.col + real.col - a.real.col
		}
	}
	if is.file == p.file && is.line == p.line && (p.made || is.col == p.col) {
		return
	}
	a.out.WriteString(a.text[a.done:off])
	a.out.WriteString(p.directive())
	a.done, a.base, a.real = off, p, real
}

// places are the positions of the words of all declarations, by signature.
func (x *Index) places() map[string][]place {
	all := map[string][]place{}
	for _, c := range x.Cells {
		text, lines := gonb.Compose(c.Code)
		starts := gonb.LineStarts(text)
		name := fileName(c.ID)
		found, _ := declarations(text)
		for _, d := range found {
			list := make([]place, len(d.words))
			for i, w := range d.words {
				list[i] = origin(lines, starts, w.From)
				list[i].file = name
			}
			if signature := d.signature(); all[signature] == nil || !d.again() {
				all[signature] = list
			}
		}
	}
	return all
}

// origin is where an offset in a composed cell comes from. What GoNB appends is at
// the last line that comes from the cell.
func origin(lines []gonb.Line, starts []int, off int) place {
	line, col := gonb.LineColumn(starts, off)
	for i := line - 1; i >= 0; i-- {
		if l := lines[i]; l.Number > 0 {
			if l.Made || i < line-1 {
				return place{line: l.Number, col: 1, made: true}
			}
			return place{line: l.Number, col: col}
		}
	}
	return place{line: 1, col: 1, made: true}
}

var ours = lazy(`^/\*line (` + book + `/cell\[\d+\]|main(_test)?\.go):\d+:\d+\*/$`)

// Bare is a file without the directives of an earlier annotation.
func Bare(src string) string {
	if !strings.Contains(src, "/*line ") {
		return src
	}
	file := token.NewFileSet().AddFile("", -1, len(src))
	var s scanner.Scanner
	s.Init(file, []byte(src), nil, scanner.ScanComments)
	var out strings.Builder
	done := 0
	for {
		pos, tok, text := s.Scan()
		if tok == token.EOF {
			return out.String() + src[done:]
		}
		if tok == token.COMMENT && ours().MatchString(text) {
			off := file.Offset(pos)
			out.WriteString(src[done:off])
			done = off + len(text)
		}
	}
}
