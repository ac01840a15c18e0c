package gonb

import "strings"

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
	src := read(code)
	body := false
	for i, l := range src.lines {
		text, number := src.text(i), i+1
		switch {
		case l.command && isMain(text):
			add("func main() {", Line{number, true})
			add("\tflag.Parse()", Line{number, true})
			body = true
		case l.command && isExec(text):
			name := ""
			if words := strings.Split(strings.TrimPrefix(text, prefix), " "); len(words) > 1 {
				name = words[1]
			}
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
