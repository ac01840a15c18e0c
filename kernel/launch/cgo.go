package launch

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
)

// externally are the flags of the link of cells with C, in place of home's: Go's own
// linker does not know all of C's. What a user's %goflags say comes behind them.
const externally = "-ldflags=-w"

// cgo makes main.go include the C code of the cells, if there is some, and returns
// the arguments with which the go command then builds it. Lines keep their numbers.
func cgo(dir string, args []string) ([]string, error) {
	if _, err := os.Stat(filepath.Join(dir, gonb.CgoHeader)); errors.Is(err, fs.ErrNotExist) {
		return args, nil
	}
	file := filepath.Join(dir, sources[0])
	source, err := os.ReadFile(file)
	if err != nil {
		return args, fmt.Errorf("launch: %w", err)
	}
	if better := includePreamble(source); !bytes.Equal(better, source) {
		if err := os.WriteFile(file, better, 0o600); err != nil {
			return args, fmt.Errorf("launch: %w", err)
		}
	}
	return slices.Insert(slices.Clone(args), 1, externally), nil
}

// includePreamble moves import "C" in front of the first import, below a comment
// on the line before, which GoNB leaves empty.
func includePreamble(source []byte) []byte {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "", source, parser.ImportsOnly)
	if err != nil || len(parsed.Decls) == 0 {
		return source // the compiler tells
	}
	lines := strings.Split(string(source), "\n")
	first := files.Position(parsed.Decls[0].Pos()).Line - 1
	if first == 0 || strings.TrimSpace(lines[first-1]) != "" {
		return source
	}
	found := false
	text := slices.Clone(source)
	for _, spec := range parsed.Imports {
		if spec.Path.Value != `"C"` {
			continue
		}
		found = true
		from, to := files.Position(spec.Path.Pos()).Offset, files.Position(spec.Path.End()).Offset
		for _, declaration := range parsed.Decls { // import "C" alone: the word goes, too
			if d, ok := declaration.(*ast.GenDecl); ok && !d.Lparen.IsValid() && d.Specs[0] == spec {
				from = files.Position(d.Pos()).Offset
			}
		}
		copy(text[from:to], bytes.Repeat([]byte(" "), to-from))
	}
	if !found {
		return source
	}
	lines = strings.Split(string(text), "\n")
	lines[first-1] = `// #include "` + gonb.CgoHeader + `"`
	lines[first] = `import "C"; ` + lines[first]
	return []byte(strings.Join(lines, "\n"))
}
