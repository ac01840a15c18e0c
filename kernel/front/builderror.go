package front

import (
	"fmt"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
	"github.com/gossl/gossl/kernel/gonb/lines"
)

// syntax looks for errors that GoNB would report of its own text rather than of
// the cell's. The file is the name of the cell in positions.
func (f *front) syntax(file, code string) *ending {
	found := gonb.SyntaxErrors(code)
	if len(found) == 0 {
		return nil
	}
	var output strings.Builder
	for _, e := range found {
		fmt.Fprintf(&output, "./%s:%s: syntax error: %s\n", file, e.At, e.Message)
	}
	return f.buildFailure(output.String())
}

// buildFailure is how a cell fails that does not compile: the compiler's messages, at the
// cells' own lines. The value has them as text and the page as HTML, of which a client
// shows one; the traceback does not repeat them.
func (f *front) buildFailure(output string) *ending {
	text, page := lines.Explain(output+f.advice(output), f.index, f.history.code, f.packages)
	return &ending{name: "BuildError", value: text, page: page, traceback: []string{"\x1b[31mBuildError\x1b[0m: the cell does not compile"}}
}
