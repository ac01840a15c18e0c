package notebook

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A notebook's source makes the notebook again.
func TestSourceRoundTrip(t *testing.T) {
	content, err := os.ReadFile("testdata/tour/tour.go")
	if err != nil {
		t.Fatal(err)
	}
	cells, err := Literate("tour.go", content)
	if err != nil {
		t.Fatal(err)
	}
	source, err := Source(cells)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Literate("again.go", source)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(cells, again); diff != "" {
		t.Errorf("cells (-first +again):\n%s\n%s", diff, source)
	}
}

func TestSource(t *testing.T) {
	cells := []Cell{
		{Type: Markdown, Source: "# Title\n\ntext"},
		{Type: Code, Source: `import "fmt"`, Tags: []string{"a", "b"}},
		{Type: Code, Source: "x := 1\nfmt.Println(x)"},
		{Type: Code, Source: ""},
		{Type: Code, Source: "func F() {}\n%exec F"},
	}
	source, err := Source(cells)
	if err != nil {
		t.Fatal(err)
	}
	const want = `package main

// %% [markdown]
// # Title
//
// text

// %% tags=["a", "b"]

import "fmt"

// %%

func cell3() {
	x := 1
	fmt.Println(x)
}

//gonb:%exec cell3

// %%

func F() {}

//gonb:%exec F
`
	if diff := cmp.Diff(want, string(source)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := Literate("made.go", source); err != nil {
		t.Errorf("the source makes no notebook: %v", err)
	}
}

// Lines that look like commands within a string stay, and those that go on with a command follow it.
func TestSourceOfCommands(t *testing.T) {
	cells := []Cell{{Type: Code, Source: "var s = `\n%d\n`\n\n!ls \\\n  -l", Tags: []string{}}}
	source, err := Source(cells)
	if err != nil {
		t.Fatal(err)
	}
	if want := "var s = `\n%d\n`\n\n//gonb:!ls \\\n//gonb:  -l\n"; !strings.HasSuffix(string(source), want) {
		t.Errorf("got %q, want it to end in %q", source, want)
	}
	again, err := Literate("again.go", source)
	if diff := cmp.Diff(cells, again); err != nil || diff != "" {
		t.Errorf("error %v, cells (-first +again):\n%s", err, diff)
	}
}

func TestSourceErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		cells []Cell
		want  string
	}{
		{"no Go", []Cell{{Type: Code, Source: "var a int"}, {Type: Code, Source: "func {"}}, "cell 2 cannot be a part of a Go file"},
		{"late import", []Cell{{Type: Code, Source: "var a int"}, {Type: Code, Source: `import "fmt"`}}, "cell 2 cannot be a part of a Go file: imports must appear before other declarations"},
	} {
		if _, err := Source(c.cells); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}
