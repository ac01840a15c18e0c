package launch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/gonb"
)

func TestCgoIncludesPreamble(t *testing.T) {
	const include = "// #include \"sslkit_cgo.h\"\nimport \"C\"; "
	for source, want := range map[string]string{
		"package main\n\nimport (\n\t\"C\"\n\t\"fmt\"\n)\n": "package main\n" + include + "import (\n\t   \n\t\"fmt\"\n)\n",
		"package main\n\nimport \"C\"\n\nfunc f() {}\n":     "package main\n" + include + "          \n\nfunc f() {}\n",
		"package main\n\nimport \"fmt\"\n":                  "package main\n\nimport \"fmt\"\n",
		"package main\n":                                    "package main\n",
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "main.go")
		if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"build", "-o", "x", "-ldflags=-s"}
		for header, wanted := range map[bool]struct {
			text string
			args []string
		}{false: {source, args}, true: {want, []string{"build", externally, "-o", "x", "-ldflags=-s"}}} {
			if header {
				if err := os.WriteFile(filepath.Join(dir, gonb.CgoHeader), []byte("int one;\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if err := os.RemoveAll(filepath.Join(dir, gonb.CgoHeader)); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
				t.Fatal(err)
			}
			b := build{dir: dir, args: slices.Clone(args)}
			err := b.prepare(nil)
			text, readErr := os.ReadFile(file)
			if err != nil || readErr != nil {
				t.Fatal(err, readErr)
			}
			if diff := cmp.Diff(wanted.text, string(text)); diff != "" {
				t.Errorf("header %v: main.go (-want +got):\n%s", header, diff)
			}
			if diff := cmp.Diff(wanted.args, b.args); diff != "" {
				t.Errorf("header %v: arguments (-want +got):\n%s", header, diff)
			}
			if strings.Count(string(text), "\n") != strings.Count(source, "\n") {
				t.Error("lines have moved")
			}
		}
	}
}
