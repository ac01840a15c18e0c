package gonb

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// start opens func main in what is wanted.
const start = MainStart

// shown is an expression of which the value is shown.
func shown(expr string) string { return ShowCall + expr + ShowEnd }

// rewritten are cells and what GoNB is given of them.
var rewritten = map[string]struct{ code, want string }{
	// Cells that GoNB treats right.
	"empty":                {"", ""},
	"declarations":         {"type T struct{}\n\nfunc (t T) M() {}\n", "type T struct{}\n\nfunc (t T) M() {}\n"},
	"main line":            {"%%\nfmt.Println(1)", "%%\nfmt.Println(1)"},
	"main line with flags": {"%main -n 3\nfmt.Println(1)", "%main -n 3\nfmt.Println(1)"},
	"own main":             {"func main() {\n\tx()\n}", "func main() {\n\tx()\n}"},
	"shell":                {"!ls 'it\n!* go version", "!ls 'it\n!* go version"},
	"test":                 {"%test\nfunc TestX(t *testing.T) {}", "%test\nfunc TestX(t *testing.T) {}"},
	"wasm":                 {"%wasm\n%%\nx()", "%wasm\n%%\nx()"},
	"no error in Go":       {"func f( {", "func f( {"},
	"func after statement": {"f()\nfunc f() {}", "f()\nfunc f() {}"},
	"import after":         {"f()\nimport \"fmt\"", "f()\nimport \"fmt\""},
	"local declarations":   {"%%\nvar _ = f()\n_ = 1", "%%\nvar _ = f()\n_ = 1"},

	// D4: blank imports leave the cell.
	"blank import":            {`import _ "image/png"`, `import (           )`},
	"blank import in a group": {"import (\n\t_ \"a/b\"; \"fmt\"\n\t_ `c`\n)", "import (\n\t         \"fmt\"\n\t     \n)"},
	"blank import on a line":  {`import _ "a"; import "fmt"`, `import (   ); import "fmt"`},
	"blank import apart":      {"import\n_ \"a\"", "import\n(   )"},

	// D5: paths that end in a version.
	"version":         {`import "math/rand/v2"`, `import rand "math/rand/v2"`},
	"versions":        {"import (\n\t\"k8s.io/klog/v2\"\n\tr \"math/rand/v2\"\n)", "import (\n\tklog \"k8s.io/klog/v2\"\n\tr \"math/rand/v2\"\n)"},
	"dotted version":  {`import "gopkg.in/yaml.v3"`, `import yaml "gopkg.in/yaml.v3"`},
	"hyphen version":  {`import "a.b/go-redis/v9"`, `import redis "a.b/go-redis/v9"`},
	"version no word": {`import "v2"`, `import "v2"`},
	"no version":      {`import "a.b/go-redis"`, `import "a.b/go-redis"`},

	// D8: names for blank variables and constants.
	"blank variable":   {"var _ I = X{}", "var sslkit_blank_8da603da I = X{}"},
	"blank twice":      {"var (\n\t_ = f()\n\t_ = f()\n)", "var (\n\tsslkit_blank_ac0f32f0 = f()\n\tsslkit_blank_ac0f32f0_2 = f()\n)"},
	"blank of several": {"var a, _ = f()", "var a, sslkit_blank_d0747ae7 = f()"},
	"blank constants":  {"const (\n\t_ = iota\n\tA\n\t_\n\tB\n)", "       \n\tconst sslkit_blank_A = 0\n\tconst A = 1\n\tconst sslkit_blank_A_2 = 2\n\tconst B = 3\n "},
	"blank constant":   {"const _ = uint(f)", "const sslkit_blank_d0169c60 = uint(f)"},

	// Constants that stand alone.
	"iota":                    {"const (\n\tA T = iota // a\n\tB\n)", "       \n\tconst A T = 0 // a\n\tconst B T = 1\n "},
	"iota in pairs":           {"const (\n\tA, B = iota, x.iota + 1<<iota\n\n\t_, D\n)", "       \n\tconst A = 0; const B = x.iota + 1<<0\n\n\tconst sslkit_blank_A = 1; const D = x.iota + 1<<1\n "},
	"constants on a line":     {"const ( A = 1; B = \"b\"; ); x()", "        const A = 1; const B = \"b\";    " + start + shown("x()") + "\n}"},
	"constants, no semicolon": {"const (A = iota; B); x()", "       const A = 0; const B = 1 ; " + start + shown("x()") + "\n}"},
	"constants without group": {"const A, B int = 1,\n\t2", "      const A int = 1; const B int = 2\n"},
	"constants over lines":    {"const (\n\tA = 1 + // one\n\t\tiota\n\tB\n)", "       \n\tconst A = 1 + // one\n\t\t0\n\tconst B = 1 + 1\n "},
	"constants with a string": {"const (\n\tA = len(`a\nb`) + iota\n\tB\n)", "       \n\tconst A = len(`a\nb`) + 0\n\tconst B = len ( \"a\\nb\" ) + 1\n "},
	"an iota of the user's":   {"const iota = 5\nconst (\n\tA = iota\n\tB\n)", "const iota = 5\n       \n\tconst A = iota\n\tconst B = iota\n "},
	"one constant":            {"const (\n\tA = iota\n)", "const (\n\tA = iota\n)"},
	"bad constants":           {"const (\n\tA, B = iota\n\tC\n)", "const (\n\tA, B = iota\n\tC\n)"},
	"no value":                {"const (\n\tA\n\tB\n)", "const (\n\tA\n\tB\n)"},
	"local constants":         {"%%\nconst (\n\tA = iota\n\tB\n)\nx++", "%%\nconst (\n\tA = iota\n\tB\n)\nx++"},

	// Statements only.
	"statement":           {"x := 1\nfmt.Println(x)", start + "x := 1\nfmt.Println(x)\n}"},
	"indented":            {"\n\tx()  // c\nfor i := range 3 {\n}", "\n\t" + start + "x()  // c\nfor i := range 3 {\n}\n}"},
	"declarations first":  {"import \"fmt\"\nfunc f() {}\nvar x = 1; x++", "import \"fmt\"\nfunc f() {}\nvar x = 1; " + start + "x++\n}"},
	"function literal":    {"func() { x() }()", start + "func() { x() }()\n}"},
	"generic function":    {"func f[T any](x T) {}\ntype L[T any] []T", "func f[T any](x T) {}\ntype L[T any] []T"},
	"literal with result": {"_ = 0\nfunc(a int) int { return a }(3)", start + "_ = 0\n" + shown("func(a int) int { return a }(3)") + "\n}"},
	"variables after":     {"f()\nvar _ = 1\nconst c = 2\ng()\nh++", start + "f()\nvar _ = 1\nconst c = 2\ng()\nh++\n}"},
	"with commands":       {"%args -n 3\nx := 1\n!ls\nx++", "%args -n 3\n" + start + "x := 1\n!ls\nx++\n}"},
	"if with a header":    {"if err := f(); err != nil { panic(err) }", start + "if err := f(); err != nil { panic(err) }\n}"},
	"switch with one":     {"switch t := f(); t {}", start + "switch t := f(); t {}\n}"},
	"loop behind a label": {"a: for i := f(); i < n; i++ { b(i) }", start + "a: for i := f(); i < n; i++ { b(i) }\n}"},
	"header with a block": {"if f := func() bool { return x }; f() { y() }; 1", start + "if f := func() bool { return x }; f() { y() }; " + shown("1") + "\n}"},
	"comment last":        {"x++ // end", start + "x++ // end\n}"},
	"unclosed":            {"if x {", start + "if x {\n}"},
	"wasm statements":     {"%wasm\n1 + 1", "%wasm\n" + start + "1 + 1\n}"},

	// Carriage returns.
	"carriage returns":      {"%%\r\nx++\r\n!ls\r\n", "%%\nx++\r\n!ls\n"},
	"statements with those": {"x := `a\r\nb`\r\nx\r\n", start + "x := `a\r\nb`\r\n" + shown("x") + "\r\n\n}"},
	"magic with those":      {"%%writefile f\r\na\r\n", "%%writefile f\na\r\n"},
	"unicode":               {"größe := \"日本\" // ✓\n\tgröße", start + "größe := \"日本\" // ✓\n\t" + shown("größe") + "\n}"},

	// Commands.
	"exec alone":      {"%exec F", "%exec F\n//"},
	"exec hidden":     {"//gonb:%exec F -n 3\n\n", "//gonb:%exec F -n 3\n\n\n//"},
	"exec and Go":     {"func F() {}\n%exec F", "func F() {}\n%exec F"},
	"exec spaces":     {"// run\n%exec \t F 1  2", "// run\n%exec F 1  2"},
	"exec statements": {"%exec F\nx()", "%exec F\nx()"},
	"nameless":        {"!  \n% \\\n\nvar x int", "   \n   \n\nvar x int"},
	"continued":       {"!ls \\\n  it's `x`\ny()", "!ls \\\n  it's `x`\n" + start + shown("y()") + "\n}"},

	// Cell magics are not Go.
	"writefile": {"%%writefile a.go\npackage main\n1 + 1", "%%writefile a.go\npackage main\n1 + 1"},
	"bash":      {"//gonb:%%bash\n1 + 1", "//gonb:%%bash\n1 + 1"},
	"script":    {"  %%script python3\n1 + 1\r\n", "  %%script python3\n1 + 1\r\n"},

	// Package clauses, and what GoNB takes for one.
	"package":          {"package main\n\nfunc f() {}", "            \n\nfunc f() {}"},
	"package and more": {"// c\npackage x; import \"fmt\"", "// c\n           import \"fmt\""},
	"package and exec": {"package main\n%exec F", "            \n%exec F\n//"},
	"package word":     {"%%\npackages := 1\n_ = packages", "%%\n packages := 1\n_ = packages"},

	// What GoNB takes for a command within a string or a comment.
	"raw string":       {"var s = `a\n%d\nc`", "var s = (`a`+\"\\n\"+\n\"%\"+`d\nc`)"},
	"raw package":      {"`x\npackage p\n`", start + ShowCall + "(`x`+\"\\n\"+\n\"p\"+`ackage p\n`)" + ShowEnd + "\n}"},
	"commented out":    {"/*\n!rm x\n//gonb:%reset\n*/\nvar x int", "/*\n !rm x\n //gonb:%reset\n*/\nvar x int"},
	"quote in comment": {"// it's `\n!ls\nvar s = \"`\\\"\"\n%ls", "// it's `\n!ls\nvar s = \"`\\\"\"\n%ls"},
}

func TestRewriteCode(t *testing.T) {
	for name, c := range rewritten {
		t.Run(name, func(t *testing.T) {
			got, err := NewSession().Rewrite(c.code)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Code); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// values are last statements and what becomes of them.
var values = map[string]string{
	"1 + 2":                     shown("1 + 2"),
	"x // comment":              shown("x") + " // comment",
	"f(\n1,\n)":                 shown("f(\n1,\n)"),
	"x, y":                      shown("x, y"),
	"strconv.Atoi(\"1\")":       shown("strconv.Atoi(\"1\")"),
	"P{1, 2}":                   shown("P{1, 2}"),
	"[]int{1}":                  shown("[]int{1}"),
	"(x)":                       shown("(x)"),
	"<-c":                       shown("<-c"),
	"fmt.Sprint(1)":             shown("fmt.Sprint(1)"),
	"errors.New(`x`)":           shown("errors.New(`x`)"),
	"gonbui.UniqueId()":         shown("gonbui.UniqueId()"),
	"log.Default()":             shown("log.Default()"),
	"func() int { return 1 }()": shown("func() int { return 1 }()"),

	"x;":        "_ = x;",
	"x, y ;":    "_, _ = x, y ;",
	"f();":      "f();",
	"<-c;":      "<-c;",
	"len(x);":   "_ = len(x);",
	"x\n;":      "_ = x\n;",
	"x; // off": "_ = x; // off",

	"fmt.Println(1)":       "fmt.Println(1)",
	"fmt.Fprintf(w, `x`)":  "fmt.Fprintf(w, `x`)",
	"t.Print()":            "t.Print()",
	"log.Printf(``)":       "log.Printf(``)",
	"gonbui.DisplayPNG(b)": "gonbui.DisplayPNG(b)",
	"time.Sleep(1)":        "time.Sleep(1)",
	"println(1)":           "println(1)",
	"func() {}()":          "func() {}()",
	"x = 1":                "x = 1",
	"x++":                  "x++",
	"if x {\n}":            "if x {\n}",
	"c <- 1":               "c <- 1",
	"a.b(c...)":            shown("a.b(c...)"),
	"c...":                 "c...",
	"x)(y":                 "x)(y",
}

func TestRewriteValue(t *testing.T) {
	for code, want := range values {
		t.Run(code, func(t *testing.T) {
			for before, line := range map[string]string{"": start, "%%\n": "%%\n"} {
				want := line + want
				if before == "" {
					want += "\n}"
				}
				got, err := NewSession().Rewrite(before + code)
				if err != nil {
					t.Fatal(err)
				}
				if got.Code != want {
					t.Errorf("got  %q\nwant %q", got.Code, want)
				}
				if has := got.Files[ShowFile] != ""; has != strings.Contains(want, ShowCall) {
					t.Errorf("%s is there: %t", ShowFile, has)
				}
			}
		})
	}
}

func TestQuiet(t *testing.T) {
	got, err := NewSession().Rewrite("f(\n1)")
	if err != nil {
		t.Fatal(err)
	}
	quiet, ok := silenced(got.Code)
	if want := start + "func() { f(\n1) }()\n}"; !ok || quiet != want {
		t.Errorf("got %q, %t, want %q", quiet, ok, want)
	}
	if same, ok := silenced("func main() {}"); ok || same != "func main() {}" {
		t.Errorf("changed a cell that shows nothing to %q", same)
	}
}
