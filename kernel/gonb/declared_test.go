package gonb

import (
	"go/parser"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestImportKey(t *testing.T) {
	for i, want := range map[Import]string{
		{Path: "math/rand/v2"}:         "rand",
		{Path: "k8s.io/klog"}:          "klog",
		{Name: "g", Path: "x/y"}:       "g",
		{Name: ".", Path: "x/y"}:       ". x/y",
		{Path: "example.com/v2set"}:    "v2set",
		{Path: "example.com/go-foo"}:   "foo",
		{Path: "gopkg.in/yaml.v3"}:     "yaml",
		{Path: "example.com/a.b/v5"}:   "a",
		{Path: "example.com/go-x/v11"}: "x",
	} {
		if got := i.Key(); got != want {
			t.Errorf("%+v has key %q, want %q", i, got, want)
		}
	}
}

// Keys are those of GoNB 0.11: the words behind them are its own parser's.
func TestKeys(t *testing.T) {
	f, err := ParseFile("package main\nimport (\n\tm \"math\"\n\t. \"fmt\"\n)\ntype T[K any] struct{}\nfunc (t T[K]) Value() {}\n"+
		"func (t *T[K]) Pointer() {}\nfunc (p *P) M() {}\nfunc (p P) N() {}\nfunc F() {}\nvar a, _ = F()\nconst (\n\tb = iota\n\tc\n)\n",
		parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range f.Names() {
		got = append(got, n.Kind.String()+" "+f.Key(n))
	}
	want := "type T,func unknown~Value,func T[K]~Pointer,func P~M,func P~N,func F,var a,var _,const b,const c"
	if diff := cmp.Diff(want, strings.Join(got, ",")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Import{{"m", "math"}, {".", "fmt"}}, f.Imports()); diff != "" {
		t.Error(diff)
	}
}

// Read, Chunks and Missing take code that is being typed.
func TestHalfWritten(t *testing.T) {
	for code, want := range map[string]struct {
		declarations string // D for a declaration, S for a statement
		missing      string
	}{
		"func":                     {"D", ""},
		"func F(a int":             {"D", ")"},
		"func (t T":                {"D", ")"},
		"func (t T) N":             {"D", ""},
		"func() error { x() ":      {"S", "}"},
		"func(a int) int { x }(3)": {"S", ""},
		"x := 1\nvar y = f(a[":     {"SD", "])"},
		"if x := 1; x > 0 {\n":     {"S", "}"},
		"f(a[1)":                   {"S", "])"},
		"f())\n{":                  {"SS", "}"},
	} {
		got := ""
		for _, c := range Chunks(code) {
			if c.Declaration() {
				got += "D"
			} else {
				got += "S"
			}
		}
		if missing := Missing(code); got != want.declarations || missing != want.missing {
			t.Errorf("%q: chunks %s, missing %q, want %+v", code, got, missing, want)
		}
	}
}

func TestCommandAt(t *testing.T) {
	for code, want := range map[string]string{ // the cursor is at ‸
		"%‸":                  "%",
		"x := 1\n//gonb:%wi‸": "%wi",
		"%ls‸\nx":             "%ls",
		"%ls\n‸x":             "",
		"x := a ‸% b":         "",
		"s := `\n%l‸s\n`":     "",
		"!ls -l \\\n  ‸-a":    "",
		"%%bash‸\nls":         "%%bash",
		"%%bash\n%‸ls":        "",
	} {
		before, after, _ := strings.Cut(code, "‸")
		src := Read(before + after)
		got, start, ok := src.CommandAt(len(before))
		if got != want || ok != (want != "") || ok && !strings.HasPrefix((before + after)[start:], want) {
			t.Errorf("%q: command %q at %d, %v, want %q", code, got, start, ok, want)
		}
	}
}
