package setup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/internal/nvidia"
	"github.com/gossl/gossl/internal/place"
	"github.com/gossl/gossl/kernel/install/home"
)

// fake is a set-up with an empty data directory and a checkout that pins one file.
func fake(t *testing.T) *Setup {
	t.Helper()
	s := New(home.Home(t.TempDir()), t.TempDir())
	if err := os.MkdirAll(s.tool(""), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, s.tool("pins.txt"), "one")
	log, err := openLog(s.Home.Path("setup.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	s.log = log
	return s
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestStepsAreDoneOnce(t *testing.T) {
	s := fake(t)
	made := s.Home.Path("made")
	key := "go1"
	steps := func() []step {
		return []step{{
			name: "make", key: []string{key}, files: []string{"pins.txt"}, wants: []string{made},
			run: func(context.Context) error { return os.WriteFile(made, nil, 0o644) },
		}}
	}
	tests := []struct {
		name   string
		change func()
		want   int
	}{
		{"first", func() {}, 1},
		{"again", func() {}, 0},
		{"other key", func() { key = "go2" }, 1},
		{"other pins", func() { write(t, s.tool("pins.txt"), "two") }, 1},
		{"result gone", func() { os.Remove(made) }, 1},
		{"nothing changed", func() {}, 0},
	}
	for _, test := range tests {
		test.change()
		did, err := s.doAll(t.Context(), steps())
		if err != nil || did != test.want {
			t.Errorf("%s: %d steps done, %v, want %d", test.name, did, err, test.want)
		}
	}
}

func TestFailedStepIsTriedAgain(t *testing.T) {
	s := fake(t)
	runs := 0
	steps := []step{{name: "fail", run: func(context.Context) error {
		if runs++; runs == 1 {
			return errors.New("no network")
		}
		return nil
	}}}
	if _, err := s.doAll(t.Context(), steps); err == nil || err.Error() != "fail: no network" {
		t.Errorf("error %v, want fail: no network", err)
	}
	if did, err := s.doAll(t.Context(), steps); err != nil || did != 1 {
		t.Errorf("second run: %d steps done, %v, want 1", did, err)
	}
}

func TestCommandShowsWhatFailed(t *testing.T) {
	s := fake(t)
	err := s.command(t.Context(), nil, "", "sh", "-c", "echo fetching; echo no route to host >&2; exit 3")
	for _, want := range []string{"exit status 3", "fetching\nno route to host", s.Home.Path("setup.log")} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	log, err := os.ReadFile(s.Home.Path("setup.log"))
	if err != nil || !strings.Contains(string(log), "no route to host") {
		t.Errorf("log %q, %v, want the command's output in it", log, err)
	}
}

// TestLocks checks what set-up installs by pip: exact versions with hashes, and no index that a user's mirror would miss.
func TestLocks(t *testing.T) {
	locks, err := filepath.Glob("../../tools/*.txt")
	if err != nil || len(locks) != 5 {
		t.Fatalf("locks %v, %v, want 5", locks, err)
	}
	requirement := regexp.MustCompile(`^[a-z0-9-]+==[a-z0-9.]+( ; .*)? \\$`)
	hash := regexp.MustCompile(`^    --hash=sha256:[0-9a-f]{64}( \\)?$`)
	for _, lock := range locks {
		content, err := os.ReadFile(lock)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range slices.Collect(strings.Lines(string(content))) {
			line = strings.TrimRight(line, "\n")
			if !requirement.MatchString(line) && !hash.MatchString(line) && !strings.HasPrefix(line, "#") {
				t.Errorf("%s:%d: %q, want NAME==VERSION or a sha256 hash", lock, i+1, line)
			}
		}
	}
}

func TestCUDAByEnvironment(t *testing.T) {
	for value, want := range map[string]bool{"0": false, "1": true, "": nvidia.Installed("/")} {
		t.Setenv("SSLKIT_CUDA", value)
		s := New(home.Home(t.TempDir()), t.TempDir())
		installs := slices.ContainsFunc(s.steps(), func(step step) bool { return slices.Contains(step.files, "cuda.txt") })
		if installs != want {
			t.Errorf("SSLKIT_CUDA=%q: installs CUDA: %v, want %v", value, installs, want)
		}
	}
}

// A plan is made by the compiler that a machine with a GPU has.
func TestPlanLock(t *testing.T) {
	cuda, plan := pins(t, "cuda.txt"), pins(t, "plan.txt")
	want := map[string]string{}
	for _, name := range []string{"jax-cuda13-pjrt", "nvidia-cuda-nvcc", "nvidia-nvvm"} {
		want[name] = cuda[name]
	}
	if diff := gocmp.Diff(want, plan); diff != "" {
		t.Errorf("plan.txt differs from cuda.txt (-want +got):\n%s", diff)
	}
}

// pins reads a lock: package → version and hashes.
func pins(t *testing.T, lock string) map[string]string {
	t.Helper()
	content, err := os.ReadFile("../../tools/" + lock)
	if err != nil {
		t.Fatal(err)
	}
	pins := map[string]string{}
	var name string
	for line := range strings.Lines(string(content)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		if before, _, found := strings.Cut(line, "=="); found {
			name = before
		}
		pins[name] += strings.Trim(line, " \\\n") + "\n"
	}
	return pins
}

// pip is a Python that installs what is in the folder of a set-up's checkout, and fails where there is nothing.
const pip = `#!/bin/sh
while [ "$1" != --target ]; do shift; done
mkdir -p "$2" && cp -r %[1]s/wheels/* "$2"
`

// planned is a set-up that was asked for plans, with a Python that knows where wheels are.
func planned(t *testing.T) *Setup {
	t.Helper()
	s := fake(t)
	s.CUDA, s.Plan = false, true
	write(t, s.tool("plan.txt"), "one")
	if err := os.MkdirAll(filepath.Dir(s.Home.Python()), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Home.Python(), fmt.Appendf(nil, pip, s.Repo), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{place.CUDAPlugin, "nvidia/cu13/bin/ptxas", "nvidia/cu13/nvvm/libdevice/libdevice.10.bc"} {
		file = filepath.Join(s.Repo, "wheels", file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, file, "")
	}
	return s
}

func TestPlanIsInstalledOnce(t *testing.T) {
	s := planned(t)
	for i, want := range []int{1, 0} {
		if did, err := s.doAll(t.Context(), []step{s.plan()}); err != nil || did != want {
			t.Errorf("run %d: %d steps done, %v, want %d", i, did, err, want)
		}
	}
	plugin, toolkit, found := place.CUDACompiler(string(s.Home))
	if !found || plugin != filepath.Join(s.Home.Plan(), place.CUDAPlugin) || toolkit != filepath.Join(s.Home.Plan(), "nvidia", "cu13") {
		t.Errorf("plugin %q, toolkit %q, found %v", plugin, toolkit, found)
	}
	if again := New(s.Home, s.Repo); !again.Plan {
		t.Error("a later set-up does not keep it up to date")
	}
}

// What is there stays until its successor is complete.
func TestPlanThatFailsLeavesTheOld(t *testing.T) {
	s := planned(t)
	if _, err := s.doAll(t.Context(), []step{s.plan()}); err != nil {
		t.Fatal(err)
	}
	write(t, s.tool("plan.txt"), "two")
	if err := os.Rename(filepath.Join(s.Repo, "wheels"), filepath.Join(s.Repo, "gone")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.doAll(t.Context(), []step{s.plan()}); err == nil {
		t.Error("no error of a pip that fails")
	}
	if _, _, found := place.CUDACompiler(string(s.Home)); !found {
		t.Error("the compiler that was there is gone")
	}
	if left, err := filepath.Glob(s.Home.Plan() + "?*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestPlanWantsRoom(t *testing.T) {
	s := planned(t)
	s.free = func(string) (int64, error) { return planRoom - 1, nil }
	_, err := s.doAll(t.Context(), []step{s.plan()})
	if err == nil || !strings.Contains(err.Error(), "1299 MB are free in "+string(s.Home)+", want 1300 MB") {
		t.Errorf("error %v, want how much room there is and how much is wanted", err)
	}
	if _, err := os.Stat(s.Home.Plan()); err == nil {
		t.Error("something was installed all the same")
	}
}

func TestPlanIsForMachinesWithoutCUDA(t *testing.T) {
	for _, test := range []struct{ cuda, plan, want bool }{
		{false, false, false}, {false, true, true}, {true, true, false},
	} {
		s := New(home.Home(t.TempDir()), t.TempDir())
		s.CUDA, s.Plan = test.cuda, test.plan
		installs := slices.ContainsFunc(s.steps(), func(step step) bool { return slices.Contains(step.files, "plan.txt") })
		if installs != test.want {
			t.Errorf("CUDA %v, plan asked for %v: installed %v, want %v", test.cuda, test.plan, installs, test.want)
		}
	}
}

// A module that set-up does not know is neither fetched nor tested.
func TestModules(t *testing.T) {
	repo := filepath.Join("..", "..", "..")
	if text, err := os.ReadFile(filepath.Join(repo, "Makefile")); err != nil || !strings.Contains(string(text), strings.Join(TestedModules, " ")) {
		t.Errorf("%v: make lint does not look at %q", err, TestedModules)
	}
	known := append(slices.Clone(TestedModules), checksModule, filepath.Join("kernel", "tools"))
	for _, root := range []string{"docker", "internal", "kernel", "notebooks", "sslkit"} {
		err := filepath.WalkDir(filepath.Join(repo, root), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.Name() == "testdata" {
				return cmp.Or(err, fs.SkipDir)
			}
			if folder, err := filepath.Rel(repo, filepath.Dir(path)); entry.Name() == "go.mod" && (err != nil || !slices.Contains(known, folder)) {
				t.Errorf("%s, %v: add the module to TestedModules", path, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
