package docker

import (
	"errors"
	"go/version"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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

// check.sh builds targets and sets build arguments that the Dockerfile has, and tries images with a script that is there.
func TestCheck(t *testing.T) {
	text, err := os.ReadFile("check.sh")
	if err != nil {
		t.Fatal(err)
	}
	var targets, declared []string
	for _, s := range stages(t) {
		targets = append(targets, s.Name)
		declared = slices.AppendSeq(declared, maps.Keys(arguments(s)))
	}
	for name := range strings.FieldsSeq(string(match(t, `targets=\((\w[\w ]+)\)`, text))) {
		if !slices.Contains(targets, name) {
			t.Errorf("check.sh builds the target %q, want one of %q", name, targets)
		}
	}
	for name := range strings.FieldsSeq(string(match(t, `for name in ([A-Z_ ]+);`, text))) {
		if !slices.Contains(declared, name) {
			t.Errorf("check.sh sets the build argument %q, want one of %q", name, declared)
		}
	}
	if tag := string(match(t, `^debian:(\w+)-`, []byte(stages(t)[0].BaseName))); tag != string(match(t, `\nsuite=(\w+)`, text)) {
		t.Errorf("check.sh makes another Debian than the base, which is %s", tag)
	}
	for name := range strings.FieldsSeq(string(match(t, `tini -s -- docker/(\S+)`, text))) {
		if info, err := os.Stat(name); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("check.sh runs docker/%s, want an executable file (%v)", name, err)
		}
	}
}

// Where tools are missing, check.sh says which, and all of them.
func TestCheckNeeds(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"bash", "dirname", "id"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command("bash", "check.sh")
	command.Env = []string{"PATH=" + folder}
	out, err := command.CombinedOutput()
	if command.ProcessState.ExitCode() != 2 {
		t.Errorf("ended with %v, want the status 2", err)
	}
	for _, want := range []string{"buildah (", "apt install debootstrap", "apt install iproute2"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q, want it to name %q", out, want)
		}
	}
}

// setup.sh drops archives of modules, and nothing else.
func TestSetup(t *testing.T) {
	home, checkout := t.TempDir(), t.TempDir()
	cache := filepath.Join(home, "go", "pkg", "mod", "cache", "download", "example.org", "m", "@v")
	if err := errors.Join(os.MkdirAll(cache, 0o755), os.Mkdir(filepath.Join(checkout, "kernel"), 0o755)); err != nil {
		t.Fatal(err)
	}
	fake := "#!/bin/sh\necho $1 >\"$SSLKIT_HOME/did\"\ntouch '" + cache + "/v1.zip' '" + cache + "/v1.ziphash'\n"
	if err := os.WriteFile(filepath.Join(checkout, "kernel", "sslkit.sh"), []byte(fake), 0o755); err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("setup.sh")
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(script)
	command.Dir, command.Env = checkout, append(os.Environ(), "SSLKIT_HOME="+home)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if did, err := os.ReadFile(filepath.Join(home, "did")); err != nil || string(did) != "setup\n" {
		t.Errorf("ran sslkit.sh %q (%v), want setup", did, err)
	}
	files, err := os.ReadDir(cache)
	if err != nil || len(files) != 1 || files[0].Name() != "v1.ziphash" {
		t.Errorf("left %v (%v), want v1.ziphash alone", files, err)
	}
}

// lab.sh says what to do where cells cannot be built.
func TestLabCannotWrite(t *testing.T) {
	command := exec.Command("bash", "lab.sh")
	command.Env = append(os.Environ(), "SSLKIT_HOME=/proc/none")
	out, err := command.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "cannot write to /proc/none") {
		t.Errorf("%v, %q", err, out)
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
