package assist

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAnswers(t *testing.T) {
	a, _ := started(t)
	t.Run("complete", func(t *testing.T) { testComplete(t, a) })
	t.Run("inspect", func(t *testing.T) { testInspect(t, a) })
}

func testComplete(t *testing.T, a *Assistant) {
	tests := []struct {
		name, code string
		start      int
		want       string // among the matches
		first      string // the first match
		not        string // no match
	}{
		{name: "package", code: "fmt.Print‸", start: 4, want: "Print Printf Println", first: "Print", not: "Errorf"},
		{name: "package, nothing typed", code: "fmt.‸\nx := 1", start: 4, want: "Println Errorf"},
		{name: "package not imported", code: "recipe.‸", start: 7, want: "CIFAR10 Shapes Recipe"},
		{name: "member of a package not imported", code: "recipe.CIF‸", start: 7, first: "CIFAR10"},
		{name: "name of a package not imported", code: "reci‸", first: "recipe"},
		{name: "result", code: "r, err := recipe.Shapes(\"SimCLR\")\nr.‸", start: 36, want: "Name Method Epochs", not: "String"},
		{name: "result, more lines", code: "r, err := recipe.Shapes(\"SimCLR\")\nr.‸\nfmt.Println(err)", start: 36, want: "Name"},
		{name: "method of a result", code: "import \"time\"\n\ntime.Now().Uni‸", start: 26, want: "Unix UnixNano"},
		{name: "alias of an earlier cell", code: "%%\nstr.Fie‸", start: 7, want: "Fields FieldsFunc"},
		{name: "function of an earlier cell", code: "dou‸", first: "double"},
		{name: "variable of an earlier cell", code: "fmt.Println(gree‸)", start: 12, first: "greeting"},
		{name: "method of an earlier cell", code: "var p Point\np.‸", start: 14, want: "X Height Move"},
		{name: "redefined type", code: "type Point struct{ Depth int }\nvar p Point\np.‸", start: 45, want: "Depth Move", not: "Height"},
		{name: "unicode", code: "p := Point{}\ns := \"äß𝄞\"; p.H‸", start: 27, first: "Height"},
		{name: "inside a word", code: "p := Point{}\np.He‸ight", start: 15, first: "Height"},
		{name: "other case", code: "fmt.println‸", start: 4, first: "Println"},
		{name: "inside a function", code: "import \"os\"\n\nfunc f() {\n\tif true {\n\t\tos.Getw‸\n", start: 40, first: "Getwd"},
		{name: "function main", code: "func main() {\n\tfmt.Prin‸\n}", start: 19, want: "Println"},
		{name: "keyword", code: "impo‸", first: "import"},
		{name: "keyword of a statement", code: "for i := range 3 {\n\tcontin‸\n}", start: 20, first: "continue"},
		{name: "import path", code: "import \"github.com/gossl/gossl/sslkit/rec‸\"", start: 38, first: "recipe"},
		{name: "import path with a dash", code: "import \"github.com/gomlx/go-x‸\"", start: 25, want: "go-xla/"},
		{name: "comment", code: "// fmt.Pri‸", not: "Print"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, cursor := cursorIn(t, test.code)
			begin := time.Now()
			got := a.Complete(timeout(t), code, cursor)
			t.Logf("%v", time.Since(begin).Round(time.Millisecond))
			for _, want := range strings.Fields(test.want) {
				if !slices.Contains(got.Matches, want) {
					t.Errorf("matches %q, want %s among them: %v", got.Matches, want, a.Err())
				}
			}
			if test.first != "" && (len(got.Matches) == 0 || got.Matches[0] != test.first) {
				t.Errorf("matches %q, want %s first: %v", got.Matches, test.first, a.Err())
			}
			if test.not != "" && slices.Contains(got.Matches, test.not) {
				t.Errorf("matches %q, want no %s", got.Matches, test.not)
			}
			if len(got.Matches) > 0 && (got.Start != test.start || got.End != cursor) {
				t.Errorf("replaces %d to %d, want %d to %d", got.Start, got.End, test.start, cursor)
			}
		})
	}
}

func TestCompletionMetadata(t *testing.T) {
	list := []candidate{{Text: "Other"}, {Text: "äb", Type: "function", Signature: "func()"}, {Text: "äb"}, {Text: "ÄC"}}
	got := newCompletion("x.ä", len("x.ä"), "ä", list)
	if want := []string{"äb", "ÄC"}; !slices.Equal(got.Matches, want) || got.Start != 2 || got.End != 3 {
		t.Errorf("%+v, want %q for 2 to 3", got, want)
	}
	types := got.Metadata["_jupyter_types_experimental"].([]candidate)
	if want := (candidate{2, 3, "äb", "function", "func()"}); len(types) != 2 || types[0] != want {
		t.Errorf("types %+v, want %+v first", types, want)
	}
	for i := range 2 * most {
		list = append(list, candidate{Text: strings.Repeat("a", i+1)})
	}
	if got := newCompletion("", 0, "", list); len(got.Matches) != most {
		t.Errorf("%d matches, want %d at most", len(got.Matches), most)
	}
	if got := newCompletion("", 0, "", nil); got.Matches == nil || got.Metadata["_jupyter_types_experimental"].([]candidate) == nil {
		t.Errorf("%+v, want empty lists: JSON has no nil", got)
	}
}

func testInspect(t *testing.T, a *Assistant) {
	tests := []struct {
		name, code string
		detail     int
		want       string // in the text; nothing found if empty
	}{
		{"function", "fmt.Print‸ln(1)", 0, "func fmt.Println(a ...any) (n int, err error)"},
		{"documentation", "fmt.Println‸(1)", 0, "Spaces are always added between operands"},
		{"package not imported", "recipe.Shap‸es(\"x\")", 0, "func recipe.Shapes(name string) (recipe.Recipe, error)"},
		{"call", "recipe.Shapes(‸)", 0, "func Shapes(name string) (recipe.Recipe, error)"},
		{"open call", "x := double(‸", 0, "double doubles."},
		{"second argument", "fmt.Println(double(1), ‸)", 0, "func Println(a ...any)"},
		{"literal in a call", "double(3‸", 0, "func double(x int) int"},
		{"variable", "r, err := recipe.Shapes(\"SimCLR\")\nfmt.Println(r‸, err)", 0, "var r recipe.Recipe"},
		{"earlier cell", "Po‸int{}", 0, "type Point struct"},
		{"source", "double‸(1)", 1, "return 2 * x"},
		{"keyword", "for‸ {}", 0, ""},
		{"nothing", "‸", 0, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, cursor := cursorIn(t, test.code)
			markdown, plain, found := a.Inspect(timeout(t), code, cursor, test.detail)
			if found != (test.want != "") || !strings.Contains(plain, test.want) || !strings.Contains(markdown, test.want) {
				t.Errorf("found %v: %s\nwant %q: %v", found, plain, test.want, a.Err())
			}
			if strings.Contains(plain, "```") {
				t.Errorf("plain text has marks: %s", plain)
			}
		})
	}
}

// TestNextCell checks that what a cell has declared is known as soon as GoNB has written it down.
func TestNextCell(t *testing.T) {
	a, dir := started(t)
	const code = "tripl"
	if got := a.Complete(timeout(t), code, len(code)); len(got.Matches) > 0 {
		t.Fatalf("matches %q before there is any", got.Matches)
	}
	writeFile(t, dir, "main.go", earlier+"\nfunc triple(x int) int { return 3 * x }\n")
	if got := a.Complete(timeout(t), code, len(code)); !slices.Equal(got.Matches, []string{"triple"}) {
		t.Errorf("matches %q, want triple: %v", got.Matches, a.Err())
	}
	rename(t, dir, "main.go", "main_test.go")
	writeFile(t, dir, "extra.go", "package main\n\nfunc extraordinary() {}\n")
	for _, want := range []string{"triple", "extraordinary"} {
		code := want[:5]
		if got := a.Complete(timeout(t), code, len(code)); !slices.Contains(got.Matches, want) {
			t.Errorf("matches %q, want %s: %v", got.Matches, want, a.Err())
		}
	}
}
