package assist

import (
	"go/ast"
	"net/url"
	"os"
	"path/filepath"

	"github.com/gossl/gossl/kernel/gonb/lines"
)

// longest is how much source an answer shows at most, in bytes.
const longest = 20_000

// sourceAt returns the declaration around the first place, or "".
func (s *session) sourceAt(places []location) string {
	if len(places) == 0 {
		return ""
	}
	u, err := url.Parse(places[0].URI)
	if err != nil {
		return ""
	}
	text, ok := s.shown[filepath.Base(u.Path)]
	if !ok || filepath.Dir(u.Path) != filepath.Clean(s.memory.dir) {
		content, err := os.ReadFile(u.Path)
		if err != nil {
			return ""
		}
		text = lines.Bare(string(content))
	}
	return declarationAround(text, offsetAt(text, places[0].Range.Start))
}

// declarationAround returns the source of the top-level declaration that holds an offset, its comment left out.
func declarationAround(text string, offset int) string {
	file, _ := parse(text) // what can be parsed of it is enough
	for _, decl := range file.Decls {
		start, end := file.Offset(decl.Pos()), file.Offset(decl.End())
		if offset < start || offset >= end || end-start > longest {
			continue
		}
		if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == "_" {
			return "" // the cell itself
		}
		return text[start:min(end, len(text))]
	}
	return ""
}
