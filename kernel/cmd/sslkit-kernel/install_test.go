package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/install/spec"
)

// command line of install or uninstall, with what it prints.
func call(command func() *cobra.Command, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := command()
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.SetArgs(args)
	err := cmd.Execute()
	return out.String(), err
}

// newHome is a data directory with nothing but the program that a kernelspec starts.
func newHome(t *testing.T) home.Home {
	t.Helper()
	h := home.Home(t.TempDir())
	t.Setenv("SSLKIT_HOME", string(h))
	t.Setenv("JUPYTER_DATA_DIR", h.Path("jupyter-data"))
	if err := os.MkdirAll(h.Path("bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.Bin(spec.Program), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestInstallPlaces(t *testing.T) {
	h := newHome(t)
	tests := []struct {
		args []string
		want string
	}{
		{nil, h.KernelSpec()},
		{[]string{"--name", "other"}, filepath.Join(filepath.Dir(h.KernelSpec()), "other")},
		{[]string{"--user"}, h.Path("jupyter-data", "kernels", "sslkit")},
		{[]string{"--prefix", h.Path("p"), "--name=dev"}, h.Path("p", "share", "jupyter", "kernels", "dev")},
	}
	for _, test := range tests {
		file := filepath.Join(test.want, "kernel.json")
		steps := []struct {
			command func() *cobra.Command
			dryRun  bool
			prints  string
			there   bool // thereafter
		}{
			{installCommand, true, "would write " + file, false},
			{installCommand, false, "wrote " + file, true},
			{installCommand, false, "up to date: " + test.want, true},
			{uninstallCommand, true, "would remove " + file, true},
			{uninstallCommand, false, "removed " + file, false},
		}
		for _, step := range steps {
			args := test.args
			if step.dryRun {
				args = append([]string{"--dry-run"}, args...)
			}
			out, err := call(step.command, args...)
			if err != nil || !strings.Contains(out, step.prints+"\n") {
				t.Errorf("%s %v: %q, %v, want %q", step.command().Name(), args, out, err, step.prints)
			}
			if _, err := os.Stat(file); (err == nil) != step.there {
				t.Errorf("%s %v: %s: %v", step.command().Name(), args, file, err)
			}
		}
	}
}

func TestInstallErrors(t *testing.T) {
	h := newHome(t)
	tests := []struct {
		name    string
		command func() *cobra.Command
		args    []string
		want    []string
	}{
		{"name", installCommand, []string{"--name", "a b"}, []string{"--name", `"a b"`, "--name sslkit-dev"}},
		{"two places", installCommand, []string{"--user", "--prefix", "/p"}, []string{"--user and --prefix", "for example"}},
		{"two places", uninstallCommand, []string{"--user", "--prefix", "/p"}, []string{"--user and --prefix", "for example"}},
		{"not installed", uninstallCommand, []string{"--user"}, []string{h.Path("jupyter-data", "kernels", "sslkit")}},
	}
	for _, test := range tests {
		_, err := call(test.command, test.args...)
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want %q in it", test.name, err, want)
			}
		}
	}
	if err := os.Remove(h.Bin(spec.Program)); err != nil {
		t.Fatal(err)
	}
	if _, err := call(installCommand); err == nil || !strings.Contains(err.Error(), "make setup") {
		t.Errorf("without the kernel's program: error %v, want how to get it", err)
	}
}
