package bundle

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gossl/gossl/internal/place"
)

// A fake stands for a benchmark's program: it prints what it gets, and leaves a record, a checkpoint and an epoch.
const fake = `#!/bin/sh
echo "arguments $*"
echo "plugins $PJRT_PLUGIN_LIBRARY_PATH libraries ${LD_LIBRARY_PATH:-} data $SSLKIT_DATA home $SSLKIT_HOME"
while [ "$1" != -out ]; do shift; done
mkdir -p "$2/runs/one"
echo '{"epoch":1}' >"$2/runs/one/epochs.jsonl"
echo '{"commit":"c"}' >"$2/record.json"
touch "$2/runs/one/checkpoint.safetensors"
[ -z "${FAKE_FAILS:-}" ] || { echo "it fails"; exit 3; }
[ -z "${FAKE_WAITS:-}" ] || { trap 'echo saved; exit 130' TERM; touch "$2/waits"; while :; do sleep 0.1; done; }
`

// fakeBundle is a bundle with a fake in place of the programs.
func fakeBundle(t *testing.T, o Options) (dir string) {
	t.Helper()
	dir = newBundle(t).make(t, o)
	for _, set := range DataSets() {
		script(t, filepath.Join(dir, "bin", set+"_benchmark"), fake)
	}
	t.Setenv("SSLKIT_DATA", "") // the bundle's own
	t.Setenv("SSLKIT_HOME", "")
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", "")
	return dir
}

func script(t *testing.T, file, text string) {
	t.Helper()
	err := os.Remove(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// sh runs the script of a bundle.
func sh(t *testing.T, dir string, args ...string) (output string, status int) {
	t.Helper()
	cmd := exec.Command(filepath.Join(dir, "run.sh"), args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// has fails the test unless the text holds all parts.
func has(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s: want %q in\n%s", what, part, text)
		}
	}
}

func TestStages(t *testing.T) {
	dir := fakeBundle(t, Options{Plugin: CPU, Data: []string{"cifar10"}})
	out, status := sh(t, dir, "machine", "smoke", "--", "-width", "8")
	if status != 0 {
		t.Errorf("exit status %d", status)
	}
	has(t, "output", out, "device: cpu, plugin: cpu", "== cifar10-smoke: exit status 0 after ", `one: {"epoch":1}`)
	log := read(t, dir, "out", "cifar10-smoke", "log.txt")
	has(t, "log", log, "arguments -device cpu -out "+dir+"/out/cifar10-smoke -methods SimCLR -epochs 1 -width 8\n",
		"plugins "+dir+"/plugins ", "data "+dir+"/data", "home "+dir+"/out/home\n")

	list := exec.Command("tar", "-tzf", filepath.Join(dir, "out", "cifar10-smoke.tar.gz"))
	packed, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	has(t, "archive", string(packed), "cifar10-smoke/record.json", "cifar10-smoke/machine.txt", "cifar10-smoke/about.txt",
		"cifar10-smoke/log.txt", "cifar10-smoke/runs/one/epochs.jsonl")
	if strings.Contains(string(packed), "safetensors") {
		t.Errorf("there are checkpoints in the archive:\n%s", packed)
	}

	t.Setenv("FAKE_FAILS", "1")
	t.Setenv("OUT", filepath.Join(t.TempDir(), "results"))
	out, status = sh(t, dir, "full", "five")
	if status != 1 {
		t.Errorf("exit status %d of a run that fails, want 1", status)
	}
	has(t, "output", out, "== cifar10-full: exit status 3 after ", "it fails\n", "== cifar10-five: exit status 3")
	if _, err := os.Stat(filepath.Join(os.Getenv("OUT"), "cifar10-full.tar.gz")); err != nil {
		t.Errorf("what failed brings nothing back: %v", err)
	}
}

func TestSettings(t *testing.T) {
	dir := fakeBundle(t, Options{Plugin: CUDA})
	data := t.TempDir()
	if err := os.Mkdir(filepath.Join(data, place.Imagenette), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSLKIT_DATA", data)
	t.Setenv("FLAGS", "--xla_a=1|--xla_b=2")
	out, status := sh(t, dir, "flags")
	if status != 0 || strings.Contains(out, "cifar10") {
		t.Errorf("exit status %d:\n%s", status, out)
	}
	for i := range 2 {
		log := read(t, dir, "out", fmt.Sprintf("imagenette-flags%d", i+1), "log.txt")
		has(t, "log", log, "-device cuda", "libraries "+dir+"/packages/nvidia/cu13/lib:", "data "+data+" ")
	}
	t.Setenv("OUT", "results") // of where one is
	out, status = sh(t, dir, "do", "sh", "-c", `echo "$SSLKIT_HOME"`)
	if want := filepath.Join(dir, "results", "home") + "\n"; status != 0 || out != want {
		t.Errorf("a relative OUT: exit status %d, home %q, want %q", status, out, want)
	}
	out, status = sh(t, dir, "do", "sh", "-c", `echo "$PATH $PJRT_PLUGIN_LIBRARY_PATH"`)
	if status != 0 || !strings.HasPrefix(out, dir+"/bin:") || !strings.HasSuffix(out, dir+"/plugins\n") {
		t.Errorf("do: exit status %d: %s", status, out)
	}
}

// A signal ends what runs, and what it saved comes back.
func TestStoppedStage(t *testing.T) {
	dir := fakeBundle(t, Options{Plugin: CPU, Data: []string{"cifar10"}})
	t.Setenv("FAKE_WAITS", "1")
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Setenv("OUT", t.TempDir())
		cmd := exec.Command(filepath.Join(dir, "run.sh"), "smoke", "full")
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if _, err := os.Stat(filepath.Join(os.Getenv("OUT"), "cifar10-smoke", "waits")); err == nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		_ = cmd.Process.Signal(signal)
		_ = cmd.Wait() // the status says it
		if status := cmd.ProcessState.ExitCode(); status != 130 || strings.Contains(out.String(), "full") {
			t.Errorf("%v: exit status %d, want 130, and no further stage:\n%s", signal, status, out.String())
		}
		has(t, "log", read(t, os.Getenv("OUT"), "cifar10-smoke", "log.txt"), "saved\n")
		if _, err := os.Stat(filepath.Join(os.Getenv("OUT"), "cifar10-smoke.tar.gz")); err != nil {
			t.Error(err)
		}
	}
}

func TestRefusals(t *testing.T) {
	dir := fakeBundle(t, Options{Plugin: CPU})
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{nil, 2, "usage: ./run.sh STAGE..."},
		{[]string{"--help"}, 0, "usage: ./run.sh STAGE..."},
		{[]string{"smoke", "sing"}, 1, "there is no stage sing"},
		{[]string{"smoke"}, 1, "no data set in " + dir + "/data: set SSLKIT_DATA"},
		{[]string{"tests"}, 1, "made without tests"},
		{[]string{"steps"}, 1, "made without tests"},
		{[]string{"flags"}, 1, "FLAGS is empty"},
		{[]string{"smoke", "do", "ls"}, 1, "do stands alone: run smoke without it"},
		{[]string{"do"}, 1, "do: want a program"},
	} {
		out, status := sh(t, dir, c.args...)
		if status != c.status || !strings.Contains(out, c.want) {
			t.Errorf("%v: exit status %d, want %d, and %q in\n%s", c.args, status, c.status, c.want, out)
		}
	}
}

func TestOlderCLibrary(t *testing.T) {
	dir := fakeBundle(t, Options{Plugin: CPU})
	about := read(t, dir, "about.txt")
	before, _, _ := strings.Cut(about, "glibc=")
	bin := t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	script(t, filepath.Join(bin, "getconf"), "#!/bin/sh\necho glibc 2.9\n")
	for glibc, ok := range map[string]bool{"2.3": true, "2.9": true, "2.10": false, "2.34": false, "3.0": false} {
		script(t, filepath.Join(dir, "about.txt"), before+"glibc="+glibc+"\nplugin=cpu\n")
		out, status := sh(t, dir, "machine")
		if (status == 0) != ok || !ok && !strings.Contains(out, "this machine has glibc 2.9, the programs need "+glibc+" or later") {
			t.Errorf("programs that need %s: exit status %d:\n%s", glibc, status, out)
		}
	}
	script(t, filepath.Join(bin, "getconf"), "#!/bin/sh\nexit 1\n")
	if out, status := sh(t, dir, "machine"); status == 0 || !strings.Contains(out, "is not glibc") {
		t.Errorf("another C library: exit status %d:\n%s", status, out)
	}
}

// Without a plugin of its own a bundle takes that of the machine's Python, and says so if there is none.
func TestMachinesOwnPlugin(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skipf("needs Python: %v", err)
	}
	dir := fakeBundle(t, Options{Plugin: None, Data: []string{"cifar10"}})
	t.Setenv("PYTHONPATH", t.TempDir())
	out, status := sh(t, dir, "smoke")
	if status != 1 || !strings.Contains(out, "there is no XLA plugin: the bundle was made without, and python3 has no package jax_plugins.xla_cuda13") {
		t.Errorf("without a wheel: exit status %d:\n%s", status, out)
	}
	site := t.TempDir()
	for file, text := range map[string]string{
		"jax_plugins/xla_cuda13/__init__.py":         "raise ImportError('wants jax')", // as it does without jax
		place.CUDAPlugin:                             "plugin",
		"nvidia/cu13/lib/libcudart.so.13":            "",
		"nvidia/cudnn/lib/libcudnn.so.9":             "",
		"lammps_jax_pjrt_cpu/__init__.py":            "",
		"lammps_jax_pjrt_cpu/" + place.Plugin("cpu"): "cpu",
	} {
		path := filepath.Join(site, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PYTHONPATH", site)
	if out, status = sh(t, dir, "smoke"); status != 0 {
		t.Fatalf("exit status %d:\n%s", status, out)
	}
	has(t, "log", read(t, dir, "out", "cifar10-smoke", "log.txt"), "-device cuda ", "plugins "+dir+"/out/plugins ",
		"libraries "+site+"/nvidia/cu13/lib:"+site+"/nvidia/cudnn/lib:")
	if text := read(t, dir, "out", "plugins", place.Plugin("cuda")); text != "plugin" {
		t.Errorf("the plugin is %q", text)
	}
	if err := os.RemoveAll(filepath.Join(site, "jax_plugins")); err != nil {
		t.Fatal(err)
	}
	out, _ = sh(t, dir, "machine")
	has(t, "machine", out, "device: cpu, plugin: none")
	has(t, "the CPU's plugin", read(t, dir, "out", "plugins", place.Plugin("cpu")), "cpu")
}
