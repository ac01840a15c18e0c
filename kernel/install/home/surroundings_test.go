package home

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// clearForeign takes what does not count out of the environment for a test.
func clearForeign(t *testing.T) {
	t.Helper()
	for _, name := range append(slices.Clone(foreign), append(slices.Clone(downloads), "GOENV")...) {
		t.Setenv(name, "") // is restored
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEnviron(t *testing.T) {
	clearForeign(t)
	t.Setenv("PATH", "/usr/bin")
	t.Setenv("GOOS", "windows")
	t.Setenv("GO111MODULE", "off")
	env := map[string]string{"PATH": "/first:${PATH}"}
	got, around := Environ(env), Surroundings(env)
	for _, list := range [][]string{got, around} {
		if last := list[len(list)-1]; last != "PATH=/first:/usr/bin" {
			t.Errorf("last variable %s, want PATH=/first:/usr/bin", last)
		}
	}
	for _, list := range [][]string{got, around} {
		if n := len(slices.DeleteFunc(list, func(entry string) bool { return !strings.HasPrefix(entry, "PATH=") })); n != 1 {
			t.Errorf("PATH is there %d times", n)
		}
	}
	got, around = Environ(env), Surroundings(env)
	for _, entry := range []string{"GOOS=windows", "GO111MODULE=off"} {
		if slices.Contains(got, entry) || !slices.Contains(around, entry) {
			t.Errorf("%s: in the environment %v, in the surroundings %v; want false, true", entry, slices.Contains(got, entry), slices.Contains(around, entry))
		}
	}
	if diff := cmp.Diff([]string{"GO111MODULE=off", "GOOS=windows"}, Foreign()); diff != "" {
		t.Errorf("foreign variables (-want +got):\n%s", diff)
	}
}

// Of `go env -w` settings those for downloads count, where the environment has none.
func TestSettings(t *testing.T) {
	clearForeign(t)
	h, file := Home(t.TempDir()), filepath.Join(t.TempDir(), "env")
	const settings = "# mine\nGOPROXY=https://proxy.example\nGOPRIVATE=example.com\nGOOS=windows\nGOFLAGS=-mod=vendor\nGOROOT=/nowhere\n"
	if err := os.WriteFile(file, []byte(settings), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOENV", file)
	t.Setenv("GOPRIVATE", "mine.example.com")
	env := h.DownloadEnv()
	for name, want := range map[string]string{
		"GOPROXY": "https://proxy.example", "GOPRIVATE": "", "GOOS": "", "GOROOT": "", "GOFLAGS": GoFlags, "GOENV": "off",
	} {
		if env[name] != want {
			t.Errorf("%s=%q, want %q", name, env[name], want)
		}
	}
	set, from := h.ForeignSettings()
	if diff := cmp.Diff([]string{"GOROOT=/nowhere", "GOOS=windows"}, set); diff != "" || from != file {
		t.Errorf("of %s foreign settings (-want +got):\n%s", from, diff)
	}
	if err := h.Settle(); err != nil {
		t.Fatal(err)
	}
	if got := os.Getenv("GOPROXY"); got != "https://proxy.example" {
		t.Errorf("GOPROXY=%q after Settle", got)
	}
	kernel, err := h.Env()
	if err != nil {
		t.Skip(err)
	}
	if kernel["GOPROXY"] != "off" {
		t.Errorf("a kernel's GOPROXY=%q, want off", kernel["GOPROXY"])
	}
}

// A kernel leaves the user's own folders to cells.
func TestKernelEnv(t *testing.T) {
	env, err := Home("/data").KernelEnv()
	if err != nil {
		t.Skip(err)
	}
	for _, name := range []string{"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TMPDIR", "GOENV"} {
		if value, ok := env[name]; ok {
			t.Errorf("%s=%q", name, value)
		}
	}
}
