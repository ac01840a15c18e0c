package conformance

import (
	"strings"
	"testing"

	"github.com/gossl/gossl/kernel/wire/wiretest"
)

// Of what is declared together the rest stays when one is declared anew.
func TestDeclaredTogether(t *testing.T) {
	k := start(t)
	k.OK("const (\n\tRed = iota\n\tGreen\n\tBlue\n)")
	k.OK("const Red = 9")
	k.shows("[]int{Red, Green, Blue}", "[9 1 2]")
	k.OK("const Green = 8")
	k.shows("[]int{Red, Green, Blue}", "[9 8 2]")
	k.OK("const (\n\tRed = iota\n\tGreen\n\tBlue\n)")
	k.shows("[]int{Red, Green, Blue}", "[0 1 2]")
	k.OK("%rm Red")
	k.shows("[]int{Green, Blue}", "[1 2]")
	k.OK("type size int64\nconst (\n\t_ = iota\n\tKB size = 1 << (10 * iota)\n\tMB\n\tfirst, second = iota, -iota\n\tthird, fourth\n)")
	k.OK("const KB = 1000")
	k.shows("fmt.Sprintf(`%T %v %T %v`, KB, KB, MB, MB)", `"int 1000 main.size 1048576"`)
	k.OK("const first = 0")
	k.shows("[]int{first, second, third, fourth}", "[0 -3 4 -4]")

	k.OK(`var a, err = strconv.Atoi("1")`)
	k.OK(`var b, err = strconv.Atoi("x")`)
	k.shows("fmt.Sprint(a, b, err)", `"1 0 strconv.Atoi: parsing \"x\": invalid syntax"`)
	k.OK(`var a, err = strconv.Atoi("3")`)
	k.shows("fmt.Sprint(a, b, err)", `"3 0 <nil>"`)
	k.OK("var a = \"text\"")
	k.shows("fmt.Sprint(a, b, err)", `"text0 <nil>"`)
	k.OK("var err = errors.New(`new`)\nvar x, y int = 1, 2")
	k.OK("var x = 5")
	k.shows("[]int{b, x, y}", "[0 5 2]")
	k.OK("var (\n\tp, q = strings.CutPrefix(\n\t\t\"prefixed\",\n\t\t\"pre\", // a comment\n\t)\n\tr = 1\n)")
	k.OK("var q = 4\nfmt.Println(p, q, r)")
}

// shows runs a cell that ends in a value.
func (k *kernel) shows(code, want string) wiretest.Outcome {
	k.T.Helper()
	o := k.OK(code)
	if got := o.Result["text/plain"]; got != want {
		k.T.Errorf("%q shows %q, want %q", code, got, want)
	}
	return o
}

// An error says its own cell, also in what is declared once more.
func TestLinesOfTuples(t *testing.T) {
	k := start(t)
	k.OK("func must(s string) (int, error) {\n\tif s == \"\" {\n\t\tpanic(\"empty\")\n\t}\n\treturn 1, nil\n}")
	k.OK("var text = \"a\"\n\nvar a, err = must(text)")
	k.OK("var b, err = must(\"b\")")
	o := k.Fails("var text = \"\"", "panic", "empty")
	if !strings.Contains(o.Trace, "Cell [2], line 3") {
		t.Errorf("the trace does not name the line: %s", o.Trace)
	}
}

// Names are the user's, whatever Go, GoNB or the kernel use them for.
func TestNamesAreTheUsers(t *testing.T) {
	k := start(t)
	for _, c := range []struct{ code, value, shows string }{
		{`var fmt = "png"`, "fmt", `"png"`},
		{"import \"os\"\nos.Getpid();", "os.PathSeparator", "47"},
		{`var os = "linux"`, "os", `"linux"`},
		{"var len = 3", "[]int{len}", "[3]"},
		{"func append(a, b int) int { return a + b }", "append(1, 2)", "3"},
		{"type any = int", "any(4)", "4"},
		{"var flag = true", "flag", "true"},
		{"type string []byte", "string{1}", "[1]"},
		{"type error int", "error(2)", "2"},
		{"const nil = 7", "nil", "7"},
		{"var image, png, value = 1, 2, 3", "image + png + value", "6"},
	} {
		k.OK(c.code)
		k.shows(c.value, c.shows)
	}
	k.OK("%%\nprintln(flag)")
	k.OK("func Run() { println(flag) }\n%exec Run")
	for _, c := range []struct{ code, hint string }{
		{`fmt.Println(1)`, "fmt is the variable that Cell [1], line 1 declares: give that another name, or forget it: %rm fmt"},
		{"[]int{len([]int{})}", "len is the variable that Cell [7], line 1 declares"},
		{`flag.String("n", "", "")`, "flag is the variable that Cell [13], line 1 declares"},
	} {
		k.Fails(c.code, "BuildError", c.hint)
	}
	k.OK("%rm fmt len string any error nil append")
	k.OK("fmt.Println(len([]string{}))")
}

// What a cell declares must fit what is remembered: the message says what to do.
func TestRemembered(t *testing.T) {
	k := start(t)
	k.OK("func area(w float64) float64 { return w * w }")
	k.OK("func total() float64 {\n\treturn area(2) + area(3)\n}")
	k.Fails("func area(w, h float64) float64 { return w * h }", "BuildError",
		"the function total no longer fits: change it and run Cell [2] again, or forget it: %rm total")
	k.shows("total()", "13")
	k.OK("func area(w, h float64) float64 { return w * h }\n\nfunc total() float64 { return area(2, 3) }")
	k.OK("%rm total\nfunc area(w string) string { return w }")
	k.Fails("var area = 1", "BuildError", "forget it first: %rm area")
	k.OK("%rm area\nvar area = 1")
	k.Fails("var x = 1\nvar x = 2", "Refused", "x is declared in lines 1 and 2")
	k.OK(`var a, err = strconv.Atoi("1")`)
	k.Fails("%rm a", "Refused", "a and err get their values together in Cell [10], and are forgotten together: %rm a err")
	k.OK("%rm a err")
	k.Fails("a", "BuildError", "undefined: a")

	k.OK("func mustPanic() int { panic(\"bad\") }")
	hint := "the variable bad of Cell [15], line 2 is evaluated before each cell: change it and run Cell [15] again, or forget it: %rm bad"
	if o := k.Fails("\nvar bad = mustPanic()", "panic", hint); !strings.Contains(o.Trace, hint) {
		t.Errorf("the trace does not say it: %s", o.Trace)
	}
	k.Fails("1 + 1", "panic", hint)
	k.OK("%rm bad")
	k.shows("1 + 1", "2")
}

// A position that GoNB cannot read does not end it.
func TestOtherDeclaration(t *testing.T) {
	k := start(t)
	k.OK("var padding, more = 1, 2\n\n\nvar long, b = strconv.Itoa(1), 2")
	k.Fails("func b() {}", "BuildError", "to declare it as something else, forget it first: %rm b")
	k.OK("%rm b\nfunc b() {}")
	k.OK("var flag = true")
	k.OK("%test\nfunc TestFlag(t *testing.T) {\n\tif !flag {\n\t\tt.Error(flag)\n\t}\n}")
}
