package assist

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/gonb"
)

func TestDocument(t *testing.T) {
	known := map[string]gonb.Import{"fmt": {Path: "fmt"}, "str": {Name: "str", Path: "strings"}}
	const top = "package main\n\nimport  \"fmt\"\nimport str \"strings\"\n"
	tests := []struct{ name, code, want string }{
		{"statement", "fmt.Pr‸", top + "func _() {fmt.Pr‸\n}\n"},
		{"cursor at the first statement", "‸x := 1", top + "func _() {‸x := 1\n}\n"},
		{"declaration", "func f() { fmt.P‸ }", top + "func f() { fmt.P‸ }\n\n"},
		{"declarations, then statements", "type T int\nvar t T\nt‸", top + "type T int\nvar t T\nfunc _() {t‸\n}\n"},
		{"declared variable after statements", "x := 1\nvar y = ‸", top + "func _() {x := 1\nvar y = ‸\n}\n"},
		{"method", "func (p *P) M() {}\np.‸", top + "func (p *P) M() {}\nfunc _() {p._\n}\n"},
		{"function literal", "func() error { ‸ }()", top + "func _() {func() error { ‸ }()\n}\n"},
		{"open brackets", "for i := range f(a[‸", top + "func _() {for i := range f(a[‸\n])}\n"},
		{"open function", "func f() {\n\tif x {\n\t\tfmt‸", top + "func f() {\n\tif x {\n\t\tfmt‸\n}}\n"},
		{"selector before a line", "fmt.‸\nx := 1", top + "func _() {fmt.‸_\nx := 1\n}\n"},
		{"selector of a variable before a statement", "var a = b.‸\nx := 1", top + "var a = b.‸_\nfunc _() {x := 1\n}\n"},
		{"body", "var x = 1\n%% -n 3\nfmt‸", top + "var x = 1\n       func _() {\nfmt‸\n}\n"},
		{"main", "//gonb:%main\n‸", top + "            func _() {\n‸\n}\n"},
		{"magic", "%env A B\n!ls \\\n  -l\nfmt‸", top + "        \n     \n    \nfunc _() {fmt‸\n}\n"},
		{"package clause", "package x\nfmt‸", top + "         \nfunc _() {fmt‸\n}\n"},
		{"unicode", "s := \"äß𝄞\"; s‸", top + "func _() {s := \"äß𝄞\"; s‸\n}\n"},
		{"import of the cell", "import str \"os\"\nstr.A‸", strings.Replace(top, "strings", "os", 1) + strings.Repeat(" ", 15) + "\nfunc _() {str.A‸\n}\n"},
		{"import being typed", "import \"o‸\"", "package main\n\nimport \"o‸\"\n\n"},
		{"import hidden by a declaration", "var str = 1\nstr‸", "package main\n\nimport  \"fmt\"\nvar str = 1\nfunc _() {str‸\n}\n"},
		{"nothing", "‸", top + "‸\n\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, cursor := cursorIn(t, test.code)
			d := newDocument(code, byteOffset(code, cursor), known)
			got := d.text[:d.cursor] + "‸" + d.text[d.cursor:]
			if !strings.Contains(test.want, "‸") {
				got = d.text
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDocumentUses(t *testing.T) {
	const code = "import g \"x/graph\"\nvar v = g.Abs(fmt.Sprint())\ntype T struct{ F int }\n" +
		"r, err := recipe.Shapes(\"SimCLR\")\nr.Name = os.Args[0] + rand.N‸ + v.X + strings.lower"
	plain, cursor := cursorIn(t, code)
	d := newDocument(plain, byteOffset(plain, cursor), map[string]gonb.Import{"fmt": {Path: "fmt"}})
	want := []use{{"recipe", "Shapes"}, {"os", "Args"}}
	if diff := cmp.Diff(want, d.uses, cmp.AllowUnexported(use{})); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]bool{"v": true, "T": true, "r": false, "g": false, "_": false} {
		if got := d.declares(name); got != want {
			t.Errorf("declares(%s) = %v, want %v", name, got, want)
		}
	}
}

func TestWithoutNames(t *testing.T) {
	m := newMemory(t.TempDir())
	writeFile(t, m.dir, "main.go", earlier)
	m.update()
	const cell = "func double() {}\nfunc (p Point) Move() {}\nvar greeting = 1"
	got := m.mainBeside(newDocument(cell, 0, nil))
	want := strings.NewReplacer("func double", "func _     ", ") Move", ") _   ", "greeting =", "_        =", "func main", "func _   ").Replace(earlier)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]gonb.Import{"fmt": {Path: "fmt"}, "str": {Name: "str", Path: "strings"}}, m.imported); diff != "" {
		t.Error(diff)
	}
}

func TestMemoryUpdate(t *testing.T) {
	m := newMemory(t.TempDir())
	if got := m.update(); len(got) != 0 {
		t.Errorf("an empty folder has changes %v", got)
	}
	writeFile(t, m.dir, "main.go", earlier)
	writeFile(t, m.dir, "go.mod", "module m\n")
	writeFile(t, m.dir, "gonb_binary", "")
	steps := []struct {
		name   string
		change func()
		want   map[string]int
	}{
		{"new files", func() {}, map[string]int{"main.go": created, "go.mod": created}},
		{"nothing", func() {}, map[string]int{}},
		{"half written", func() { writeFile(t, m.dir, "main.go", "package main\nfunc (") }, map[string]int{"main.go": changed}},
		{"test cell", func() { rename(t, m.dir, "go.mod", "main_test.go") }, map[string]int{"go.mod": deleted, "main_test.go": created}},
	}
	for _, step := range steps {
		step.change()
		if diff := cmp.Diff(step.want, m.update()); diff != "" {
			t.Errorf("%s: %s", step.name, diff)
		}
	}
	if m.main != earlier {
		t.Errorf("main.go is remembered as %q, want the last version without errors", m.main)
	}
}
