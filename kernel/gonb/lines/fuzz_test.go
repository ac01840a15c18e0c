package lines

import (
	"strings"
	"testing"

	"github.com/gossl/gossl/kernel/gonb"
)

// FuzzAnnotate checks that annotations change no line and can be taken out again.
func FuzzAnnotate(f *testing.F) {
	for _, c := range annotateCases {
		f.Add(strings.Join(c.cells, "\n"), c.main)
	}
	f.Add("x)(y", "package main\r\n\nfunc F() {\r\n\ts := `\r\n`\r\n}")
	f.Fuzz(func(t *testing.T, code, main string) {
		for _, main := range []string{main, composed(code)} {
			bare := Bare(main)
			got := Annotate("main.go", []byte(main), session(code))
			if have, want := strings.Count(string(got), "\n"), strings.Count(bare, "\n"); have != want {
				t.Errorf("%q: %d line feeds, want %d", got, have, want)
			}
			if again := Bare(string(got)); again != bare {
				t.Errorf("%q without annotations is %q", bare, again)
			}
		}
	})
}

func composed(code string) string {
	text, _ := gonb.Compose(code)
	return text
}

// FuzzExplain checks that no output is too odd to be explained, or to be searched
// for a panic.
func FuzzExplain(f *testing.F) {
	f.Add("cell[1]:0:5: x\ncell[1]:99999999999999999999:3: y\n\tz", "a\nb")
	f.Add("\tx\nmain.go:1:1: \"a\"\ncell[1]:2:99: b", "import \"a\"\n\x00é")
	f.Add("panic: x\n\n\ngoroutine 1 [running]:\n\t/a/cell[1]:3", "")
	f.Fuzz(func(t *testing.T, output, code string) {
		text, page := Explain(output, session(code), func(int) string { return code }, func() []Package { return nil })
		if (text == "") != (page == "") {
			t.Errorf("text %q, page %q", text, page)
		}
		if name, reason, lines := Trace(output, NewIndex()); (name == "") != (lines == nil) {
			t.Errorf("%q: %s, %q, %q", output, name, reason, lines)
		}
	})
}
