package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNotebooksFollowTheirSources(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "tours", "tour", "tour.go")
	file := filepath.Join(dir, "tours", "tour.ipynb")
	if err := os.MkdirAll(filepath.Dir(source), 0o755); err != nil {
		t.Fatal(err)
	}
	save := func(content string) {
		t.Helper()
		if err := os.WriteFile(source, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	nb := func(args ...string) error {
		root := command()
		root.SetArgs(append([]string{"nb"}, args...))
		return root.Execute()
	}

	save("package main\n\n// %%\nvar a int\n")
	if err := nb("--check", dir); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("check without a notebook: error %v, want one that names %s", err, file)
	}
	for _, arg := range []string{dir, filepath.Dir(source), source} {
		os.Remove(file)
		if err := nb(arg); err != nil {
			t.Errorf("nb %s: %v", arg, err)
		}
		if err := nb("--check", arg); err != nil {
			t.Errorf("check of %s after nb: %v", arg, err)
		}
	}
	save("package main\n\n// %%\nvar b int\n")
	want := file + " is not what " + source + " makes; write it anew with: go run ./kernel/cmd/sslkit-kernel nb " + source
	if err := nb("--check", dir); err == nil || err.Error() != want {
		t.Errorf("check of a changed source: error %v, want %s", err, want)
	}
	if err := nb(t.TempDir()); err == nil || !strings.Contains(err.Error(), "want NAME/NAME.go") {
		t.Errorf("folder without sources: error %v", err)
	}
}

// A notebook without source gets one, which is not overwritten.
func TestSourceFromNotebook(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "tour", "tour.go")
	const first = "package main\n\n// %%\n\nvar a int\n"
	if err := os.Mkdir(filepath.Dir(source), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(source, []byte(first), 0o644); err != nil {
		t.Fatal(err)
	}
	nb := func(args ...string) error {
		root := command()
		root.SetArgs(append([]string{"nb"}, args...))
		return root.Execute()
	}
	file := filepath.Join(dir, "tour.ipynb")
	if err := nb(source); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(source); err != nil {
		t.Fatal(err)
	}
	if err := nb("--check", file); err == nil || !strings.Contains(err.Error(), source) {
		t.Errorf("check without a source: %v", err)
	}
	for range 2 { // written, and there already
		if err := nb(file); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(source); err != nil || string(got) != first {
		t.Errorf("the source is %q, error %v, want %q", got, err, first)
	}
	if err := os.WriteFile(source, []byte("package main\n\n// %%\n\nvar b int\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := nb(file); err == nil || !strings.Contains(err.Error(), "makes another notebook") {
		t.Errorf("over another source: %v", err)
	}
}
