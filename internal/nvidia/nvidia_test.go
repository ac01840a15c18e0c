package nvidia

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMachines(t *testing.T) {
	for _, c := range []struct {
		name              string
		files             []string
		tool              bool
		usable, installed bool
	}{
		{name: "no GPU"},
		{name: "GPU", files: []string{"dev/nvidiactl", "proc/driver/nvidia/version"}, usable: true, installed: true},
		{name: "container without GPU", files: []string{"proc/driver/nvidia/version"}, installed: true},
		{name: "driver not loaded", tool: true, installed: true},
	} {
		root, bin := t.TempDir(), t.TempDir()
		for _, file := range c.files {
			write(t, filepath.Join(root, file))
		}
		if c.tool {
			write(t, filepath.Join(bin, "nvidia-smi"))
		}
		t.Setenv("PATH", bin)
		if usable, installed := Usable(root), Installed(root); usable != c.usable || installed != c.installed {
			t.Errorf("%s: usable %v, installed %v", c.name, usable, installed)
		}
		if version, err := Driver(root); (err == nil) != (len(c.files) > 0 && string(version) == "580") {
			t.Errorf("%s: driver %q, %v", c.name, version, err)
		}
	}
}

func write(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("580"), 0o755); err != nil {
		t.Fatal(err)
	}
}
