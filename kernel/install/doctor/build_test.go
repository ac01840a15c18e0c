package doctor

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/install/setup"
)

// withLibrary gives the doctor a checkout with a library of one package, and this user's build cache.
func withLibrary(t *testing.T, d *Doctor, lines string) {
	t.Helper()
	write(t, filepath.Join(d.Repo, "go.mod"), "module example.com/lib\n\ngo 1.26\n")
	write(t, filepath.Join(d.Repo, "sslkit", "op", "op.go"), "package op\n\n// "+d.Repo+"\n"+lines+"\n")
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Skip(err)
	}
	if err := os.MkdirAll(d.Home.Path("go"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(strings.TrimSpace(string(cache)), d.Home.Path("go", "cache")); err != nil {
		t.Fatal(err)
	}
}

func TestWorkspace(t *testing.T) {
	d := sick(t)
	withLibrary(t, d, "const Two = 2")
	var w workspace
	expect(t, d.workspace(t.Context(), &w), OK, d.Repo, "")
	expect(t, d.buildCache(t.Context(), &w), OK, "packages that were not in it", "")
	w = workspace{}
	expect(t, d.workspace(t.Context(), &w), OK, d.Repo, "")
	expect(t, d.buildCache(t.Context(), &w), OK, "warm: a changed cell is built in", "")
}

func TestWorkspaceFails(t *testing.T) {
	tests := []struct{ name, lines, detail string }{
		{"missing module", `import _ "example.com/missing"`, "example.com/missing"},
		{"broken library", "const Two int = true", "op.go:"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := sick(t)
			withLibrary(t, d, test.lines)
			var w workspace
			expect(t, d.workspace(t.Context(), &w), Fail, test.detail, "make setup && kernel/sslkit.sh warm")
			expect(t, d.buildCache(t.Context(), &w), Warn, "no cell is built", "sslkit.sh warm")
		})
	}
	d := sick(t)
	d.Repo = ""
	expect(t, d.workspace(t.Context(), &workspace{}), Fail, "no checkout", "in a checkout of sslkit")
}

func TestBuildCache(t *testing.T) {
	d := sick(t)
	tests := []struct {
		name           string
		first, changed setup.Build
		status         Status
		detail, fix    string
	}{
		{"warm", setup.Build{Time: time.Second}, setup.Build{Time: 700 * time.Millisecond}, OK, "0.70 s", ""},
		{"cold", setup.Build{Time: 45 * time.Second, Compiled: []string{"a", "b"}}, setup.Build{Time: time.Second},
			Warn, "2 packages were not in it: the first cell would have waited 45.0 s", "sslkit.sh warm"},
		{"changed library", setup.Build{Time: 2 * time.Second, Compiled: []string{"a"}}, setup.Build{Time: time.Second},
			OK, "1.00 s, after 1 packages that were not in it: 2.0 s", ""},
		{"forgetful", setup.Build{Compiled: []string{"a"}}, setup.Build{Compiled: []string{"a"}},
			Warn, "each build compiles 1 packages anew, a among them", "make room"},
		{"slow", setup.Build{}, setup.Build{Time: 9 * time.Second}, Warn, "9.0 s, usual is 1 s", "what else runs"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := workspace{first: test.first, changed: test.changed}
			expect(t, d.buildCache(t.Context(), &w), test.status, test.detail, test.fix)
		})
	}
}
