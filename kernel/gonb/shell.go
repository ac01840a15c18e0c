package gonb

import (
	"slices"
	"strings"
)

// shellLines has the commands of a cell run so that they write to the front.
func (r *rewriter) shellLines() {
	if r.shell == nil {
		return
	}
	for i := 0; i < len(r.lines); i++ {
		l := r.lines[i]
		if !l.command || l.empty || !strings.HasPrefix(strings.TrimPrefix(r.text(i), Prefix), "!") {
			continue
		}
		joined, last := r.joined(i)
		text := strings.TrimLeft(joined[1:], " \t")
		star := ""
		if strings.HasPrefix(text, "*") { // in the folder of GoNB's module
			star, text = "*", text[1:]
		}
		r.replace(l.from, l.to, "!"+star+r.shell(text, r.speaks()))
		for _, rest := range r.lines[i+1 : last+1] {
			r.replace(rest.from, rest.to, Blank(r.code[rest.from:rest.to]))
		}
		i = last
	}
}

// speaks says whether a command of GoNB's may print something.
func (s *Source) speaks() bool {
	return slices.ContainsFunc(s.commands, func(c command) bool {
		known, ok := named("%" + c.name)
		return !ok || !known.silent
	})
}

// script has a cell of another language run so that it writes to the front.
func script(line string, program func() string) string {
	if program == nil {
		return line
	}
	text := strings.TrimPrefix(line, Prefix)
	name, args, _ := strings.Cut(text, " ")
	switch {
	case name == "%%script" && strings.TrimSpace(args) != "":
		return `%%script "` + program() + `" ` + args
	case slices.Contains([]string{"%%bash", "%%sh"}, name) && strings.TrimSpace(args) == "":
		return `%%script "` + program() + `" ` + name[2:]
	}
	return line
}

// inputCommands are those that have GoNB ask for input. The front asks wherever
// there is need.
var inputCommands = []string{"with_inputs", "with_password"}

// withoutInputCommands blanks them.
func (r *rewriter) withoutInputCommands() {
	for i, l := range r.lines {
		words := strings.FieldsFunc(strings.TrimPrefix(r.text(i), Prefix), isBlank)
		if l.command && len(words) > 0 && slices.Contains(inputCommands, strings.TrimPrefix(words[0], "%")) {
			r.replace(l.from, l.to, Blank(r.code[l.from:l.to]))
		}
	}
}
