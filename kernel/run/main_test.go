package run

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/notebook"
	"github.com/gossl/gossl/kernel/wire/wiretest"
)

func TestMain(m *testing.M) {
	wiretest.Main()
	os.Exit(m.Run())
}

// fakeHome is a data directory whose kernel is the given command; none: that of
// wiretest.
func fakeHome(t *testing.T, argv ...string) home.Home {
	t.Helper()
	if argv == nil {
		argv = wiretest.Argv()
	}
	h := home.Home(t.TempDir())
	spec, err := json.Marshal(map[string]any{"argv": argv, "env": map[string]string{"COLOUR": "green"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{h.KernelSpec(), h.Temp()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(h.KernelSpec(), "kernel.json"), spec, 0o644); err != nil {
		t.Fatal(err)
	}
	return h
}

// write makes a notebook of code cells in a folder of its own.
func write(t *testing.T, sources ...string) string {
	t.Helper()
	var cells []notebook.Cell
	for _, source := range sources {
		cells = append(cells, notebook.Cell{Type: notebook.Code, Source: source})
	}
	content, err := notebook.New("sslkit", "Go (sslkit)", "go", cells).Encode()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "test.ipynb")
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// tag gives a cell of a notebook a tag.
func tag(t *testing.T, name string, cell int, tag string) {
	t.Helper()
	n, err := notebook.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	n.Cells[cell].Tags = append(n.Cells[cell].Tags, tag)
	content, err := n.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// read returns a file.
func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// screen is a file to show progress on.
func screen(t *testing.T) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "screen"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}
