package lines

import (
	"html"
	"strings"
)

// The colours are readable on white and on black.
const (
	pageStart = `<div style="font-family:monospace;white-space:pre-wrap">`
	pageEnd   = `</div>`
	red       = `<span style="color:#e5484d;font-weight:bold">`
	blue      = `<span style="color:#3b8eea">`
	end       = `</span>`
)

// quotation is the line of the cell and a caret below the column, both without the
// indentation; the caret is "" if the column is unknown.
func (p problem) quotation() (source, caret string) {
	source = strings.TrimLeft(p.source, " \t")
	if p.col == 0 || source == "" {
		return source, ""
	}
	at := p.col - 1 - (len(p.source) - len(source))
	if at < 0 {
		return source, ""
	}
	var b strings.Builder
	for _, r := range source {
		if at--; at < 0 {
			break
		}
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	return source, b.String() + "^"
}

func (p problem) text() string {
	if p.cell == 0 {
		return p.message + p.more + "\n"
	}
	out := p.where() + ": " + p.message + p.more + "\n"
	source, caret := p.quotation()
	if source != "" {
		out += "    " + source + "\n"
	}
	if caret != "" {
		out += "    " + caret + "\n"
	}
	for _, hint := range p.hints {
		out += "    " + hint + "\n"
	}
	return out
}

func (p problem) html() string {
	if p.cell == 0 {
		return "<div>" + html.EscapeString(p.message+p.more) + "</div>"
	}
	out := "<div>" + blue + html.EscapeString(p.where()) + end + ": " + red + html.EscapeString(p.message+p.more) + end
	source, caret := p.quotation()
	if source != "" {
		out += "\n    " + html.EscapeString(source)
	}
	if caret != "" {
		out += "\n    " + caret[:len(caret)-1] + red + "^" + end
	}
	for _, hint := range p.hints {
		out += "\n    " + html.EscapeString(hint)
	}
	return out + "</div>"
}
