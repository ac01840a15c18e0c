package lines

import (
	"strings"
	"testing"

	"github.com/gossl/gossl/kernel/gonb"
)

// cells are an index of cells, and what gives their code.
func cells(t *testing.T, codes ...string) (*Index, func(int) string) {
	t.Helper()
	x, s := NewIndex(), gonb.NewSession()
	for i, code := range codes {
		s.Number = i + 1
		rewritten, err := s.Rewrite(code)
		if err != nil {
			t.Fatal(err)
		}
		s.Built(true)
		x.Add(i+1, rewritten.Code)
		x.Built(!strings.Contains(code, "// not built"))
	}
	return x, func(n int) string { return codes[n-1] }
}

// What to do about a declaration that GoNB remembers is said once, below the source.
func TestHints(t *testing.T) {
	x, code := cells(t,
		"import \"a.b/graph\"\nfunc area(w float64) float64 { return w }\n\ntype T[X any] int\nfunc (t *T[X]) M() {\n\tarea(1)\n\tarea(2)\n}",
		"var fmt, err = f()\nvar len = 3\nconst graph = 1\nvar size = 2",
		"var other, err = g()",
		"%rm size cap // not built",
		"var cap = 1 // not built",
		"var os = 1\n%%\narea(1, 2)")
	for _, c := range []struct{ output, want string }{
		{"cell[1]:6:2: not enough arguments\n\thave (x)\ncell[1]:7:2: not enough arguments",
			"area(2)\n    ^\n    the method T[X].M no longer fits: change it and run Cell [1] again, or forget it: %rm T[X]~M"},
		{"cell[6]:3:1: too many arguments", "area(1, 2)\n    ^"},
		{"cell[6]:3:1: fmt.Println undefined (type string has no field or method Println)",
			"fmt is the variable that Cell [2], line 1 declares: give that another name, or forget it: %rm fmt err"},
		{"cell[6]:3:1: graph.New undefined (type untyped int has no field or method New)", "graph is the constant that Cell [2], line 3 declares"},
		{"cell[6]:3:1: os.Getenv undefined (type int has no field or method Getenv)", "os is the variable that Cell [6], line 1 declares"},
		{"cell[6]:3:1: invalid operation: cannot call non-function len (variable of type int)", "len is the variable that Cell [2], line 2 declares"},
		{"cell[6]:3:1: size.X undefined (type int)", "area(1, 2)\n    ^"},
		{"cell[6]:3:1: cap is bad", "area(1, 2)\n    ^"},
		{"cell[6]:1:1: err redeclared in this block", "to declare it as something else, forget it first: %rm other err"},
		{"cell[3]:1:1: area redeclared in this block", "to declare it as something else, forget it first: %rm area"},
		{"cell[2]:1:1: assignment mismatch", "the variable fmt, err no longer fits: change it and run Cell [2] again, or forget it: %rm fmt err"},
	} {
		text, page := Explain(c.output, x, code, testPackages)
		if !strings.HasSuffix(text, c.want) && !strings.Contains(text, c.want+":") {
			t.Errorf("%s\ngot  %q\nwant %q at its end", c.output, text, c.want)
		}
		if hint := c.want[strings.LastIndex(c.want, "\n")+1:]; strings.Contains(hint, "Cell") && !strings.Contains(page, hint) {
			t.Errorf("the page does not say %q: %s", hint, page)
		}
		if strings.Count(text, "no longer fits") > 1 {
			t.Errorf("says twice: %s", text)
		}
	}
}

// A declaration that ends every cell is named.
func TestInitial(t *testing.T) {
	x, _ := cells(t, "func must() int {\n\tpanic(1)\n}\n\nvar bad = must()", "func init_x() {\n\tpanic(2)\n}", "var a, b = f()", "x++")
	stack := func(function, position string) string {
		return "panic: 1\n\ngoroutine 1 [running]:\nmain.must(...)\n\t/t/gonb_1a/cell[1]:2\n" + function + "\n\t/t/gonb_1a/" + position + " +0x1d\nexit status 2\n"
	}
	for _, c := range []struct{ stderr, want string }{
		{stack("main.init()", "cell[1]:5"), "the variable bad of Cell [1], line 5 is evaluated before each cell: change it and run Cell [1] again, or forget it: %rm bad"},
		{stack("main.init.0()", "cell[2]:2"), "the function init_x of Cell [2], line 1 is evaluated before each cell: change it and run Cell [2] again, or forget it: %rm init_x"},
		{stack("main.init()", "cell[3]:1"), "the variable a, b of Cell [3], line 1 is evaluated before each cell: change it and run Cell [3] again, or forget it: %rm a b"},
		{strings.ReplaceAll(stack("main.init()", "cell[2]:1"), "/t/gonb_1a/", ""), "the function init_x of Cell [2], line 1 is evaluated before each cell: change it and run Cell [2] again, or forget it: %rm init_x"},
		{stack("main.main()", "cell[1]:5"), ""},
		{stack("main.init()", "main.go:5"), ""},
		{stack("image.init()", "cell[1]:5"), ""},
	} {
		_, reason, lines := Trace(c.stderr, x)
		want, last := "1", lines[len(lines)-1]
		if c.want != "" {
			want += "\n" + c.want
		}
		if reason != want || c.want != "" && last != c.want {
			t.Errorf("%s\ngot  %q and %q\nwant %q", c.stderr, reason, last, c.want)
		}
	}
}
