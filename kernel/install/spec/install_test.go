package spec

import (
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInstall(t *testing.T) {
	s := newSpec(t, "/checkout")
	dir := filepath.Join(t.TempDir(), "kernels", Name)
	both := []string{filepath.Join(dir, "logo-svg.svg"), filepath.Join(dir, "kernel.json")}
	install := func(s Spec, dryRun, installed bool, want ...string) {
		t.Helper()
		got, err := s.Install(dir, dryRun)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("written (-want +got):\n%s", diff)
		}
		if got := s.Installed(dir); got != installed {
			t.Errorf("installed %v, want %v", got, installed)
		}
	}
	install(s, true, false, both...)
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a dry run made %s (%v)", dir, err)
	}
	install(s, false, true, both...)
	install(s, false, true)

	moved := newSpec(t, "/elsewhere")
	if moved.Installed(dir) {
		t.Error("the kernel of another checkout passes for this one's")
	}
	install(moved, true, false, both[1])
	install(moved, false, true, both[1])
}

func TestInstallKeepsForeign(t *testing.T) {
	dir := t.TempDir()
	const foreign = `{"argv": ["/go/bin/gonb", "--kernel", "{connection_file}"], "env": {}}`
	put(t, file(dir), foreign)
	_, err := newSpec(t, "/checkout").Install(dir, false)
	if err == nil || !strings.Contains(err.Error(), "/go/bin/gonb") {
		t.Errorf("install: error %v, want the foreign kernel's program in it", err)
	}
	removed, err := Uninstall(dir, false)
	if err == nil || !strings.Contains(err.Error(), "/go/bin/gonb") || removed != nil {
		t.Errorf("uninstall: removed %v, error %v, want the foreign kernel's program in it", removed, err)
	}
	if content, err := os.ReadFile(file(dir)); err != nil || string(content) != foreign {
		t.Errorf("the foreign kernelspec is now %q, %v", content, err)
	}
}

func TestUninstall(t *testing.T) {
	kernels := t.TempDir()
	dir := filepath.Join(kernels, Name)
	if _, err := Uninstall(dir, false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want that there is none", err)
	}
	if _, err := newSpec(t, "/checkout").Install(dir, false); err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(dir, "logo-svg.svg"), filepath.Join(dir, "kernel.json"), dir}
	for _, dryRun := range []bool{true, false} {
		got, err := Uninstall(dir, dryRun)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("dry run %v: removed (-want +got):\n%s", dryRun, diff)
		}
		if _, err := os.Stat(dir); (err == nil) != dryRun {
			t.Errorf("dry run %v: folder: %v", dryRun, err)
		}
	}
	if _, err := os.Stat(kernels); err != nil {
		t.Error(err)
	}
}

func TestLogo(t *testing.T) {
	decoder := xml.NewDecoder(strings.NewReader(string(logo)))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
