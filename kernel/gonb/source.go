package gonb

import (
	"slices"
	"strings"
)

// within is what a position in Go source lies in.
type within int

const (
	inCode within = iota
	inRawString
	inComment
)

// line is a line of a cell.
type line struct {
	from, to int    // byte offsets, without the line feed
	start    within // what it begins in
	command  bool   // GoNB takes it for a command, or for the rest of one
	hidden   bool   // GoNB would take it for a command, but it is within a string or comment
	empty    bool   // a command without a name, which ends GoNB
}

// command is a special line of GoNB's, such as %args -n 3.
type command struct {
	name string
	args []string
	end  int // offset
}

// Source is a cell as GoNB reads it.
type Source struct {
	Go      string // the code with spaces for commands and carriage returns; nothing else if it is Foreign
	Foreign bool   // the cell is in another language, or text to write
	Body    int    // offset from which the code is the body of func main; -1 without %%

	code     string
	lines    []line
	exec     bool // GoNB makes a func main that calls a function
	commands []command
}

// Read reads a cell.
func Read(code string) Source {
	s := Source{code: code, Body: -1}
	at := 0
	for text := range strings.SplitSeq(code, "\n") {
		s.lines = append(s.lines, line{from: at, to: at + len(text)})
		at += len(text) + 1
	}
	words := strings.FieldsFunc(strings.TrimPrefix(s.text(0), Prefix), isBlank)
	if s.Foreign = len(words) > 0 && isForeign(words[0]); s.Foreign {
		s.Go = Blank(code)
		return s
	}
	b := []byte(strings.ReplaceAll(code, "\r", " "))
	state := inCode
	for i := 0; i < len(s.lines); i++ {
		l := &s.lines[i]
		l.start = state
		special := isCommand(s.text(i))
		switch {
		case special && state != inCode:
			l.hidden = true
		case special:
			last := s.takeCommand(i)
			for _, l := range s.lines[i : last+1] {
				blank(b[l.from:l.to])
			}
			i = last
			continue
		}
		state = state.after(code[l.from:l.to])
	}
	s.Go = string(b)
	return s
}

// Declarations is what stands before the body of func main, where a command says
// where that begins.
func (s Source) Declarations() string {
	if s.Body < 0 {
		return s.Go
	}
	return s.Go[:s.Body]
}

// IsCommand says whether a line, counted from 0, is a command of GoNB's, or goes on
// with one.
func (s Source) IsCommand(line int) bool {
	return s.lines[line].command || s.Foreign && line == 0
}

// CommandAt returns the command in whose line an offset is, and where it begins. It
// may still be without a name.
func (s Source) CommandAt(offset int) (command string, start int, ok bool) {
	i := slices.IndexFunc(s.lines, func(l line) bool { return offset <= l.to })
	if i < 0 || s.Foreign && i > 0 || s.lines[i].start != inCode {
		return "", 0, false
	}
	text := strings.TrimPrefix(s.text(i), Prefix)
	if text == "" || text[0] != '%' && text[0] != '!' {
		return "", 0, false
	}
	return text, s.lines[i].from + len(s.text(i)) - len(text), true
}

// ForeignAt says whether an offset is in another language, below the line that says so.
func (s Source) ForeignAt(offset int) bool { return s.Foreign && offset > s.lines[0].to }

// text is a line as GoNB is to see it, without carriage returns at its end.
func (s *Source) text(i int) string {
	return strings.TrimRight(s.code[s.lines[i].from:s.lines[i].to], "\r")
}

// isCommand says whether GoNB takes a line for a command.
func isCommand(text string) bool {
	text = strings.TrimPrefix(text, Prefix)
	return len(text) > 1 && (text[0] == '%' || text[0] == '!')
}

// isMain says whether what is below a line is the body of func main.
func isMain(text string) bool {
	text = strings.TrimPrefix(text, Prefix)
	return strings.HasPrefix(text, "%main") || text == "%%" || strings.HasPrefix(text, "%% ") || strings.HasPrefix(text, "%%\t")
}

// Exec returns the function that a line has GoNB call, with the arguments of the
// program behind it.
func Exec(line string) (call string, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(line, Prefix), "%exec")
	return strings.TrimSpace(rest), ok && (rest == "" || isBlank(rune(rest[0])) || rest[0] == '\r')
}

// Calling is a line that has GoNB call a function.
func Calling(function string) string { return "%exec " + function }

// OnlyDirects says whether a line is a command of GoNB's own: a cell without another line has no program to run.
func OnlyDirects(line string) bool { return strings.HasPrefix(strings.TrimPrefix(line, Prefix), "%") }

// joined is the command on line i, and its last line: a backslash at the end
// continues it.
func (s *Source) joined(i int) (text string, last int) {
	for last = i; ; last++ {
		text += strings.TrimPrefix(s.text(last), Prefix)
		rest, more := strings.CutSuffix(text, `\`)
		if !more {
			return text, last
		}
		text = rest + " "
		if last == len(s.lines)-1 {
			return text, last
		}
	}
}

// takeCommand records the command on line i and returns its last line.
func (s *Source) takeCommand(i int) int {
	joined, last := s.joined(i)
	for j := i; j <= last; j++ {
		s.lines[j].command = true
	}
	words := strings.FieldsFunc(joined[1:], isBlank)
	if len(words) == 0 {
		for j := i; j <= last; j++ {
			s.lines[j].empty = true
		}
		return last
	}
	if joined[0] == '%' {
		s.commands = append(s.commands, command{words[0], words[1:], s.lines[last].from + len(s.text(last))})
	}
	if isMain(s.text(i)) && s.Body < 0 {
		s.Body = s.lines[i].to
	}
	_, exec := Exec(s.text(i))
	s.exec = s.exec || exec
	return last
}

// has says whether the cell holds a command.
func (s *Source) has(names ...string) bool {
	return slices.ContainsFunc(s.commands, func(c command) bool { return slices.Contains(names, c.name) })
}

// blankGo says whether nothing but commands and blank lines is left in code, which
// has the lines of s.
func (s *Source) blankGo(code string) bool {
	for i, text := range strings.Split(code, "\n") {
		if (i >= len(s.lines) || !s.lines[i].command) && strings.TrimSpace(text) != "" {
			return false
		}
	}
	return true
}

// withoutReturns is the code with a first line that GoNB understands.
func (s *Source) withoutReturns(program func() string) string {
	return script(s.text(0), program) + s.code[s.lines[0].to:]
}

// after is what the text behind a line lies in, if the line begins in w.
func (w within) after(text string) within {
	for i := 0; i < len(text); {
		rest := text[i:]
		switch {
		case w == inRawString:
			i += past(rest, "`", &w)
		case w == inComment:
			i += past(rest, "*/", &w)
		case strings.HasPrefix(rest, "//"):
			return inCode
		case strings.HasPrefix(rest, "/*"):
			w, i = inComment, i+2
		case rest[0] == '`':
			w, i = inRawString, i+1
		case rest[0] == '"' || rest[0] == '\'':
			i += quoted(rest)
		default:
			i++
		}
	}
	return w
}

// past is the length of text up to and with end, behind which is code.
func past(text, end string, w *within) int {
	i := strings.Index(text, end)
	if i < 0 {
		return len(text)
	}
	*w = inCode
	return i + len(end)
}

// quoted is the length of the string or rune literal that text begins with.
func quoted(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0]:
			return i + 1
		}
	}
	return len(text)
}

func isBlank(r rune) bool { return r == ' ' || r == '\t' || r == '\n' }

func blank(b []byte) {
	for i := range b {
		b[i] = ' '
	}
}

// Blank is text with a space for each byte, line breaks excepted.
func Blank(text string) string {
	b := []byte(text)
	for i, c := range b {
		if c != '\n' && c != '\r' {
			b[i] = ' '
		}
	}
	return string(b)
}
