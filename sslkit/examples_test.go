package sslkit

import (
	"go/ast"
	"go/doc"
	"strings"
	"testing"
)

// TestPackagesHaveExamples keeps `go doc` a tour: each package shows how it is used, and `go test` checks what it says.
func TestPackagesHaveExamples(t *testing.T) {
	exported, examples := map[string]bool{}, map[string][]*ast.File{}
	for _, s := range sources(t) {
		name, ours := strings.CutPrefix(s.folder(), "sslkit/")
		switch {
		case !ours || within(name, "internal") || s.file.Name.Name == "main" || ast.IsGenerated(s.file):
		case s.isTest():
			examples[name] = append(examples[name], s.file)
		default:
			exported[name] = exported[name] || ast.FileExports(s.file)
		}
	}
	if len(exported) < 10 {
		t.Fatalf("found %d packages, want those of sslkit", len(exported))
	}
	for name, exports := range exported {
		if exports && checked(examples[name]) == 0 {
			t.Errorf("package %s has no Example with an output: show how it is used in sslkit/%s/example_test.go", name, name)
		}
	}
}

// checked is the number of examples whose output go test compares.
func checked(files []*ast.File) (n int) {
	for _, example := range doc.Examples(files...) {
		if example.Output != "" || example.EmptyOutput {
			n++
		}
	}
	return n
}
