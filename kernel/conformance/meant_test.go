package conformance

import (
	"strings"
	"testing"
)

// What is not there is said to be so, with what may be meant; nothing of GoNB's own
// file is in a message.
func TestErrorsSayWhatIsMeant(t *testing.T) {
	k := start(t)
	for _, c := range []struct{ code, value string }{
		{`fmt.println("x")`, "package fmt exports no println: do you mean fmt.Println?"},
		{"fmt.Println(1)\nfmt.println(2)", "package fmt exports no println: do you mean fmt.Println?"},
		{`strings.Contans("x")`, "package strings has no Contans: do you mean strings.Contains?"},
		{"strings.ToUpper(\"a\")\nstrings.Contans(\"x\")", "line 2, column 1: package strings has no Contans"},
		{"device.Opne()", "package github.com/gossl/gossl/sslkit/device has no Opne: do you mean device.Open?"},
		{"ftm.Println()", "undefined: ftm: do you mean fmt?"},
		{"nosuch.F()", "undefined: nosuch: nothing is declared by this name"},
		{"import \"image/jpg\"\njpg.Decode(nil)", "package image/jpg is neither in Go's library nor in a module of this notebook: do you mean image/jpeg?"},
		{"import \"github.com/nosuch/pkg\"\npkg.X()", "package github.com/nosuch/pkg is in no module of this notebook"},
		{"import \"internal/abi\"\nfmt.Println(abi.FuncPCABI0)", "line 1: use of internal package internal/abi not allowed"},
		{"type X struct { Y }\ntype Y struct { X }", "invalid recursive type"},
		{"var a = b\nvar b = a", "initialization cycle"},
		{"func F() {\n\tif true {", "line 2, column 10: syntax error: this { is not closed"},
		{"fmt.Println(1))", "column 15: syntax error: this ) closes nothing"},
		{"x :=", "syntax error: the cell ends in the middle of a statement"},
		{"//go:linkname foo bar\nfunc foo()\nfoo()", "line 1: //go:linkname only allowed in Go files that import \"unsafe\""},
		{"import \"C\"\nfunc G() { return C.int(1) + \"s\" }", "line 2, column 19"},
		{"%goflags -nosuch\nfmt.Println(1)", "flag provided but not defined: -nosuch"},
	} {
		o := k.Fails(c.code, "BuildError", c.value)
		for _, not := range []string{"main.go", "sslkit_", "/*line", "/sslkit/notebook", "gonb_", "EOF", "usage:"} {
			if strings.Contains(o.Value+o.Trace, not) {
				t.Errorf("%q: %q is in\n%s", c.code, not, o.Value)
			}
		}
		k.OK(`%goflags ""`)
	}
	o := k.Fails("type U struct{}\nfunc (U) HTML() string { panic(\"mine\") }\nU{}", "panic", "mine")
	if strings.Contains(o.Trace, "sslkit") || !strings.Contains(o.Trace, "main.U.HTML") {
		t.Errorf("helpers of ours are in the trace:\n%s", o.Trace)
	}
}
