package device

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFindPlugin checks the order of the folders, and that links are followed.
func TestFindPlugin(t *testing.T) {
	real, path, home := t.TempDir(), t.TempDir(), t.TempDir()
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", path)
	t.Setenv("SSLKIT_HOME", home)
	const name = "pjrt_c_api_cpu_plugin.so"

	_, err := findPlugin(CPU)
	if err == nil {
		t.Fatal("found a plugin in empty folders")
	}
	for _, part := range []string{name, path, filepath.Join(home, "plugins"), "make setup"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not name %q", err, part)
		}
	}

	write(t, filepath.Join(home, "plugins", name))
	expectPlugin(t, filepath.Join(home, "plugins", name))
	write(t, filepath.Join(real, "plugin.so"))
	if err := os.Symlink(filepath.Join(real, "plugin.so"), filepath.Join(path, name)); err != nil {
		t.Fatal(err)
	}
	expectPlugin(t, filepath.Join(real, "plugin.so"))
}

func write(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func expectPlugin(t *testing.T, want string) {
	t.Helper()
	want, err := filepath.EvalSymlinks(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := findPlugin(CPU)
	if err != nil || got != want {
		t.Errorf("findPlugin: %q, %v, want %q", got, err, want)
	}
}

func TestAddXLAFlag(t *testing.T) {
	t.Setenv("XLA_FLAGS", "--mine=1")
	addXLAFlag("--theirs", "2")
	addXLAFlag("--mine", "3")
	addXLAFlag("--theirs", "4")
	if got, want := os.Getenv("XLA_FLAGS"), "--mine=1 --theirs=2"; got != want {
		t.Errorf("XLA_FLAGS is %q, want %q", got, want)
	}
}

// XLA_FLAGS may name a file with flags: they count as if they stood there.
func TestXLAFlagsInAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flags")
	if err := os.WriteFile(file, []byte("--mine=1\n--xla_cpu_use_onednn=true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XLA_FLAGS", file)
	if !hasXLAFlag("--mine") || hasXLAFlag("--theirs") {
		t.Errorf("of %s --mine is set: %t, --theirs: %t", file, hasXLAFlag("--mine"), hasXLAFlag("--theirs"))
	}
	if got := xlaFlags(CPU); !slices.Equal(got, []string{"--mine=1", "--xla_cpu_use_onednn=true"}) {
		t.Errorf("a program depends on %q", got)
	}
	addXLAFlag("--mine", "3")
	if got := os.Getenv("XLA_FLAGS"); got != file {
		t.Errorf("XLA_FLAGS is %q, want the file: nothing is to be added", got)
	}
	addXLAFlag("--theirs", "2")
	if got, want := strings.Fields(os.Getenv("XLA_FLAGS")), []string{"--mine=1", "--xla_cpu_use_onednn=true", "--theirs=2"}; !slices.Equal(got, want) {
		t.Errorf("XLA_FLAGS is %q, want %q", got, want)
	}
	t.Setenv("XLA_FLAGS", "/no/such/file")
	if hasXLAFlag("--mine") {
		t.Error("a file that is not there has a flag")
	}
}

// A record tells the driver, if that tells its version.
func TestDriver(t *testing.T) {
	for says, want := range map[string]string{
		"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\n": ", driver 580.95.05",
		"something else": "",
	} {
		root := t.TempDir()
		if got := driver(root); got != "" {
			t.Errorf("without a driver %q", got)
		}
		folder := filepath.Join(root, "proc", "driver", "nvidia")
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "version"), []byte(says), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := driver(root); got != want {
			t.Errorf("%q: %q, want %q", says, got, want)
		}
	}
}
