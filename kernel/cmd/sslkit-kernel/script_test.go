package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gossl/gossl/kernel/install/setup"
)

// TestScriptSaysWhatIsMissing runs sslkit.sh on machines that lack things.
func TestScriptSaysWhatIsMissing(t *testing.T) {
	const (
		compiler = "#!/bin/sh\nexit 0\n"
		python   = "#!/bin/sh\nexit 0\n"
		noVenv   = "#!/bin/sh\ncase $3 in *venv*) exit 1 ;; esac\n"
		oldGo    = "#!/bin/sh\ncase $1 in list) exit 1 ;; esac\necho go1.20\n"
		goodGo   = "#!/bin/sh\necho go1.99\n"
		fullDisk = "#!/bin/sh\necho Filesystem\necho /dev/a 100 90 10240 90% /\n"
	)
	tests := []struct {
		name  string
		cuda  string // SSLKIT_CUDA
		fakes map[string]string
		want  []string
	}{
		{"everything", "", nil, []string{
			"there is no working 'go' on PATH", "go.dev/dl",
			"a C compiler", "apt install gcc libc6-dev", "dnf install gcc glibc-devel",
			"Python 3.10 or later", "apt install python3 python3-venv", "dnf install python3",
		}},
		{"new Go", "", map[string]string{"go": oldGo, "gcc": compiler, "python3": python}, []string{"'go' on PATH is go1.20"}},
		{"venv", "", map[string]string{"go": goodGo, "clang": compiler, "python3": noVenv},
			[]string{"Python's venv and ensurepip modules ('python3' lacks them)", "python3-venv"}},
		{"space", "0", map[string]string{"go": goodGo, "gcc": compiler, "python3.12": python, "df": fullDisk},
			[]string{"3000 MB of free disk space below", "there are 10 MB", "set SSLKIT_HOME"}},
		{"space for CUDA", "1", map[string]string{"go": goodGo, "gcc": compiler, "python3.12": python, "df": fullDisk},
			[]string{"10000 MB of free disk space below"}},
		{"CUDA", "yes", map[string]string{"go": goodGo, "gcc": compiler, "python3": python, "df": fullDisk},
			[]string{"SSLKIT_CUDA=1", "it is 'yes'"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			script := exec.Command("../../sslkit.sh", "setup")
			script.Env = []string{"PATH=" + fakeMachine(t, test.fakes), "HOME=" + t.TempDir(), "SSLKIT_HOME=" + data, "SSLKIT_CUDA=" + test.cuda}
			out, err := script.CombinedOutput()
			if err == nil {
				t.Errorf("exit status 0, want a failure; output:\n%s", out)
			}
			for _, want := range test.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("output lacks %q:\n%s", want, out)
				}
			}
			if _, err := os.Stat(data); err == nil {
				t.Error("the data directory was made before the check")
			}
		})
	}
}

// What needs set-up says so before anything is built or made.
func TestScriptBeforeSetup(t *testing.T) {
	bin := fakeMachine(t, nil)
	for _, command := range []string{"exec", "run", "lab", "test", "warm", "install"} {
		data := filepath.Join(t.TempDir(), "data")
		for range 2 {
			script := exec.Command("../../sslkit.sh", command, "go", "version")
			script.Env = []string{"PATH=" + bin, "HOME=" + t.TempDir(), "SSLKIT_HOME=" + data, "CDPATH=.:/"}
			out, err := script.CombinedOutput()
			repo, absErr := filepath.Abs("../../..")
			if want := "sslkit is not set up in " + data + ": run `make setup` in " + repo + "\n"; err == nil || absErr != nil || string(out) != want {
				t.Errorf("%s: %v, %q, want %q", command, err, out, want)
			}
			// And so where set-up has ended in the middle.
			if err := os.MkdirAll(data, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(data, "setup.json"), []byte(`{"Make a Python environment": "x"}`), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The script finds the last step of set-up by its name.
func TestScriptKnowsTheLastStep(t *testing.T) {
	script, err := os.ReadFile("../../sslkit.sh")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(script), `/"`+setup.LastStep+`"/p`) {
		t.Errorf("sslkit.sh does not look for the step %q", setup.LastStep)
	}
}

// fakeMachine returns a folder that serves as a machine's PATH: links to what every system has, and fake programs.
func fakeMachine(t *testing.T, fakes map[string]string) string {
	t.Helper()
	bin := t.TempDir()
	for _, name := range []string{"sh", "dirname", "sed", "uname", "df", "awk", "ls"} {
		real, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("this machine has no %s", name)
		}
		if fakes[name] != "" {
			continue
		}
		if err := os.Symlink(real, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range fakes {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return bin
}
