package setup

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gossl/gossl/kernel/install/home"
)

// checkout is a made-up checkout with a library of one package that imports nothing.
func checkout(t *testing.T) string {
	t.Helper()
	repo := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":                    "module example.com/lib\n\ngo 1.26\n",
		"sslkit/op/op.go":           "package op\n\n// One is 1.\nconst One = 1\n",
		"sslkit/internal/no/no.go":  "package no\n",
		"sslkit/cmd/tool/main.go":   "package main\n\nfunc main() {}\n",
		"kernel/elsewhere/other.go": "package elsewhere\n",
	} {
		file := filepath.Join(repo, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, file, content)
	}
	return repo
}

// newHome is an empty data directory whose build cache is this user's: a new one would be filled for minutes.
func newHome(t *testing.T) home.Home {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir()) // for homes with long names
	h := home.Home(t.TempDir())
	counters := h.Path("config", "go", "telemetry")
	for _, dir := range []string{h.Temp(), counters} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(counters, "mode"), "off") // else go counts on when the test has ended
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Skip(err)
	}
	if err := os.MkdirAll(h.Path("go"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(strings.TrimSpace(string(cache)), h.Path("go", "cache")); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestWorkspace(t *testing.T) {
	repo, h := checkout(t), newHome(t)
	w, err := NewWorkspace(t.Context(), h, repo)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"example.com/lib/sslkit/op"}; !slices.Equal(w.packages, want) {
		t.Errorf("packages %q, want %q", w.packages, want)
	}
	const sentence = "package op\n\nconst Two = 2 // "
	for _, test := range []struct {
		name, change string
		want         []string
	}{
		{name: "cold", change: repo, want: w.packages},
		{name: "warm"},
		{name: "changed library", change: repo + "2", want: w.packages},
	} {
		if test.change != "" { // a path of this test alone, so that no cache has it
			write(t, filepath.Join(repo, "sslkit", "op", "op.go"), sentence+test.change+"\n")
		}
		b, err := w.Build(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if b.Time <= 0 || !slices.Equal(slices.DeleteFunc(b.Compiled, standard), test.want) {
			t.Errorf("%s: compiled %q in %v, want %q", test.name, b.Compiled, b.Time, test.want)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(h.Temp()); err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
}

// standard says whether a package is the standard library's.
func standard(name string) bool { return !strings.Contains(name, ".") }

func TestWorkspaceNeedsModules(t *testing.T) {
	repo, h := checkout(t), newHome(t)
	write(t, filepath.Join(repo, "go.mod"), "module example.com/lib\n\ngo 1.26\n\nrequire example.com/missing v1.0.0\n")
	write(t, filepath.Join(repo, "sslkit", "op", "op.go"), "package op\n\nimport _ \"example.com/missing\"\n")
	w, err := NewWorkspace(t.Context(), h, repo)
	if err == nil {
		defer w.Close()
		_, err = w.Build(t.Context())
	}
	if err == nil || !strings.Contains(err.Error(), "example.com/missing") {
		t.Errorf("error %v, want the missing module in it", err)
	}
}

func TestWorkspaceNeedsCheckout(t *testing.T) {
	repo, h := t.TempDir(), newHome(t)
	write(t, filepath.Join(repo, "go.mod"), "module example.com/other\n\ngo 1.26\n")
	if _, err := NewWorkspace(t.Context(), h, repo); err == nil || !strings.Contains(err.Error(), repo) {
		t.Errorf("error %v, want the folder in it", err)
	}
}

func TestWarmNeedsTools(t *testing.T) {
	s := fake(t)
	_, err := s.Warm(t.Context())
	for _, want := range []string{s.Home.Bin("gonb"), s.Home.Bin("gopls"), "make setup", s.Repo} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

func TestWarm(t *testing.T) {
	s := New(newHome(t), checkout(t))
	for _, tool := range s.tools().wants {
		if err := os.MkdirAll(filepath.Dir(tool), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, tool, "")
	}
	b, err := s.Warm(t.Context())
	if err != nil || b.Time <= 0 || len(b.Compiled) > 0 {
		t.Errorf("%+v, %v", b, err)
	}
}
