package lines

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/gonb"
)

// explainCells are the cells of a session.
var explainCells = []string{
	"func F() {\n\tg(\"é\", x)\n}",
	"import (\n\t\"nosuch/pkg\"\n\t_ \"bad/pkg\"\n\t. \"fmt\"\n)\nvar _ I = 1",
	"y := 1\nF(z)  // end\n\n",
	"v",
}

// What the table below says often.
const (
	quoted  = "\n    g(\"é\", x)\n           ^"
	wrapped = len(gonb.MainStart)
)

// explained are outputs of the go command about explainCells.
var explained = map[string]struct{ output, want string }{
	"empty":     {"", ""},
	"error":     {"# gonb_12ab\ncell[1]:2:10: undefined: x\n", "Cell [1], line 2, column 9: undefined: x" + quoted},
	"with path": {"../x/gonb_12ab/cell[1]:2:10: undefined: x", "Cell [1], line 2, column 9: undefined: x" + quoted},
	"absolute":  {"vet: /tmp/r/gonb_12ab/cell[1]:2:10: undefined: x", "Cell [1], line 2, column 9: undefined: x" + quoted},
	"column 1":  {"cell[1]:1:1: missing return", "Cell [1], line 1, column 1: missing return\n    func F() {\n    ^"},
	"no column": {"./cell[1]:2: syntax error: no", "Cell [1], line 2: syntax error: no\n    g(\"é\", x)"},
	"two": {"cell[1]:2:10: undefined: x\ncell[1]:2:2: undefined: g\ncell[1]:2:10: undefined: x\n\tmore\ntoo many errors",
		"Cell [1], line 2, column 9: undefined: x" + quoted + "\nCell [1], line 2, column 2: undefined: g\n    g(\"é\", x)\n    ^\ntoo many errors"},
	"more lines": {"cell[1]:2:2: not enough\n\thave (int)\n\twant (int, int)", "Cell [1], line 2, column 2: not enough\n    have (int)\n    want (int, int)\n    g(\"é\", x)\n    ^"},
	"other": {"cell[1]:1:6: F redeclared in this block\n\t./cell[3]:2:6: other declaration of F",
		"Cell [1], line 1, column 6: F redeclared in this block\n    Cell [3], line 2: other declaration of F\n    func F() {\n         ^"},
	"wrapped":          {"cell[3]:1:" + itoa(wrapped+1) + ": declared and not used: y", "Cell [3], line 1, column 1: declared and not used: y\n    y := 1\n    ^"},
	"shown":            {"cell[3]:2:" + itoa(len(gonb.ShowCall)+3) + ": undefined: z", "Cell [3], line 2, column 3: undefined: z\n    F(z)  // end\n      ^"},
	"both":             {"cell[4]:1:" + itoa(wrapped+len(gonb.ShowCall)+1) + ": cannot use v in argument to sslkitShow", "Cell [4], line 1, column 1: cannot use v\n    v\n    ^"},
	"closing":          {"cell[3]:5:1: missing return", "Cell [3], line 2: missing return\n    F(z)  // end"},
	"given name":       {"cell[2]:6:" + itoa(len("var "+gonb.BlankName+"12345678 I")) + ": undefined: I (of " + gonb.BlankName + "12ab)", "Cell [2], line 6, column 7: undefined: I (of _)\n    var _ I = 1\n          ^"},
	"import":           {"main.go:4:2: package nosuch/pkg is not in std (/opt/go/src/nosuch/pkg)", "Cell [2], line 2: package nosuch/pkg is neither in Go's library nor in a module of this notebook\n    \"nosuch/pkg\""},
	"blank import":     {"sslkit_imports.go:3:8: no required module provides package bad/pkg; to add it:\n\tgo get bad/pkg", "Cell [2], line 3: package bad/pkg is in no module of this notebook\n    !* go get bad/pkg adds the module, if the proxy is reachable\n    _ \"bad/pkg\""},
	"unused import":    {"./main.go:5:2: \"fmt\" imported and not used", "Cell [2], line 4: \"fmt\" imported and not used\n    . \"fmt\""},
	"unknown import":   {"./main.go:5:2: \"os\" imported and not used", "\"os\" imported and not used"},
	"not in a cell":    {"# gonb_12ab\n/tmp/r/gonb_12ab/main.go:7:2: bad", "bad"},
	"other package":    {"# a.b/c\n../../c/d.go:1:2: bad", "# a.b/c\n../../c/d.go:1:2: bad"},
	"unknown cell":     {"cell[9]:2:3: x", "Cell [9], line 1: x"},
	"in the text":      {"cannot load /tmp/r/gonb_12ab/cell[1]:3:4", "cannot load Cell [1], line 3"},
	"only the heading": {"# gonb_12ab [gonb_12ab.test]\n\n", ""},
}

// remembering is a hint of which TestHints tells.
var remembering = regexp.MustCompile(`\n    (the (?:function F|variable _) no longer fits|to declare it as something else).*`)

func TestExplain(t *testing.T) {
	x, s := NewIndex(), gonb.NewSession()
	for i, code := range explainCells {
		rewritten, err := s.Rewrite(code)
		if err != nil {
			t.Fatal(err)
		}
		x.Add(i+1, rewritten.Code)
	}
	for name, c := range explained {
		t.Run(name, func(t *testing.T) {
			text, page := Explain(c.output, x, func(n int) string {
				if n > len(explainCells) {
					return ""
				}
				return explainCells[n-1]
			}, testPackages)
			if diff := cmp.Diff(c.want, remembering.ReplaceAllString(text, "")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for _, part := range []string{page, text} {
				if strings.Contains(part, "gonb_12ab") {
					t.Errorf("GoNB's folder is in %q", part)
				}
			}
			if (page == "") != (text == "") {
				t.Errorf("text %q, page %q", text, page)
			}
		})
	}
}

func itoa(n int) string { return string(rune('0'+n/10)) + string(rune('0'+n%10)) }

func TestExplainHTML(t *testing.T) {
	code := "func F() {\n\tx := a < b\n}"
	_, page := Explain("cell[1]:2:11: undefined: <b>\nnote <i>\n", session(code), func(int) string { return code }, func() []Package { return nil })
	want := pageStart + `<div>` + blue + `Cell [1], line 2, column 11` + end + `: ` + red + `undefined: &lt;b&gt;` + end +
		"\n    x := a &lt; b\n             " + red + "^" + end + `</div><div>note &lt;i&gt;</div>` + pageEnd
	if diff := cmp.Diff(want, page); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestColumn(t *testing.T) {
	for _, c := range []struct {
		rewritten, written, at string
		want                   int
	}{
		{"f(x)", "f(x)", "x", 3},
		{gonb.MainStart + "main(f)", "main(f)", "f)", 6},
		{gonb.ShowCall + "f(x)" + gonb.ShowEnd + " // c", "f(x) // c", "x)", 3},
		{"_ = x;", "x;", "x", 1},
		{"\trand \"math/rand/v2\"", "\t\"math/rand/v2\"", "rand/v2", 8},
		{"\trand \"math/rand/v2\"", "\t\"math/rand/v2\"", "rand \"", 2},
		{" packages := y", "packages := y", "y", 13},
		{"", "abc", "", 4},
	} {
		if got := column(c.rewritten, c.written, strings.Index(c.rewritten, c.at)+1); got != c.want {
			t.Errorf("%q at %q: column %d of %q, want %d", c.rewritten, c.at, got, c.written, c.want)
		}
	}
}
