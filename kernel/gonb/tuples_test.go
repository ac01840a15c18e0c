package gonb

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// codeStep is a cell and what GoNB is given of it, with x for hashes.
type codeStep struct {
	code, want string
	fails      bool   // the build
	refused    string // what the error says
}

var hashes = regexp.MustCompile(`[0-9a-f]{8}`)

// kept are cells that declare anew what another cell declared with others.
var kept = map[string][]codeStep{
	"one of two": {
		{code: `var a, err = f("1")`},
		{code: `var b, err = f("2")`, want: `var a, sslkit_blank_x_err = f("1"); var b, err = f("2")`},
		{code: `var c, err = f("3")`, want: `var b, sslkit_blank_x_err = f("2"); var c, err = f("3")`},
		{code: `var a = 1`},
		{code: `var c, err = f("3")`},
	},
	"the same cell again": {
		{code: `var a, err = f("1")`},
		{code: `var a, err = f("1")`},
		{code: `var a, err = f("2")`},
		{code: `var b, err = f("3")`, want: `var a, sslkit_blank_x_err = f("2"); var b, err = f("3")`},
		{code: `var a, err = f("2")`, want: `var b, sslkit_blank_x_err = f("3"); var a, err = f("2")`},
	},
	"both": {
		{code: `var a, b = f()`},
		{code: "var a = 1\nvar b = 2"},
	},
	"with a type, over lines": {
		{code: "var (\n\tx = 1\n\ta, b map[string]int = f( // c\n\t\tfunc() {\n\t\t\tg(`p\nq`)\n\t\t},\n\t)\n)"},
		{code: "import \"fmt\"\n\n// b\nvar b = 3", want: "import \"fmt\"\n\n// b\nvar a, sslkit_blank_x_b map[string]int = f ( func ( ) { g ( \"p\\nq\" ) ; } , ); var b = 3"},
	},
	"several tuples": {
		{code: "var a, b = f()\nvar c, d = g()"},
		{code: "var b, c int", want: "var a, sslkit_blank_x_b = f(); var sslkit_blank_x_c, d = g(); var b, c int"},
		{code: "const d = 1"},
		{code: "type a int"},
	},
	"by another kind": {
		{code: "var a, b = f()"},
		{code: "// F\nfunc b() {}", want: "// F\nfunc b() {}; var a, sslkit_blank_x_b = f()"},
	},
	"before statements": {
		{code: "var a, b = f()"},
		{code: "func b() {}; 1 + 1;", want: "func b() {}; var a, sslkit_blank_x_b = f(); " + start + "_ = 1 + 1;\n}"},
		{code: "type a int\n%%\n1 + 1;", want: "type a int\n%%\n_ = 1 + 1;"},
	},
	"constants before": {
		{code: "var a, b = f()"},
		{code: "const (\n\tb = iota\n\tc\n)", want: "var a, sslkit_blank_x_b = f();        \n\tconst b = 0\n\tconst c = 1\n "},
	},
	"a cell that is not built changes nothing": {
		{code: `var a, err = f("1")`},
		{code: `var b, err = f("2")`, want: `var a, sslkit_blank_x_err = f("1"); var b, err = f("2")`, fails: true},
		{code: `var b, err = f("2")`, want: `var a, sslkit_blank_x_err = f("1"); var b, err = f("2")`},
	},
	"reset": {
		{code: `var a, err = f("1")`},
		{code: "%reset\nvar err = 1"},
	},
	"rm": {
		{code: "var a, err = f()"},
		{code: "%rm err", refused: "gonb: %rm: a and err get their values together in Cell [1], and are forgotten together: %rm a err"},
		{code: "% remove  x a", refused: "%remove a err"},
		{code: "%rm a err"},
		{code: "var err = 1"},
	},
	"rm of what is left": {
		{code: "var _, a = f()", want: "var sslkit_blank_x, a = f()"},
		{code: "%rm a \r\nx++", want: "%rm a  sslkit_blank_x\n" + start + "x++\n}"},
		{code: "var a = 1"},
	},
	"twice in a cell": {
		{code: "var x = 1\n\nfunc x() {}", refused: "gonb: x is declared in lines 1 and 3, and GoNB would keep the last"},
		{code: "var a, b, a = f()", refused: "gonb: a is declared twice in line 1"},
		{code: "type T[X any] int\nfunc (t T[X]) M() {}\nfunc (t *T[Y]) M() {}", refused: "gonb: T.M is declared in lines 2 and 3"},
		{code: "func init() {}\nfunc init() {}", refused: "name them init_a and init_b"},
		{code: "func main() {}\nfunc main() {}", refused: "main is declared in lines 1 and 2"},
		{code: "func init_a() {}\nfunc init_b() {}\ntype A int\ntype B int\nfunc (A) M() {}\nfunc (B) M() {}"},
		{code: "import \"crypto/rand\"\nimport \"math/rand/v2\"", refused: "gonb: packages crypto/rand and math/rand/v2 are both imported as rand"},
		{code: "import \"crypto/rand\"\nimport r \"math/rand\"\nimport \"crypto/rand\"\nimport . \"a\"\nimport . \"b\""},
	},
	"embedded files": {
		{code: "var x int\n\n//go:embed a.txt\n\nvar s string", refused: "//go:embed"},
		{code: "var (\n\t//go:embed a.txt\n\ts string\n)", refused: "//go:embed"},
		{code: "// as with //go:embed\nvar s string"},
	},
}

func TestKept(t *testing.T) {
	for name, steps := range kept {
		t.Run(name, func(t *testing.T) {
			s := NewSession()
			for i, c := range steps {
				s.Number = i + 1
				got, err := s.Rewrite(c.code)
				if c.refused != "" {
					if err == nil || !strings.Contains(err.Error(), c.refused) {
						t.Errorf("%q: error %v, want %q in it", c.code, err, c.refused)
					}
					continue
				}
				if err != nil {
					t.Fatalf("%q: %v", c.code, err)
				}
				want := c.want
				if want == "" {
					want = c.code
				}
				if diff := cmp.Diff(want, hashes.ReplaceAllString(got.Code, "x")); diff != "" {
					t.Errorf("%q: -want +got:\n%s", c.code, diff)
				}
				s.Built(!c.fails)
			}
		})
	}
}

func TestFormer(t *testing.T) {
	for name, want := range map[string]string{
		BlankName + "12345678_err": "err", BlankName + "12345678_é_2": "é_2", BlankName + "12345678_2": "", BlankName + "KB_err": "", "err": "",
	} {
		if got, ok := Former(name); got != want || ok != (want != "") {
			t.Errorf("%s stands for %q, %t, want %q", name, got, ok, want)
		}
	}
}
