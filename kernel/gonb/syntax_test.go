package gonb

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSyntaxErrors checks that they speak of the user's text.
func TestSyntaxErrors(t *testing.T) {
	wrapped := func(line, col int) string { return fmt.Sprintf("%d:%d", line, len(MainStart)+col) } // in a func main of ours
	for code, want := range map[string][]SyntaxError{
		"func F() {}":                           nil,
		"x := 1\n_ = x":                         nil,
		"func F() {\n\tif true {":               {{"2:10", "this { is not closed"}},
		"func F() {\n\tif true {\n\t}":          {{"1:10", "this { is not closed"}},
		"if true {":                             {{wrapped(1, 9), "this { is not closed"}},
		"for {\nif true {\nbreak\n}":            {{wrapped(1, 5), "this { is not closed"}},
		"f(1":                                   {{wrapped(1, 2), "this ( is not closed"}},
		"f(\n":                                  {{wrapped(1, 2), "this ( is not closed"}},
		"func F() {\n\tfor {\n}":                {{"2:6", "this { is not closed"}},
		"f(1))":                                 {{wrapped(1, 5), "this ) closes nothing"}},
		"}":                                     {{wrapped(1, 1), "this } closes nothing"}},
		"func F() {\n}\n}":                      {{wrapped(3, 1), "this } closes nothing"}},
		"f(a[1)":                                {{wrapped(1, 6), "this ) would close ["}},
		"x :=":                                  {{"1", "the cell ends in the middle of a statement"}},
		"x := 1 +\n":                            {{"2", "the cell ends in the middle of a statement"}},
		"x := []int{1,2\n3}":                    {{wrapped(1, 15), "missing ',' before newline in composite literal"}},
		"s := `abc":                             {{wrapped(1, 6), "raw string literal not terminated"}},
		"else {}":                               {{wrapped(1, 1), "expected statement, found 'else'"}},
		"f(1) f(2)":                             {{wrapped(1, 6), "expected ';', found f"}},
		"%%\nf(1":                               {{"2:2", "this ( is not closed"}},
		"!echo (\n%%\nif x {\n!echo }\n":        {{"3:6", "this { is not closed"}},
		"type T struct {\n\tA int\n":            {{"1:15", "this { is not closed"}},
		"import (\n\t\"fmt\"":                   {{"1:8", "this ( is not closed"}},
		"func F() {\n\tx := 1 +\n}\n\nf(1 2)\n": {{"3:1", "expected operand, found '}'"}},
	} {
		r, err := NewSession().Rewrite(code)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, SyntaxErrors(r.Code)); diff != "" {
			t.Errorf("%q: -want +got:\n%s", code, diff)
		}
	}
}
