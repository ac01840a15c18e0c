package gonb

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// The files of cgo. GoNB drops comments, and with them the C code before import
// "C": it lies in a header, which the shim has main.go include. Directives for cgo
// hold for the whole package, wherever they stand.
const (
	CgoHeader = "sslkit_cgo.h"
	cgoFile   = "sslkit_cgo.go"
)

// cgoGo is the Go file beside main.go. What C prints is not kept in C's buffer:
// nobody would empty it when a Go program ends.
const cgoGo = `package main

/*
DIRECTIVES#include <stdio.h>
static void __attribute__((constructor)) sslkit_unbuffered(void) { setvbuf(stdout, NULL, _IONBF, 0); }
*/
import "C"
`

// preamble is the C code before a cell's import "C", "" without one.
func preamble(golang string) string {
	const clause = "package p\n"
	// Errors are the compiler's to tell: imports before them are found.
	file, _ := parser.ParseFile(token.NewFileSet(), "", clause+golang, parser.ImportsOnly|parser.ParseComments)
	if file == nil || !strings.Contains(golang, `"C"`) {
		return ""
	}
	var text strings.Builder
	for _, declaration := range file.Decls {
		imports, ok := declaration.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range imports.Specs {
			path := spec.(*ast.ImportSpec) // nothing else with ImportsOnly
			doc := path.Doc
			if doc == nil && len(imports.Specs) == 1 {
				doc = imports.Doc
			}
			if path.Path.Value == `"C"` && doc != nil {
				for _, comment := range doc.List {
					text.WriteString(uncommented(comment.Text) + "\n")
				}
			}
		}
	}
	return text.String()
}

// uncommented is the text of a comment, as cgo reads it.
func uncommented(comment string) string {
	if text, ok := strings.CutPrefix(comment, "//"); ok {
		return text
	}
	return strings.TrimSuffix(strings.TrimPrefix(comment, "/*"), "*/")
}

// cDefinition is how a function, a macro or a type of C is defined; one of the groups is the name.
var cDefinition = regexp.MustCompile(`(?m)(\w+)\s*\([^;{}()]*\)\s*\{|^\s*#\s*define\s+(\w+)|(?:struct|union|enum)\s+(\w+)\s*\{|\}\s*(\w+)\s*;|^\s*typedef\s[^;{]*?(\w+)\s*;`)

// defined lists the names that C code defines.
func defined(code string) (names []string) {
	for _, match := range cDefinition.FindAllStringSubmatch(code, -1) {
		names = append(names, strings.Join(match[1:], ""))
	}
	return names
}

// withPreamble adds C code to that of earlier cells. Code that defines a name of
// it is replaced, as a cell that is run again replaces what it was.
func withPreamble(all []string, code string) []string {
	if strings.TrimSpace(code) == "" {
		return all
	}
	names := defined(code)
	kept := slices.DeleteFunc(slices.Clone(all), func(old string) bool {
		return old == code || slices.ContainsFunc(defined(old), func(name string) bool { return slices.Contains(names, name) })
	})
	return append(kept, code)
}

// cgoFiles are the files of all C code, "" where there is none.
func cgoFiles(all []string) (header, golang string) {
	if len(all) == 0 {
		return "", ""
	}
	var code, directives strings.Builder
	for line := range strings.Lines(strings.Join(all, "")) {
		if strings.HasPrefix(strings.TrimSpace(line), "#cgo") {
			directives.WriteString(strings.TrimSpace(line) + "\n")
		} else {
			code.WriteString(line)
		}
	}
	return code.String(), strings.Replace(cgoGo, "DIRECTIVES", directives.String(), 1)
}
