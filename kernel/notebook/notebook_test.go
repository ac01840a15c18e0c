package notebook

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestLiterateGolden(t *testing.T) {
	const source, golden = "testdata/tour/tour.go", "testdata/tour.ipynb"
	content, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	cells, err := Literate(source, content)
	if err != nil {
		t.Fatal(err)
	}
	got, err := New("sslkit", "Go (sslkit)", "go", cells).Encode()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("notebook of %s (-want +got), -update writes it anew:\n%s", source, diff)
	}
}

// A cell may have statements that are no part of the Go file.
func TestLiterateStatements(t *testing.T) {
	cells, err := Literate("a.go", []byte("package main\n\n// %%\n//gonb:x := 1\n//gonb:x + 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Cell{{Type: Code, Source: "x := 1\nx + 1", Tags: []string{}}}, cells); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
}

func TestLiterateErrors(t *testing.T) {
	tests := []struct {
		name, source, want string
	}{
		{"syntax", "package main\n\n// %%\nfunc {", "a.go:4:6: expected 'IDENT'"},
		{"package", "package tour\n", "a.go: package tour, want main"},
		{"no cell", "package main\n", "a.go: no cell"},
		{"marker", "package main\n\n// %% [text]\n", "a.go:3: marker \"// %% [text]\""},
		{"tags", "package main\n\n// %% tags=[summary]\n", "a.go:3: marker"},
		{"empty cell", "package main\n\n// %%\n\n// %% [markdown]\n// text\n", "a.go:3: empty cell"},
		{"code before cells", "package main\n\nvar a int\n\n// %%\nvar b int\n", "a.go:3: code before the first cell"},
		{"code in text", "package main\n\n// %% [markdown]\n// text\n\nvar a int\n", "a.go:6: code in a text cell"},
		{"unknown function", "package main\n\n// %%\nvar a int\n\n//gonb:%exec Run\n", "a.go:6: %exec Run: this file has no function Run()"},
		{"function with parameters", "package main\n\n// %%\nfunc Run(n int) {}\n\n//gonb:%exec Run\n", "a.go:6: %exec Run"},
		{"no line of Go", "package main\n\n// %%\nfunc Run() {}\n\n// %%\n//gonb:%exec Run\n", "a.go:6: GoNB does not run a cell without a line of Go"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Literate("a.go", []byte(test.source))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("error %v, want %s…", err, test.want)
			}
		})
	}
}

func TestReadWhatJupyterWrites(t *testing.T) {
	const content = `{"cells": [
		{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Title\ntext"},
		{"cell_type": "code", "id": "b", "execution_count": 3, "metadata": {"tags": ["summary"]}, "source": ["var a int\n", "var b int"],
		 "outputs": [{"output_type": "stream", "name": "stdout", "text": ["a"]}]}],
		"metadata": {}, "nbformat": 4, "nbformat_minor": 5}`
	var n Notebook
	if err := json.Unmarshal([]byte(content), &n); err != nil {
		t.Fatal(err)
	}
	want := []Cell{
		{Type: Markdown, ID: "a", Source: "# Title\ntext"},
		{Type: Code, ID: "b", Source: "var a int\nvar b int", Tags: []string{"summary"}},
	}
	if diff := cmp.Diff(want, n.Cells); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
}

func TestTitle(t *testing.T) {
	n := Notebook{Cells: []Cell{
		{Type: Code, Source: "import (\n\t\"fmt\"\n)"},
		{Type: Markdown, Source: "text\n\n## Train it\n\nmore"},
		{Type: Code, Source: "func Train() {}\n\n%exec Train"},
		{Type: Code, Source: "// Show shows.\nfunc Show() {}\n\n%exec Show"},
	}}
	for cell, want := range map[int]string{0: "import", 2: "Train it", 3: "Show"} {
		if got := n.Title(cell); got != want {
			t.Errorf("title of cell %d: %q, want %q", cell, got, want)
		}
	}
}
