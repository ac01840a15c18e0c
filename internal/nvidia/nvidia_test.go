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

func TestDriverVersion(t *testing.T) {
	for _, c := range []struct {
		says, version string
		series        int
	}{
		{"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (dvs)  Tue\nGCC version:  gcc 12\n", "580.95.05", 580},
		{"NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54  Tue Mar  5\n", "550.54", 550},
		{"580", "", 0},
		{"", "", 0},
	} {
		if version, series := DriverVersion([]byte(c.says)); version != c.version || series != c.series {
			t.Errorf("%q: version %q of series %d, want %q of %d", c.says, version, series, c.version, c.series)
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
