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

// syntax looks for errors that GoNB would report of its own text rather than of the cell's.
func (f *front) syntax(r *running, code string) *ending {
	text, origins := cell.Compose(code)
	_, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution|parser.AllErrors)
	var found scanner.ErrorList
	if !errors.As(err, &found) {
		return nil
	}
	found.RemoveMultiples()
	var output strings.Builder
	for _, e := range found {
		line := 0
		for at := min(e.Pos.Line, len(origins)); at > 0 && line == 0; at-- { // an end of file is at the last line
			line = origins[at-1].Number
		}
		fmt.Fprintf(&output, "./%s:%d: syntax error: %s\n", lines.Name(r.count), max(line, 1), e.Msg)
	}
	return f.buildFailure(output.String())
}

// buildFailure says what the compiler said, at the cells' own lines. The page
// shows it once, in the best form that the client knows.
func (f *front) buildFailure(output string) *ending {
	text, page := lines.Explain(output, f.index, f.history.code)
	return &ending{name: "BuildError", value: text, page: page, traceback: []string{"\x1b[31mBuildError\x1b[0m: the cell does not compile"}}
}
