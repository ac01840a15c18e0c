package front

import (
	"errors"
	"fmt"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"

	"github.com/gossl/gossl/kernel/cell"
	"github.com/gossl/gossl/kernel/lines"
)

// syntax looks for errors that GoNB would report of its own text rather than of
// the cell's. The file is the name of the cell in positions.
func (f *front) syntax(file, code string) *ending {
	text, origins := cell.Compose(code)
	_, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution|parser.AllErrors)
	var found scanner.ErrorList
	if !errors.As(err, &found) {
		return nil
	}
	found.RemoveMultiples()
	var output strings.Builder
	for _, e := range found {
		fmt.Fprintf(&output, "./%s:%s: syntax error: %s\n", file, place(e.Pos, origins), e.Msg)
	}
	return f.buildFailure(output.String())
}

// place is a position of composed text in the cell: line, and column if there is one.
func place(pos token.Position, origins []cell.Line) string {
	if pos.Line <= len(origins) && origins[pos.Line-1].Number > 0 && !origins[pos.Line-1].Made {
		return fmt.Sprintf("%d:%d", origins[pos.Line-1].Number, pos.Column)
	}
	for at := min(pos.Line, len(origins)); at > 0; at-- { // behind the end is at the last line
		if n := origins[at-1].Number; n > 0 {
			return fmt.Sprint(n)
		}
	}
	return "1"
}

// buildFailure says what the compiler said, at the cells' own lines. The page
// shows it once, in the best form that the client knows.
func (f *front) buildFailure(output string) *ending {
	text, page := lines.Explain(output+f.advice(output), f.index, f.history.code)
	return &ending{name: "BuildError", value: text, page: page, traceback: []string{"\x1b[31mBuildError\x1b[0m: the cell does not compile"}}
}
