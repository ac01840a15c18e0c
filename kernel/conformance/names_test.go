package conformance

import (
	"strings"
	"testing"
)

// Of what is declared together the rest stays when one is declared anew.
func TestDeclaredTogether(t *testing.T) {
	k := start(t)
	k.ok("const (\n\tRed = iota\n\tGreen\n\tBlue\n)")
	k.ok("const Red = 9")
	k.shows("[]int{Red, Green, Blue}", "[9 1 2]")
	k.ok("const Green = 8")
	k.shows("[]int{Red, Green, Blue}", "[9 8 2]")
	k.ok("const (\n\tRed = iota\n\tGreen\n\tBlue\n)")
	k.shows("[]int{Red, Green, Blue}", "[0 1 2]")
	k.ok("%rm Red")
	k.shows("[]int{Green, Blue}", "[1 2]")
	k.ok("type size int64\nconst (\n\t_ = iota\n\tKB size = 1 << (10 * iota)\n\tMB\n\tfirst, second = iota, -iota\n\tthird, fourth\n)")
	k.ok("const KB = 1000")
	k.shows("fmt.Sprintf(`%T %v %T %v`, KB, KB, MB, MB)", `"int 1000 main.size 1048576"`)
	k.ok("const first = 0")
	k.shows("[]int{first, second, third, fourth}", "[0 -3 4 -4]")

	k.ok(`var a, err = strconv.Atoi("1")`)
	k.ok(`var b, err = strconv.Atoi("x")`)
	k.shows("fmt.Sprint(a, b, err)", `"1 0 strconv.Atoi: parsing \"x\": invalid syntax"`)
	k.ok(`var a, err = strconv.Atoi("3")`)
	k.shows("fmt.Sprint(a, b, err)", `"3 0 <nil>"`)
	k.ok("var a = \"text\"")
	k.shows("fmt.Sprint(a, b, err)", `"text0 <nil>"`)
	k.ok("var err = errors.New(`new`)\nvar x, y int = 1, 2")
	k.ok("var x = 5")
	k.shows("[]int{b, x, y}", "[0 5 2]")
	k.ok("var (\n\tp, q = strings.CutPrefix(\n\t\t\"prefixed\",\n\t\t\"pre\", // a comment\n\t)\n\tr = 1\n)")
	k.ok("var q = 4\nfmt.Println(p, q, r)")
}

// shows runs a cell that ends in a value.
func (k *kernel) shows(code, want string) outcome {
	k.t.Helper()
	o := k.ok(code)
	if got := o.result["text/plain"]; got != want {
		k.t.Errorf("%q shows %q, want %q", code, got, want)
	}
	return o
}

// An error says its own cell, also in what is declared once more.
func TestLinesOfTuples(t *testing.T) {
	k := start(t)
	k.ok("func must(s string) (int, error) {\n\tif s == \"\" {\n\t\tpanic(\"empty\")\n\t}\n\treturn 1, nil\n}")
	k.ok("var text = \"a\"\n\nvar a, err = must(text)")
	k.ok("var b, err = must(\"b\")")
	o := k.fails("var text = \"\"", "panic", "empty")
	if !strings.Contains(o.trace, "Cell [2], line 3") {
		t.Errorf("the trace does not name the line: %s", o.trace)
	}
}
