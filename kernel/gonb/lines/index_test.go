package lines

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSaveAndLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cells.json")
	x := session("func F() {}", "var a, b = 1, 2")
	if err := x.Save(file); err != nil {
		t.Fatal(err)
	}
	got, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(x.Cells, got.Cells); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	main := []byte("package main\n\nvar (\n\ta = 1\n)\n\nfunc F() {}\n")
	if diff := cmp.Diff(string(Annotate("main.go", main, x)), string(Annotate("main.go", main, got))); diff != "" {
		t.Errorf("annotated with the index read: %s", diff)
	}
	if name := got.Add(3, "func F() {}"); name != fileName(1) {
		t.Errorf("the code of cell 1 is named %s when it is executed again", name)
	}
	if want := []int{2, 3}; !cmp.Equal(want, numbers(got)) {
		t.Errorf("cells %d, want %d", numbers(got), want)
	}
	if name := got.Add(4, "func G() {}"); name != fileName(3) {
		t.Errorf("a new cell is named %s", name)
	}

	if _, err := Load(file + ".none"); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "lines: ") {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a broken file: %v", err)
	}
	if err := x.Save(filepath.Join(file, "x")); err == nil {
		t.Error("saved below a file")
	}
}

func numbers(x *Index) []int {
	var list []int
	for _, c := range x.Cells {
		list = append(list, c.Number)
	}
	return list
}

func TestPrune(t *testing.T) {
	x := session("func Keep() {}", "!ls", "bad syntax (")
	for i := range 2 * spare {
		x.Add(10+i, fmt.Sprintf("%%%%\nx(%d)", i))
	}
	got := numbers(x)
	if len(got) != spare+2 || got[0] != 1 || got[1] != 10+spare-1 || got[len(got)-1] != 10+2*spare-1 {
		t.Errorf("%d cells %d, want the first and the last %d", len(got), got, spare+1)
	}
}

// BenchmarkAnnotate is what a build waits for in a long notebook.
func BenchmarkAnnotate(b *testing.B) {
	var main strings.Builder
	main.WriteString("package main\n\n")
	x := NewIndex()
	for i := range 50 {
		code := fmt.Sprintf("func F%d(a, b int) int {\n%s\treturn a\n}\n", i, strings.Repeat("\tif a > b {\n\t\ta += b\n\t}\n", 10))
		x.Add(i, code)
		main.WriteString(code + "\n")
	}
	file := filepath.Join(b.TempDir(), "cells.json")
	if err := x.Save(file); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		loaded, err := Load(file)
		if err != nil {
			b.Fatal(err)
		}
		Annotate("main.go", []byte(main.String()), loaded)
	}
}
