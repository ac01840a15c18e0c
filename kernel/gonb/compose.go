package gonb

import (
	"sort"
	"strings"
)

// Line says where a line of composed text comes from.
type Line struct {
	Number int  // the cell's line, from 1; 0 for none
	Made   bool // the text is GoNB's own, in place of the cell's line
}

// Compose returns the main.go that GoNB makes of a rewritten cell to parse it,
// before it adds the declarations of other cells.
func Compose(code string) (text string, lines []Line) {
	var b strings.Builder
	add := func(text string, l Line) {
		b.WriteString(text)
		b.WriteByte('\n')
		lines = append(lines, l)
	}
	add("package main", Line{})
	add("", Line{})
	src := Read(code)
	body := false
	for i, l := range src.lines {
		text, number := src.text(i), i+1
		call, exec := Exec(text)
		switch {
		case l.command && isMain(text):
			add("func main() {", Line{number, true})
			add("\tflag.Parse()", Line{number, true})
			body = true
		case l.command && exec:
			name, _, _ := strings.Cut(call, " ")
			for _, text := range []string{"func main() {", "\tflag.Parse()", "\t" + name + "()", "}"} {
				add(text, Line{number, true})
			}
		case l.command || strings.HasPrefix(text, "package"):
		default:
			add(code[l.from:l.to], Line{Number: number})
		}
	}
	if body {
		add("", Line{})
		add("}", Line{})
	}
	return b.String(), lines
}

// LineStarts are the offsets at which the lines of a text begin.
func LineStarts(text string) []int {
	starts := []int{0}
	for i := range len(text) {
		if text[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// LineColumn is where an offset of a text is, both counted from 1, the column in bytes.
func LineColumn(starts []int, offset int) (line, column int) {
	line = sort.SearchInts(starts, offset+1)
	return line, offset - starts[line-1] + 1
}
