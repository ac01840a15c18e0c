package docker

import (
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// scripts lists the shell scripts beside this file.
func scripts(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("*.sh")
	if err != nil || len(names) == 0 {
		t.Fatalf("found no scripts: %v", err)
	}
	return names
}

func TestScripts(t *testing.T) {
	for _, name := range scripts(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "\nset -euo pipefail\n") {
			t.Errorf("%s goes on after an error: want set -euo pipefail", name)
		}
		if out, err := exec.Command("bash", "-n", name).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestShellcheck(t *testing.T) {
	shellcheck, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("shellcheck is not installed")
	}
	if out, err := exec.Command(shellcheck, append([]string{"--severity=warning"}, scripts(t)...)...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// go.sh fetches a Go that can build the checkout, by one version in all its places.
func TestGoVersion(t *testing.T) {
	module, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("go.sh")
	if err != nil {
		t.Fatal(err)
	}
	wanted := "go" + string(match(t, `\ngo ([0-9.]+)\n`, module))
	got := "go" + string(match(t, `\nversion=([0-9.]+)\n`, script))
	if version.Compare(got, wanted) < 0 {
		t.Errorf("go.sh fetches %s, go.mod wants %s", got, wanted)
	}
	if of := string(match(t, `(?m)^sum=h1:\S+ # .*@v0\.0\.1-(go[0-9.]+)\.linux-amd64$`, script)); of != got {
		t.Errorf("go.sh fetches %s, its sum is that of %s", got, of)
	}
}

// match returns what the group of an expression matches.
func match(t *testing.T, expression string, text []byte) []byte {
	t.Helper()
	found := regexp.MustCompile(expression).FindSubmatch(text)
	if found == nil {
		t.Fatalf("found no %s", expression)
	}
	return found[1]
}
