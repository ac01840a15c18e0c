package gonb

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// FuzzRewrite checks that lines keep their numbers, and that code that GoNB can parse
// stays so.
func FuzzRewrite(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "%", "% ", "%\\", "!\\\n", "%%\r\nx", "//gonb:%exec F", "%exec\tF", "%exec", "package main; import _ \"a\"",
		"import (\n_ \"a\"; \"b/v2\"\n)\nvar _, _ = f()\nconst _ = 1\nx, y;", "`a\n%d\npackage\n//gonb:%%\n`", "/*\n!x\n*/ f(1,\n2) // c",
		"func (a A[T]) L() {}\nfunc (b B[T]) L() {}", "x)(y", ";;", "f(`\r\n%\r\n`)", "'\\", "\"", "func", "func (", "var _ = `\n!!`", "é\x00\xff",
		"const (\nA, B = iota, `\n`\n_, C\n); var a, b = f(\n1)\nx", "const ( A = iota; B; ); var iota = 1", "const (A\n=1\n;B\n)",
		"import _ `a`\n\"\n", "%%writefile x\ny", "\ufeffx", "!\r\r",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, code string) {
		s := NewSession()
		got, err := s.Rewrite(code)
		s.Built(true)
		Completeness(code)
		if err != nil {
			return
		}
		text := got.Code
		if strings.HasSuffix(text, "\n}") || strings.HasSuffix(text, "\n//") {
			text = text[:strings.LastIndexByte(text, '\n')]
		}
		if have, want := strings.Count(text, "\n"), strings.Count(code, "\n"); have != want && strings.Count(got.Code, "\n") != want {
			t.Errorf("%q has %d line feeds, %q has %d", code, want, got.Code, have)
		}
		composed, lines := Compose(got.Code)
		if have := strings.Count(composed, "\n"); have != len(lines) {
			t.Errorf("%q: composed has %d lines, %d are described", code, have, len(lines))
		}
		for name, text := range got.Files {
			if text != "" && !parsable(text) {
				t.Errorf("%q: %s does not parse: %q", code, name, text)
			}
		}
		if strings.Contains("\n"+code, "\npackage") {
			return // GoNB leaves such lines out, whatever else is on them
		}
		if before, _ := Compose(code); parsable(before) && !parsable(composed) {
			t.Errorf("%q can be parsed, %q cannot", code, got.Code)
		}
	})
}

func parsable(text string) bool {
	_, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
	return err == nil
}
