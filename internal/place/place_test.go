package place

import (
	"os"
	"os/user"
	"path/filepath"
	"testing"
)

func TestHomeAndData(t *testing.T) {
	for _, c := range []struct{ data, home, share, user, wantHome, wantData string }{
		{"/d", "/h", "/s", "/u", "/h", "/d"},
		{"", "/h/", "/s", "/u", "/h", "/h/data"},
		{"", "", "/s", "/u", "/s/sslkit", "/s/sslkit/data"},
		{"", "", "", "/u", "/u/.local/share/sslkit", "/u/.local/share/sslkit/data"},
	} {
		t.Setenv("SSLKIT_DATA", c.data)
		t.Setenv("SSLKIT_HOME", c.home)
		t.Setenv("XDG_DATA_HOME", c.share)
		t.Setenv("HOME", c.user)
		if home, data := Home(), Data(); home != c.wantHome || data != c.wantData {
			t.Errorf("%+v: home %s, data %s", c, home, data)
		}
	}
}

func TestHomeIsAbsolute(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("SSLKIT_HOME", "here")
	if got, want := Home(), filepath.Join(dir, "here"); got != want {
		t.Errorf("home %s, want %s", got, want)
	}
}

func TestHomeOfUserWithoutHOME(t *testing.T) {
	current, err := user.Current()
	if err != nil {
		t.Skipf("the system does not know this user: %v", err)
	}
	t.Setenv("SSLKIT_HOME", "")
	t.Setenv("XDG_DATA_HOME", "")
	t.Setenv("HOME", "") // remembers what to restore
	os.Unsetenv("HOME")
	if got, want := Home(), filepath.Join(current.HomeDir, ".local/share/sslkit"); got != want {
		t.Errorf("home %s, want %s", got, want)
	}
}

func TestCUDACompiler(t *testing.T) {
	home := t.TempDir()
	packages := filepath.Join(home, "venv", "lib", "python3.12", "site-packages")
	expect := func(packages string) {
		t.Helper()
		plugin, toolkit, ok := CUDACompiler(home)
		if packages == "" {
			if ok {
				t.Errorf("found %s", plugin)
			}
			return
		}
		if plugin != filepath.Join(packages, CUDAPlugin) || toolkit != filepath.Join(packages, "nvidia", "cu13") || !ok {
			t.Errorf("plugin %q, toolkit %q, found %v, want those in %s", plugin, toolkit, ok, packages)
		}
	}
	expect("")
	write(t, filepath.Join(Plan(home), CUDAPlugin))
	write(t, filepath.Join(Plan(home), "nvidia/cu13/bin/ptxas"))
	expect("") // libdevice is missing
	write(t, filepath.Join(Plan(home), "nvidia/cu13/nvvm/libdevice/libdevice.10.bc"))
	expect(Plan(home))

	for _, file := range []string{CUDAPlugin, "nvidia/cu13/bin/ptxas", "nvidia/cu13/nvvm/libdevice/libdevice.10.bc"} {
		write(t, filepath.Join(packages, file))
	}
	expect(Plan(home)) // no plugin for a GPU is installed
	write(t, filepath.Join(Plugins(home), "another"))
	if err := os.Symlink(filepath.Join(packages, CUDAPlugin), filepath.Join(Plugins(home), Plugin("cuda"))); err != nil {
		t.Fatal(err)
	}
	expect(packages)
}

func write(t *testing.T, file string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
}
