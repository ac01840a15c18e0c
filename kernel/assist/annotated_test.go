package assist

import (
	"strings"
	"testing"

	"github.com/gossl/gossl/kernel/gonb"
	"github.com/gossl/gossl/kernel/gonb/lines"
)

// TestAnnotatedCells checks that what the kernel puts into GoNB's file for the
// compiler reaches neither Tab nor Shift-Tab, where it would be documentation.
func TestAnnotatedCells(t *testing.T) {
	a, dir := started(t)
	x := lines.NewIndex()
	x.Add(1, "type Point struct {\n\tX,   Height int\n}\nconst   Limit = 10\nvar greeting  = str.ToUpper(\"hello\")")
	x.Add(2, "// double doubles.\n\n\nfunc double(x   int) int {\nreturn   2 * x\n}\nfunc (p *Point) Move(dx   int) { p.X += dx }\n"+
		"type I interface { M(a   int)   string }\nvar anon = struct{ A,  B  int }{}\nvar _ = 1")
	written := strings.Replace(earlier, "func main", "type I interface{ M(a int) string }\n\nvar (\n\tanon = struct{ A, B int }{}\n\t"+
		gonb.BlankName+"12345678 = 1\n)\n\nfunc main", 1)
	annotated := string(lines.Annotate("main.go", []byte(written), x))
	if strings.Count(annotated, "/*line ") < 10 {
		t.Fatalf("hardly annotated: %s", annotated)
	}
	writeFile(t, dir, "main.go", annotated)
	writeFile(t, dir, gonb.ShowFile, "package main\n\nvar sslkitShow = func(...any) {}\n")
	for _, marked := range []string{"double‸(1)", "Point‸{}", "var p Point; p.Mov‸e(1)", "var p Point; p.Heig‸ht", "greet‸ing", "Lim‸it",
		"ano‸n", "anon.A‸", "var i I‸", "var i I; i.M‸(1)", "x := double; x‸(1)"} {
		code, cursor := cursorIn(t, marked)
		for detail := range 2 {
			markdown, plain, found := a.Inspect(timeout(t), code, cursor, detail)
			if !found {
				t.Errorf("%s: nothing found: %v", marked, a.Err())
			}
			for _, not := range []string{"/*line", "line main", "main.go", "sslkit_", "cell["} {
				if strings.Contains(markdown+plain, not) {
					t.Errorf("%s: %q is in\n%s", marked, not, markdown)
				}
			}
		}
	}
	for _, prefix := range []string{"sslkitS", gonb.BlankName} {
		if got := a.Complete(timeout(t), prefix, len(prefix)); len(got.Matches) > 0 {
			t.Errorf("%s: matches %q", prefix, got.Matches)
		}
	}
}
