package conformance

import (
	"strings"
	"testing"

	"github.com/gossl/gossl/kernel/wire/wiretest"
)

// What a cell may look like, and what it then prints or shows.
func TestCells(t *testing.T) {
	k := start(t)
	for _, c := range []struct{ name, code, stdout, result string }{
		{"if with a header", `if err := error(nil); err == nil { fmt.Println("no error") }`, "no error\n", ""},
		{"statements", "x := 2\nfmt.Println(x)", "2\n", ""},
		{"declarations, then statements", "func double(x int) int { return 2 * x }\nfmt.Println(double(4))", "8\n", ""},
		{"a marked main", "%%\nfmt.Println(3)", "3\n", ""},
		{"main", "func main() { fmt.Println(4) }", "4\n", ""},
		{"exec", "func Five() { fmt.Println(5) }\n%exec Five", "5\n", ""},
		{"exec alone", "%exec Five", "5\n", ""},
		{"exec as a comment", "//gonb:%exec Five", "5\n", ""},
		{"nothing", "", "", ""},
		{"a comment", "// nothing", "", ""},
		{"declarations", "type point struct{ X, Y int }", "", ""},
		{"an expression", "6 * 7", "", "42"},
		{"a value of a cell's type", "point{1, 2}", "", "{X:1 Y:2}"},
		{"a string", `"text"`, "", `"text"`},
		{"a call", "double(8)", "", "16"},
		{"a call without a result", "Five()", "5\n", ""},
		{"a call with an error", `os.Open("missing")`, "", "error"},
		{"silenced", "double(8);", "", ""},
		{"a package clause", "package main\n\nfmt.Println(9)", "9\n", ""},
		{"unicode", `fmt.Println("żółć 漢字 🙂")`, "żółć 漢字 🙂\n", ""},
		{"windows lines", "x := 1\r\nfmt.Println(x)\r\n", "1\n", ""},
		{"a version in an import", "import \"math/rand/v2\"\nfmt.Println(rand.New(rand.NewPCG(1, 2)) != nil)", "true\n", ""},
		{"a command", "!echo from bash", "from bash\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			k.T = t
			if c.result == "error" {
				k.Fails(c.code, "error", "no such file")
				return
			}
			o := k.OK(c.code)
			if o.Stdout != c.stdout || o.Result["text/plain"] != c.result {
				t.Errorf("stdout %q, result %q, want %q and %q\nstderr %s", o.Stdout, o.Result["text/plain"], c.stdout, c.result, o.Stderr)
			}
		})
	}
}

// Imports behave.
func TestImports(t *testing.T) {
	k := start(t)
	k.OK("import (\n\t\"image\"\n\t_ \"image/gif\"\n\t_ \"image/jpeg\"\n\t_ \"image/png\"\n)\n\nvar Blank = image.Rect(0, 0, 1, 1)")
	o := k.OK(`for _, magic := range []string{"GIF89a", "\xff\xd8\xff", "\x89PNG\r\n\x1a\n"} {
	_, _, err := image.Decode(strings.NewReader(magic))
	fmt.Println(err == image.ErrFormat)
}`)
	if o.Stdout != "false\nfalse\nfalse\n" {
		t.Errorf("the formats of blank imports are unknown: %q", o.Stdout)
	}
	k.OK("import . \"strings\"\nfmt.Println(ToUpper(\"dot\"))")
	k.OK("fmt.Println(\"a cell that does not use the dot import\")")
	if o := k.OK("import . \"strings\"\nfmt.Println(ToUpper(\"again\"))"); o.Stdout != "AGAIN\n" {
		t.Errorf("printed %q", o.Stdout)
	}
	k.Fails("import _ \"no/such/package\"\nfmt.Println(1)", "BuildError", "no/such/package")
	k.OK("fmt.Println(\"a bad blank import does not stay\")")
}

// What GoNB would lose silently is refused, with advice.
func TestGenericReceivers(t *testing.T) {
	k := start(t)
	k.OK("type A[T any] struct{ v T }\n\nfunc (a A[T]) Get() T { return a.v }")
	k.Fails("type B[T any] struct{ v T }\n\nfunc (b B[T]) Get() T { return b.v }", "Refused", "pointer receiver")
	k.OK("type B[T any] struct{ v T }\n\nfunc (b *B[T]) Get() T { return b.v }\nfmt.Println((&B[int]{2}).Get(), A[int]{1}.Get())")
}

// A blank variable is one, however often its cell runs.
func TestBlankVariables(t *testing.T) {
	k := start(t)
	for range 3 {
		k.OK("var _ fmt.Stringer = (*time.Duration)(nil)")
	}
	if o := k.OK("%ls"); strings.Count(o.Stdout+o.Stderr+join(o), "blank_") > 1 {
		t.Errorf("remembered: %s", o.Stdout)
	}
}

func join(o wiretest.Outcome) string {
	var all []string
	for _, d := range o.Displays {
		for _, text := range d {
			all = append(all, text)
		}
	}
	return strings.Join(all, "\n")
}
