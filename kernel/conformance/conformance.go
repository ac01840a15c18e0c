// Package conformance holds the tests of the kernel as a client sees it: a front,
// a real GoNB and the cells' processes, driven by the Jupyter protocol. They need
// what `make setup` installs, no network and no Python.
package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gossl/gossl/kernel/install/home"
)

// Python is a command of set-up's Python, where the kernel of a checkout is installed. It skips the test
// if there is none.
func Python(t *testing.T, checkout string, args ...string) *exec.Cmd {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: starts the kernel")
	}
	h := home.Find()
	repo, err := filepath.Abs(checkout)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := os.ReadFile(filepath.Join(h.KernelSpec(), "kernel.json"))
	if err != nil || !strings.Contains(string(spec), `"`+repo+`"`) {
		t.Skipf("the kernel in %s is not that of this checkout: run make setup", h)
	}
	cmd := exec.Command(h.Python(), args...)
	cmd.Env = home.Environ(h.JupyterEnv())
	return cmd
}
