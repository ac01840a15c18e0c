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
		k.ok(c.code)
		k.shows(c.value, c.shows)
	}
	k.ok("%%\nprintln(flag)")
	k.ok("func Run() { println(flag) }\n%exec Run")
	for _, c := range []struct{ code, hint string }{
		{`fmt.Println(1)`, "fmt is the variable that Cell [1], line 1 declares: give that another name, or forget it: %rm fmt"},
		{"[]int{len([]int{})}", "len is the variable that Cell [7], line 1 declares"},
		{`flag.String("n", "", "")`, "flag is the variable that Cell [13], line 1 declares"},
	} {
		k.fails(c.code, "BuildError", c.hint)
	}
	k.ok("%rm fmt len string any error nil append")
	k.ok("fmt.Println(len([]string{}))")
}

// What a cell declares must fit what is remembered: the message says what to do.
func TestRemembered(t *testing.T) {
	k := start(t)
	k.ok("func area(w float64) float64 { return w * w }")
	k.ok("func total() float64 {\n\treturn area(2) + area(3)\n}")
	k.fails("func area(w, h float64) float64 { return w * h }", "BuildError",
		"the function total no longer fits: change it and run Cell [2] again, or forget it: %rm total")
	k.shows("total()", "13")
	k.ok("func area(w, h float64) float64 { return w * h }\n\nfunc total() float64 { return area(2, 3) }")
	k.ok("%rm total\nfunc area(w string) string { return w }")
	k.fails("var area = 1", "BuildError", "forget it first: %rm area")
	k.ok("%rm area\nvar area = 1")
	k.fails("var x = 1\nvar x = 2", "Refused", "x is declared in lines 1 and 2")
	k.ok(`var a, err = strconv.Atoi("1")`)
	k.fails("%rm a", "Refused", "a and err get their values together in Cell [10], and are forgotten together: %rm a err")
	k.ok("%rm a err")
	k.fails("a", "BuildError", "undefined: a")

	k.ok("func mustPanic() int { panic(\"bad\") }")
	hint := "the variable bad of Cell [15], line 2 is evaluated before each cell: change it and run Cell [15] again, or forget it: %rm bad"
	if o := k.fails("\nvar bad = mustPanic()", "panic", hint); !strings.Contains(o.trace, hint) {
		t.Errorf("the trace does not say it: %s", o.trace)
	}
	k.fails("1 + 1", "panic", hint)
	k.ok("%rm bad")
	k.shows("1 + 1", "2")
}

// A position that GoNB cannot read does not end it.
func TestOtherDeclaration(t *testing.T) {
	k := start(t)
	k.ok("var padding, more = 1, 2\n\n\nvar long, b = strconv.Itoa(1), 2")
	k.fails("func b() {}", "BuildError", "to declare it as something else, forget it first: %rm b")
	k.ok("%rm b\nfunc b() {}")
	k.ok("var flag = true")
	k.ok("%test\nfunc TestFlag(t *testing.T) {\n\tif !flag {\n\t\tt.Error(flag)\n\t}\n}")
}
