package conformance

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// python is [Python] of this checkout.
func python(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return Python(t, filepath.Join("..", ".."), args...)
}

// Jupyter's own tests of kernels.
func TestJupyterKernelTest(t *testing.T) {
	out, err := python(t, "testdata/kernel_test.py").CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}

// nbconvert fails where a cell panics, and nowhere else.
func TestNbconvert(t *testing.T) {
	for source, fails := range map[string]bool{
		`fmt.Println("fine")`: false,
		`panic("on purpose")`: true,
	} {
		name := filepath.Join(t.TempDir(), "test.ipynb")
		cell := `{"cells": [{"cell_type": "code", "id": "a", "execution_count": null, "metadata": {}, "outputs": [], "source": ` +
			quote(t, source) + `}], "metadata": {"kernelspec": {"name": "sslkit", "display_name": "Go"}}, "nbformat": 4, "nbformat_minor": 5}`
		if err := os.WriteFile(name, []byte(cell), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := python(t, "-m", "nbconvert", "--execute", "--to", "notebook", "--stdout", name).CombinedOutput()
		if (err != nil) != fails {
			t.Errorf("%s: %v\n%s", source, err, out)
		}
		if fails && !strings.Contains(string(out), "on purpose") {
			t.Errorf("%s: the reason is missing:\n%s", source, out)
		}
	}
}

// A page of a notebook colours Go as Go, by what the kernel says of its language.
func TestNbconvertColours(t *testing.T) {
	name := filepath.Join(t.TempDir(), "test.ipynb")
	cell := `{"cells": [{"cell_type": "code", "id": "a", "execution_count": null, "metadata": {}, "outputs": [], "source": "func F() {}"}],
		"metadata": {"kernelspec": {"name": "sslkit", "display_name": "Go"}}, "nbformat": 4, "nbformat_minor": 5}`
	if err := os.WriteFile(name, []byte(cell), 0o600); err != nil {
		t.Fatal(err)
	}
	// nbconvert looks for the language before it executes: what was executed tells.
	executed, err := python(t, "-m", "nbconvert", "--execute", "--to", "notebook", "--stdout", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, executed, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := python(t, "-m", "nbconvert", "--to", "html", "--stdout", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	// func is a keyword of Go, and a name for Python.
	if !strings.Contains(string(out), `hl-go`) || !strings.Contains(string(out), `<span class="kd">func</span>`) {
		t.Errorf("func is not coloured as Go's keyword")
	}
}

func quote(t *testing.T, text string) string {
	t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(quoted)
}
