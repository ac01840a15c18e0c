package doctor

import (
	"os"
	"path/filepath"
	"testing"
)

func TestGoVersion(t *testing.T) {
	tests := []struct {
		name, go_, mod string // what go prints, and go.mod
		status         Status
		detail, fix    string
	}{
		{"new", "echo go1.27.1", "module m\n\ngo 1.26.0\n", OK, "go1.27.1", ""},
		{"same", "echo go1.26.0", "module m\n\ngo 1.26.0\n", OK, "go1.26.0", ""},
		{"old", "echo go1.9.7", "module m\n\ngo 1.26.0\n", Fail, "go1.9.7, go.mod wants go1.26.0", "install Go 1.26.0"},
		{"broken", "echo no space left >&2; exit 2", "go 1.26.0\n", Fail, "no space left", "install Go 1.26.0"},
		{"no checkout", "echo go1.26.0", "", Warn, "no go.mod", "in a checkout"},
		{"no go", "", "go 1.26.0\n", Fail, "not on PATH", "install Go 1.26.0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := sick(t)
			write(t, filepath.Join(d.Repo, "go.mod"), test.mod)
			bin := t.TempDir()
			if test.go_ != "" {
				script(t, filepath.Join(bin, "go"), test.go_)
			}
			t.Setenv("PATH", bin)
			expect(t, d.goVersion(t.Context()), test.status, test.detail, test.fix)
		})
	}
}

func TestCompiler(t *testing.T) {
	tests := []struct {
		name, script string
		status       Status
		detail, fix  string
	}{
		{"works", `case "$*" in *dump*) echo 12.2.0;; *) grep -q stdlib;; esac`, OK, "12.2.0", ""},
		{"says no version", `case "$*" in *dump*) exit 1;; esac`, OK, "mycc", ""},
		{"no headers", "echo stdlib.h: no such file >&2; exit 1", Warn, "stdlib.h: no such file", "libc6-dev"},
		{"none", "", Fail, "not on PATH", "apt install gcc"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := sick(t)
			cc := filepath.Join(t.TempDir(), "mycc")
			t.Setenv("CC", cc)
			if test.script != "" {
				script(t, cc, test.script)
			}
			expect(t, d.compiler(t.Context()), test.status, test.detail, test.fix)
		})
	}
}

func TestTools(t *testing.T) {
	d := sick(t)
	expect(t, d.gonb(t.Context()), Fail, "gonb is missing: no kernel starts", "make setup")
	expect(t, d.goimports(t.Context()), Fail, "goimports is missing: no cell is built", "make setup")
	expect(t, d.gopls(t.Context()), Warn, "gopls is missing: nothing is completed", "make setup")

	for _, tool := range []string{"gonb", "gopls"} {
		script(t, d.Home.Bin(tool), `case "$1" in version|--version) ;; *) exit 1;; esac`)
	}
	script(t, d.Home.Bin("goimports"), "grep -q package")
	expect(t, d.gonb(t.Context()), OK, "gonb", "")
	expect(t, d.goimports(t.Context()), OK, "goimports", "")
	expect(t, d.gopls(t.Context()), OK, "gopls", "")

	write(t, filepath.Join(d.Repo, "kernel", "tools", "go.mod"),
		"tool (\n\tgithub.com/janpfeifer/gonb\n)\n\nrequire (\n\tgithub.com/janpfeifer/gonb v0.11.4 // indirect\n)\n")
	expect(t, d.gonb(t.Context()), Warn, "the checkout wants v0.11.4", "make setup")
	expect(t, d.gopls(t.Context()), OK, "gopls", "")

	script(t, d.Home.Bin("gonb"), "echo cannot execute >&2; exit 126")
	expect(t, d.gonb(t.Context()), Fail, "cannot execute", "remove it, then")
	if err := os.Chmod(d.Home.Bin("gopls"), 0o644); err != nil {
		t.Fatal(err)
	}
	expect(t, d.gopls(t.Context()), Warn, "permission denied", "remove it, then")
}

// The version of a Go program is its main module's: this test's program has one, if an unnamed one.
func TestBuilt(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if got := built(self); got != "(devel)" && got != "of unknown version" {
		t.Errorf("version %q, want that of a program under development", got)
	}
	if got := built("/dev/null"); got != "of unknown version" {
		t.Errorf("version %q of no program", got)
	}
}

func TestPython(t *testing.T) {
	tests := []struct {
		name, prints string
		status       Status
		detail, fix  string
	}{
		{"new", "echo Python 3.14.0", OK, "Python 3.14.0", ""},
		{"old", "echo Python 3.9.18", Fail, "want 3.10 or later", "install Python 3.10"},
		{"odd", "echo PyPy", Fail, `says "PyPy"`, "make setup"},
		{"broken", "echo no libpython >&2; exit 1", Fail, "no libpython", "make setup"},
		{"none", "", Fail, "no such file", "make setup"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := sick(t)
			if test.prints != "" {
				script(t, d.Home.Python(), test.prints)
			}
			expect(t, d.python(t.Context()), test.status, test.detail, test.fix)
		})
	}
}

func TestJupyterLab(t *testing.T) {
	d := sick(t)
	expect(t, d.jupyterLab(t.Context()), Fail, "no such file", "make setup")
	script(t, d.Home.Python(), `test "$*" = "-m jupyterlab --version" && echo a remark && echo 4.6.6`)
	expect(t, d.jupyterLab(t.Context()), OK, "JupyterLab 4.6.6", "")
	write(t, filepath.Join(d.Repo, "kernel", "tools", "jupyter.txt"), "jupyter-core==5 \\\njupyterlab==4.7.0 \\\n")
	expect(t, d.jupyterLab(t.Context()), Warn, "wants 4.7.0", "make setup")
	script(t, d.Home.Python(), "echo No module named jupyterlab >&2; exit 1")
	expect(t, d.jupyterLab(t.Context()), Fail, "No module named jupyterlab", "make setup")
}
