package notebook

import (
	"errors"
	"fmt"
	"go/format"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
)

// Source makes a literate Go source of a notebook's cells: [Literate] makes the
// same cells of it. A cell of statements, which Go knows only in functions,
// becomes a function and a line that calls it. The error names the cell that
// cannot be a part of a Go file, and why.
func Source(cells []Cell) ([]byte, error) {
	w := sourceWriter{}
	w.line(0, "package main")
	for i, c := range cells {
		if strings.TrimSpace(c.Source) == "" {
			continue
		}
		w.cell(i+1, c)
	}
	text := w.text.String()
	if err := w.check(text); err != nil {
		return nil, err
	}
	formatted, err := format.Source([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("notebook: %w", err)
	}
	return formatted, nil
}

// sourceWriter writes a literate source and remembers which line is from which cell.
type sourceWriter struct {
	text  strings.Builder
	cells []int // by line
}

func (w *sourceWriter) line(cell int, line string) {
	w.text.WriteString(line + "\n")
	w.cells = append(w.cells, cell)
}

// cell writes a cell, its number counted from 1.
func (w *sourceWriter) cell(number int, c Cell) {
	head := "// %%"
	if c.Type == Markdown {
		head += " [markdown]"
	}
	if len(c.Tags) > 0 {
		head += ` tags=["` + strings.Join(c.Tags, `", "`) + `"]`
	}
	w.line(number, "")
	w.line(number, head)
	source := strings.Trim(c.Source, "\n")
	lines := strings.Split(source, "\n")
	if c.Type == Markdown {
		for _, line := range lines {
			w.line(number, strings.TrimRight("// "+line, " "))
		}
		return
	}
	w.line(number, "")
	read := gonb.Read(source)
	for i, line := range lines {
		if read.IsCommand(i) {
			lines[i] = gonb.Prefix + line
		}
	}
	if isStatements(lines) {
		name := fmt.Sprintf("cell%d", number)
		lines = append(append([]string{"func " + name + "() {"}, lines...), "}", "", gonb.Prefix+gonb.Calling(name))
	}
	for _, line := range lines {
		w.line(number, line)
	}
}

// isStatements says whether code is right in a function, but not outside of one.
func isStatements(lines []string) bool {
	parses := func(before, after string) bool {
		text := "package p\n" + before + strings.Join(lines, "\n") + after
		_, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
		return err == nil
	}
	return !parses("", "\n") && parses("func _() {\n", "\n}\n")
}

// check reports the first error of the source at its cell.
func (w *sourceWriter) check(text string) error {
	_, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution|parser.AllErrors)
	var found scanner.ErrorList
	if !errors.As(err, &found) {
		return err
	}
	at := found[0].Pos.Line
	return fmt.Errorf("notebook: cell %d cannot be a part of a Go file: %s", w.cells[min(at, len(w.cells))-1], found[0].Msg)
}
