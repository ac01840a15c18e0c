package lines

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// session is an index of cells with the numbers 1, 2, …
func session(cells ...string) *Index {
	x := NewIndex()
	for i, code := range cells {
		x.Add(i+1, code)
	}
	return x
}

// annotateCase is a main.go made of cells, with what is wanted of it.
type annotateCase struct {
	cells []string
	main  string
	want  string
}

var annotateCases = map[string]annotateCase{
	"function": {
		[]string{"// F is.\nfunc F() {\n\tx()\n}\n"},
		"package main\n\n// F is.\nfunc F() {\n\tx()\n}\n\nfunc main() { flag.Parse() }\n",
		"package main\n\n// F is.\n/*line cell[1]:2:1*/func F() {\n\tx()\n}/*line main.go:6:2*/\n\nfunc main() { flag.Parse() }\n",
	},
	"unknown": {[]string{"var x = 1"}, "package main\n\nvar x = 2\n", "package main\n\nvar x = 2\n"},
	"formatted anew": {
		[]string{"\n\nfunc F( a int )int {\n  if a>0{ return 1 }; return 2 }"},
		"package main\n\nfunc F(a int) int {\n\tif a > 0 {\n\t\treturn 1\n\t}\n\treturn 2\n}\n",
		"package main\n\n/*line cell[1]:3:1*/func F(/*line cell[1]:3:9*/a int/*line cell[1]:3:15*/) /*line cell[1]:3:16*/int {\n" +
			"\t/*line cell[1]:4:3*/if a /*line cell[1]:4:7*/> /*line cell[1]:4:8*/0 /*line cell[1]:4:9*/{\n" +
			"\t\t/*line cell[1]:4:11*/return 1\n\t/*line cell[1]:4:20*/}\n\t/*line cell[1]:4:23*/return 2\n" +
			"/*line cell[1]:4:32*/}/*line main.go:8:2*/\n",
	},
	"specs": {
		[]string{"type (\n\tA int\n\tB = string\n)\nvar a, b = 1,\n\t2\nvar c, d = f()", "const (\n\tE = iota\n\tG\n)\nvar h, i int"},
		"package main\n\ntype A int\ntype B = string\n\nconst (\n\tE = iota\n\tG\n)\n\nvar (\n\ta = 1\n\tb = 2\n\tc, d = f()\n\th int\n\ti int\n)\n",
		"package main\n\ntype /*line cell[1]:2:2*/A int/*line main.go:3:11*/\ntype /*line cell[1]:3:2*/B = string/*line main.go:4:16*/\n\n" +
			"const (\n\t/*line cell[2]:2:2*/E = iota\n\tG/*line main.go:8:3*/\n)\n\n" +
			"var (\n\t/*line cell[1]:5:5*/a /*line cell[1]:5:10*/= 1\n\t/*line cell[1]:5:8*/b = /*line cell[1]:6:2*/2\n" +
			"\t/*line cell[1]:7:5*/c, d = f()\n\t/*line cell[2]:5:5*/h /*line cell[2]:5:10*/int\n\t/*line cell[2]:5:8*/i int/*line main.go:16:7*/\n)\n",
	},
	"main line with a command": {
		[]string{"import \"fmt\"\n%% -n 3\nfmt.Println(1)\n!ls\nfmt.Println(2)"},
		"package main\n\nimport (\n\t\"fmt\"\n)\n\n\nfunc main() {\n\tflag.Parse()\nfmt.Println(1)\nfmt.Println(2)\n\n}\n",
		"package main\n\nimport (\n\t\"fmt\"\n)\n\n\n/*line cell[1]:2:1*/func main() {\n\t/*line cell[1]:2:1*/flag.Parse()\nfmt.Println(1)\n/*line cell[1]:5:1*/fmt.Println(2)\n\n/*line cell[1]:5:1*/}/*line main.go:13:2*/\n",
	},
	"the last of equals": {
		[]string{"func F() {}", "x", "\nfunc F() {}"},
		"package main\n\nfunc F() {}\n", "package main\n\n/*line cell[3]:2:1*/func F() {}/*line main.go:3:12*/\n",
	},
	"one that did not build": {
		[]string{"func F() {}", "func F() { bad() }"},
		"package main\n\nfunc F() {}\n", "package main\n\n/*line cell[1]:1:1*/func F() {}/*line main.go:3:12*/\n",
	},
	"init": {
		[]string{"func init_a() { a() }\n\nfunc init_b() { b() }"},
		"package main\n\nfunc init() { a() }\n\nfunc init() { b() }\n",
		"package main\n\n/*line cell[1]:1:1*/func init/*line cell[1]:1:12*/() { a() }\n\nfunc init/*line cell[1]:3:12*/() { b() }/*line main.go:5:20*/\n",
	},
	"raw string": {
		[]string{"var s = `a\n\n/*line main.go:1:1*/ b` + `c`\nvar t int"},
		"package main\n\nvar (\n\ts = `a\n\n/*line main.go:1:1*/ b` + `c`\n\tt int\n)\n",
		"package main\n\nvar (\n\t/*line cell[1]:1:5*/s = `a\n\n/*line main.go:1:1*/ b` + `c`\n\t/*line cell[1]:4:5*/t int/*line main.go:7:7*/\n)\n",
	},
	"methods": {
		[]string{"func (a A[T]) L() {}", "func (b *B) L() {}"},
		"package main\n\nfunc (b *B) L() {}\n\nfunc (a A[T]) L() {}\n",
		"package main\n\n/*line cell[2]:1:1*/func (b *B) L() {}\n\n/*line cell[1]:1:1*/func (a A[T]) L() {}/*line main.go:5:21*/\n",
	},
	"no Go": {[]string{"%%bash\nx"}, "not Go", "not Go"},
}

func TestAnnotate(t *testing.T) {
	for name, c := range annotateCases {
		t.Run(name, func(t *testing.T) {
			x := session(c.cells...)
			got := string(Annotate("main.go", []byte(c.main), x))
			if diff := cmp.Diff(c.want, strings.ReplaceAll(got, "/*line "+book+"/", "/*line ")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if again := string(Annotate("main.go", []byte(got), x)); again != got {
				t.Errorf("a second time: %s", cmp.Diff(got, again))
			}
			if bare := string(Annotate("main.go", []byte(got), NewIndex())); bare != c.main {
				t.Errorf("without cells: %s", cmp.Diff(c.main, bare))
			}
		})
	}
}
