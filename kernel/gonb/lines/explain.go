package lines

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gossl/gossl/kernel/gonb"
)

// Explain makes of what the go command says a text and an HTML page for the user:
// each error once, with its line of the cell. cells gives a cell's code as the user
// wrote it; packages, those that cells can import, is asked only if one may help.
// What is at no cell stays as it is, without the paths of GoNB's folder.
func Explain(output string, index *Index, cells func(cell int) string, packages func() []Package) (text, html string) {
	e := explainer{index: index, cells: cells, packages: sync.OnceValue(packages)}
	for line := range strings.Lines(output) {
		if line = strings.TrimRight(line, "\r\n"); strings.HasPrefix(line, "usage: ") {
			break // of the go command, or one of its tools: it is the message before that matters
		}
		e.line(line)
	}
	e.hints()
	var plain, page strings.Builder
	for _, p := range e.causes() {
		plain.WriteString(p.text())
		page.WriteString(p.html())
	}
	if plain.Len() == 0 {
		return "", ""
	}
	return strings.TrimSuffix(plain.String(), "\n"), pageStart + page.String() + pageEnd
}

// causes are the problems without those that are caused by others.
func (e *explainer) causes() []problem {
	if len(e.problems) == 0 {
		return nil
	}
	kept := make([]problem, 0, len(e.problems))
	for _, p := range e.problems {
		if !e.meant(&p) {
			kept = append(kept, p)
		}
	}
	if len(kept) > 0 && (kept[0].cell > 0 || kept[0].message != tooMany) {
		return kept
	}
	kept = e.problems
	for i := range kept {
		e.meant(&kept[i])
	}
	return kept
}

// tooMany is the compiler's last line if it has more to say.
const tooMany = "too many errors"

// problem is an error, or other text.
type problem struct {
	cell, line, col int    // cell 0 if it is at none, col in characters, 0 if unknown
	message, more   string // more are the lines that follow
	source          string // the cell's line; col counts in it
	id              int    // of the cell's text
	hints           []string
}

// where is the position in words.
func (p problem) where() string {
	if p.cell == 0 {
		return ""
	}
	s := fmt.Sprintf("Cell [%d], line %d", p.cell, p.line)
	if p.col > 0 {
		s += fmt.Sprintf(", column %d", p.col)
	}
	return s
}

var (
	atCell = lazy(`^(?:vet: )?(?:\S*/)?cell\[(\d+)\]:(\d+)(?::(\d+))?: (.*)$`)
	inText = lazy(`(?:[^\s"(]*/)?cell\[(\d+)\]:(\d+)(?::\d+)?`)
	folder = lazy(`(?:\.\.?)?(?:/[^\s:"'/]+)*/` + gonb.FolderPrefix + `[0-9a-zA-Z]+/`)
	header = lazy(`^(?:#|package) ` + gonb.FolderPrefix + `\w+( \[.*\])?$`)
	// made is the compiler's second position, that in GoNB's file.
	made = lazy(`\[(?:[^\]\s]*/)?main(?:_test)?\.go:\d+(?::\d+)?\]`)
	// notTheirs are positions in files that the user has not written.
	notTheirs = lazy(`(?:\./)?\b(?:main(?:_test)?|sslkit_\w+(?:/\w+)?)\.go:\d+(?::\d+)?(?:: )?`)
	pragmas   = lazy(`//(?:go:[a-z]+|export)\b`)
	get       = lazy(`^go get (\S+)$`)
	files     = lazy(`^(?:\./)?(?:main(?:_test)?|sslkit_\w+(?:/\w+)?)\.go:(\d+)(?::\d+)?: (.*)$`)
)

// explainer reads what the go command says, line by line.
type explainer struct {
	index    *Index
	cells    func(int) string
	packages func() []Package
	problems []problem
	repeated bool // the last error is there already
}

func (e *explainer) line(line string) {
	line = made().ReplaceAllString(folder().ReplaceAllString(line, ""), "")
	if strings.TrimSpace(line) == "" || header().MatchString(line) {
		return
	}
	if n := len(e.problems); strings.HasPrefix(line, "\t") && n > 0 {
		if !e.repeated {
			e.problems[n-1].more += "\n    " + e.inWords(get().ReplaceAllString(strings.TrimSpace(line), "!* go get $1 adds the module, if the proxy is reachable"))
		}
		return
	}
	line = strings.TrimSpace(line)
	p := problem{message: line}
	if m := atCell().FindStringSubmatch(line); m != nil {
		p = e.at(number(m[1]), number(m[2]), number(m[3]), m[4])
	} else if m := files().FindStringSubmatch(line); m != nil {
		p = e.atImport(m[2])
	}
	p.message = e.inWords(p.message)
	e.repeated = slices.ContainsFunc(e.problems, func(q problem) bool {
		return q.cell == p.cell && q.line == p.line && q.col == p.col && q.message == p.message
	})
	if !e.repeated {
		e.problems = append(e.problems, p)
	}
}

// inWords takes out of a message what the user did not write.
func (e *explainer) inWords(message string) string {
	message = strings.ReplaceAll(message, " in argument to "+strings.TrimSuffix(gonb.ShowCall, "("), "")
	message = notTheirs().ReplaceAllString(gonb.Unblank(message), "")
	return inText().ReplaceAllStringFunc(message, func(position string) string {
		m := inText().FindStringSubmatch(position)
		return e.index.inWords(m[1], m[2])
	})
}

// inWords is a position as the user reads it.
func (x *Index) inWords(id, line string) string {
	return fmt.Sprintf("Cell [%d], line %s", x.number(number(id)), line)
}

// at is a problem at a position in a rewritten cell; byte column 0 is unknown.
func (e *explainer) at(id, line, col int, message string) problem {
	p := problem{id: id, cell: e.index.number(id), line: line, message: message}
	written := strings.Split(e.cells(p.cell), "\n")
	if line > len(written) { // what closes func main
		p.line, col = len(written), 0
		for p.line > 1 && strings.TrimSpace(written[p.line-1]) == "" {
			p.line--
		}
	}
	p.line = max(1, p.line)
	p.source = strings.TrimSuffix(written[p.line-1], "\r")
	if col > 0 {
		if rewritten := strings.Split(e.index.code(id), "\n"); line > 0 && line <= len(rewritten) {
			col = column(rewritten[line-1], p.source, col)
		}
		p.col = len([]rune(p.source[:min(col-1, len(p.source))])) + 1
	}
	return p
}

var imported = lazy("^\\s*(?:import\\b)?[\\s(;]*(?:[\\w.]+\\s+)?[\"`]([^\"`]+)[\"`]")

// atImport is a problem with an import or a pragma, of which GoNB's file does not say the cell.
func (e *explainer) atImport(message string) problem {
	for _, c := range slices.Backward(e.index.Cells) {
		for i, source := range strings.Split(e.cells(c.Number), "\n") {
			m := imported().FindStringSubmatchIndex(source)
			if m == nil {
				continue
			}
			path := regexp.QuoteMeta(source[m[2]:m[3]])
			if named := regexp.MustCompile(`(?:^|[\s"])` + path + `(?:$|[\s":;,@])`); named.MatchString(message) {
				return e.at(c.ID, i+1, 0, message)
			}
		}
	}
	if pragma := pragmas().FindString(message); pragma != "" { // comments before a declaration stay where GoNB puts them
		for _, c := range slices.Backward(e.index.Cells) {
			for i, source := range strings.Split(e.cells(c.Number), "\n") {
				if strings.HasPrefix(source, pragma) {
					return e.at(c.ID, i+1, 0, message)
				}
			}
		}
	}
	return problem{message: message}
}

// number is a decimal number; 0 if there is none.
func number(digits string) int {
	n, _ := strconv.Atoi(digits) // the pattern lets nothing else through
	return n
}
