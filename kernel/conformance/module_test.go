package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tree makes files in a folder, and folders for them.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// A notebook in a module, or in a workspace, finds the packages around it, and the library too.
func TestModuleAround(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"module": {
			"go.mod":    "module example.com/mine\n\ngo 1.24\n",
			"a/a.go":    "package a\n\nconst Answer = 42\n",
			"nb/x/y.md": "",
		},
		"with requirements that the library has": {
			"go.mod":    "module example.com/mine\n\ngo 1.26\n\nrequire github.com/google/renameio/v2 v2.0.2\n",
			"go.sum":    sums(t, "github.com/google/renameio/v2"),
			"a/a.go":    "package a\n\nimport \"github.com/google/renameio/v2\"\n\nvar _ = renameio.WriteFile\n\nconst Answer = 42\n",
			"nb/x/y.md": "",
		},
		"workspace": {
			"go.work":    "go 1.24\n\nuse (\n\t./one\n\t./two\n)\n\nreplace example.com/other => ./other\n",
			"one/go.mod": "module example.com/mine\n\ngo 1.24\n\nrequire example.com/other v0.0.0\n", "one/a/a.go": "package a\n\nimport \"example.com/other\"\n\nconst Answer = other.Answer\n",
			"two/go.mod": "module example.com/two\n\ngo 1.24\n", "two/two.go": "package two\n",
			"other/go.mod": "module example.com/other\n", "other/other.go": "package other\n\nconst Answer = 42\n",
			"nb/x/y.md": "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := startIn(t, filepath.Join(tree(t, files), "nb", "x"))
			o := k.OK("import (\n\t\"example.com/mine/a\"\n\t\"github.com/gossl/gossl/sslkit/recipe\"\n)\n_, err := recipe.Shapes(\"BYOL\")\nfmt.Println(a.Answer, err)")
			if o.Stdout != "42 <nil>\n" {
				t.Errorf("printed %q", o.Stdout)
			}
			if name == "workspace" {
				k.OK("import _ \"example.com/two\"\nfmt.Println()")
			}
		})
	}
}

// sums are the lines of our go.sum that a module needs.
func sums(t *testing.T, module string) string {
	t.Helper()
	text, err := os.ReadFile("../../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	var found strings.Builder
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, module+" ") {
			found.WriteString(line)
		}
	}
	return found.String()
}

// A module that Go cannot load says so where a cell needs it, and is in no other cell's way.
func TestModuleAroundCannotBeLoaded(t *testing.T) {
	for name, c := range map[string]struct{ mod, want string }{
		"a requirement is nowhere": {"module example.com/mine\n\ngo 1.24\n\nrequire example.invalid/gone v1.2.3\n", "example.invalid/gone@v1.2.3"},
		"a newer Go":               {"module example.com/mine\n\ngo 1.99\n", "go.mod requires go >= 1.99"},
		"a broken go.mod":          {"module example.com/mine\n\nrequire {\n", "go.mod"},
		"without the go.sum":       {"module example.com/mine\n\ngo 1.24\n\nreplace example.com/x => ./nowhere\n\nrequire example.com/x v0.0.0\n", "example.com/x"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, map[string]string{"go.mod": c.mod, "a/a.go": "package a\n\nconst Answer = 42\n"})
			k := startIn(t, dir)
			o := k.OK("import \"github.com/gossl/gossl/sslkit/recipe\"\n_, err := recipe.Shapes(\"BYOL\")\nfmt.Println(err)")
			if o.Stdout != "<nil>\n" {
				t.Errorf("printed %q", o.Stdout)
			}
			o = k.Fails("import \"example.com/mine/a\"\nfmt.Println(a.Answer)", "Module", c.want)
			for _, want := range []string{"the module example.com/mine in " + dir, "run `go mod download` in " + dir} {
				if !strings.Contains(o.Value, want) {
					t.Errorf("%q, want %q in it", o.Value, want)
				}
			}
		})
	}
}

// A notebook in another checkout of the library uses that one.
func TestModuleAroundIsTheLibrary(t *testing.T) {
	repo, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir()
	if out, err := exec.Command("cp", "-r", filepath.Join(repo, "go.mod"), filepath.Join(repo, "go.sum"), filepath.Join(repo, "sslkit"), copied).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(copied, "sslkit", "op", "mine.go"), []byte("package op\n\n// Mine is there in the copy alone.\nconst Mine = 42\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	code := "import \"github.com/gossl/gossl/sslkit/op\"\nop.Mine"
	if o := startIn(t, copied).OK(code); o.Result["text/plain"] != "42" {
		t.Errorf("result %v", o.Result)
	}
	notebooks := filepath.Join(repo, "notebooks") // and the kernel's own checkout is itself
	if o := startIn(t, notebooks).Run(code); o.Status != "error" || o.Name != "BuildError" {
		t.Errorf("in the kernel's own checkout: %s %s", o.Status, o.Value)
	}
}
