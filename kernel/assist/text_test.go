package assist

import (
	"slices"
	"strings"
	"testing"
)

func TestPosition(t *testing.T) {
	const text = "äß\n𝄞x\n"
	tests := []struct {
		offset int
		want   position
	}{
		{0, position{0, 0}}, {2, position{0, 1}}, {4, position{0, 2}}, {5, position{1, 0}},
		{9, position{1, 2}}, {10, position{1, 3}}, {11, position{2, 0}},
	}
	for _, test := range tests {
		if got := positionAt(text, test.offset); got != test.want {
			t.Errorf("positionAt(%d) = %v, want %v", test.offset, got, test.want)
		}
		if got := offsetAt(text, test.want); got != test.offset {
			t.Errorf("offsetAt(%v) = %d, want %d", test.want, got, test.offset)
		}
	}
	if got := offsetAt(text, position{0, 99}); got != 4 {
		t.Errorf("beyond a line: %d, want its end, 4", got)
	}
	if got := offsetAt(text, position{9, 0}); got != len(text) {
		t.Errorf("beyond the text: %d, want its end, %d", got, len(text))
	}
	for cursor, want := range []int{0, 2, 4, 5, 9, 10, 11, 11} {
		if got := byteOffset(text, cursor); got != want {
			t.Errorf("byteOffset(%d) = %d, want %d", cursor, got, want)
		}
	}
}

func TestWord(t *testing.T) {
	const text = "a.größe_1 + b"
	if start, end := wordBefore(text, 6), wordAfter(text, 6); text[start:end] != "größe_1" {
		t.Errorf("word %q, want größe_1", text[start:end])
	}
	if got := wordBefore(text, 2); got != 2 {
		t.Errorf("the word behind a dot begins at %d, want 2", got)
	}
}

func TestApplyEdits(t *testing.T) {
	at := func(line, from, to int) textRange { return textRange{position{line, from}, position{line, to}} }
	got := applyEdits("one\ntwo\n", []textEdit{{at(1, 0, 3), "2"}, {at(0, 0, 0), "a"}, {at(0, 0, 0), "b"}, {at(0, 3, 3), "!"}})
	if want := "abone!\n2\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestPlainText(t *testing.T) {
	got := plainText("```go\nfunc F(a []int)[x](y)\n```\n\n---\n\nF of \\[Fs] is [os.Args](https://x), 1\\. a \\* b.\n\n\tx := a[i](j)\n")
	want := "func F(a []int)[x](y)\n\nF of [Fs] is os.Args, 1. a * b.\n\n\tx := a[i](j)"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestMagics needs no gopls: special commands are answered without it.
func TestMagics(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "main.go", earlier)
	a := Start(t.Context(), Options{Gopls: dir + "/none", Dir: dir})
	t.Cleanup(a.Close)
	tests := []struct {
		code  string
		start int
		want  string // among others, if it begins with …
	}{
		{"%‸", 0, "… %% %main %exec %test %env %cd %ls %rm %reset %goflags %capture %track %untrack %%writefile %%bash %with_inputs %widgets %wasm %help %version"},
		{"x := 1\n%wi‸", 7, "%widgets %widgets_hb %with_inputs %with_password"},
		{"//gonb:%ex‸", 7, "%exec"},
		{"%%b‸", 0, "%%bash"},
		{"!‸", 0, "! !*"},
		{"!l‸", 0, ""},
		{"%exec d‸", 6, "double"},
		{"%rm Limit Po‸", 10, "Point Point~Move"},
		{"%env A‸", 6, ""},
		{"%%bash\nfor‸", 10, ""},
		{"%%writefile x\n%‸", 15, ""},
	}
	for _, test := range tests {
		code, cursor := cursorIn(t, test.code)
		got := a.Complete(t.Context(), code, cursor)
		some, among := strings.CutPrefix(test.want, "… ")
		want := strings.Fields(some)
		missing := slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(got.Matches, w) })
		if missing || !among && len(got.Matches) != len(want) {
			t.Errorf("%q: matches %q, want %q", test.code, got.Matches, want)
		}
		if len(want) > 0 && (got.Start != test.start || got.End != cursor) {
			t.Errorf("%q: replaces %d to %d, want %d to %d", test.code, got.Start, got.End, test.start, cursor)
		}
	}
	for code, want := range map[string]string{
		"%capture -a‸ f": "%capture [-a] file\n\nWrites the cell's output to a file too; -a appends.",
		"!*‸go version":  "!* command\n\nRuns a shell command in the folder where GoNB builds, which holds go.mod.",
		"%‸nonsense":     "",
	} {
		plain, cursor := cursorIn(t, code)
		if _, got, found := a.Inspect(t.Context(), plain, cursor, 0); got != want || found != (want != "") {
			t.Errorf("%q is explained as %q, want %q", code, got, want)
		}
	}
}
