package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gossl/gossl/kernel/install/home"
)

func TestSurroundings(t *testing.T) {
	for _, entry := range home.Foreign() {
		name, _, _ := strings.Cut(entry, "=")
		t.Setenv(name, "")
	}
	settings := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(settings, []byte("GOROOT=/nowhere\nGOFLAGS=-mod=vendor\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	d := sick(t)
	t.Setenv("GOENV", "off")
	if c := d.surroundings(t.Context()); c.Status != OK || !strings.Contains(c.Detail, "nothing") {
		t.Errorf("a clean environment: %+v", c)
	}
	t.Setenv("GOENV", settings)
	t.Setenv("GOOS", "windows")
	t.Setenv("GOEXPERIMENT", "nonsense")
	c := d.surroundings(t.Context())
	for _, want := range []string{"GOOS=windows in the environment", "GOEXPERIMENT=nonsense in the environment", "GOROOT=/nowhere in " + settings} {
		if c.Status != OK || !strings.Contains(c.Detail, want) {
			t.Errorf("%+v, want ok and %q", c, want)
		}
	}
	t.Setenv("GOMEMLIMIT", "plenty") // Go's runtime ends every program
	if c := d.surroundings(t.Context()); c.Status != Fail || !strings.Contains(c.Detail, "GOMEMLIMIT") || c.Fix == "" {
		t.Errorf("no Go program starts: %+v, want a failure that names GOMEMLIMIT", c)
	}
}
