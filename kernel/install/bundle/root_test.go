package bundle

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gossl/gossl/internal/place"
	"github.com/gossl/gossl/kernel/install/home"
)

// enter runs a shell as the first process of an empty machine: without network, and as nobody in particular.
const enter = `mount -t proc proc "$1/proc"
exec chroot --userspec=1234:1234 "$1" /usr/bin/env -i HOME=/home/somebody PATH=/usr/bin:/bin /bin/bash -euc "cd; $2"`

// inRoot runs commands in a root directory, and returns what they print.
func inRoot(t *testing.T, root, commands string) string {
	t.Helper()
	cmd := exec.Command("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-ec", enter, "sh", root, commands)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	t.Logf("%.0f s: %s\n%s", time.Since(start).Seconds(), commands, out)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// noise writes the first file of either split of CIFAR-10, of noise.
func noise(t *testing.T) (data string) {
	t.Helper()
	data = t.TempDir()
	pixels := make([]byte, 10_000*3073)
	state := uint32(7)
	for i := range pixels {
		state = state*1664525 + 1013904223
		pixels[i] = byte(state >> 24)
		if i%3073 == 0 {
			pixels[i] %= 10
		}
	}
	if err := os.Mkdir(filepath.Join(data, place.CIFAR10), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"data_batch_1.bin", "test_batch.bin"} {
		if err := os.WriteFile(filepath.Join(data, place.CIFAR10, name), pixels, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

// A real bundle does its work in a Debian that holds nothing but its base system: it is unpacked there from archives,
// trains a small network on XLA's CPU, and brings back a record with the commit; then its tests run.
func TestInAnEmptyRoot(t *testing.T) {
	if os.Getenv("SSLKIT_LONG") == "" {
		t.Skip("takes minutes, and the network for Debian's packages: SSLKIT_LONG=1 runs it")
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make the root directory and to enter it")
	}
	for _, tool := range []string{"debootstrap", "unshare", "git"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s: %v", tool, err)
		}
	}
	h := home.Find()
	if _, err := os.Stat(filepath.Join(h.Plugins(), place.Plugin(CPU))); err != nil {
		t.Skipf("needs XLA's plugin: %v", err)
	}
	root, start := t.TempDir(), time.Now()
	if out, err := exec.Command("debootstrap", "--variant=minbase", "bookworm", root).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("debootstrap took %.0f s", time.Since(start).Seconds())
	somebody := filepath.Join(root, "home", "somebody")
	if err := os.Mkdir(somebody, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSLKIT_DATA", noise(t))
	start = time.Now()
	if err := New(h, repo).Make(t.Context(), filepath.Join(somebody, "sslkit"), Options{Plugin: CPU, Data: []string{"cifar10"}, Tests: true, Split: 50e6}); err != nil {
		t.Fatal(err)
	}
	t.Logf("the bundle took %.0f s", time.Since(start).Seconds())
	if err := os.RemoveAll(filepath.Join(somebody, "sslkit")); err != nil { // the archives must do
		t.Fatal(err)
	}
	if err := os.Chown(somebody, 1234, 1234); err != nil {
		t.Fatal(err)
	}

	out := inRoot(t, root, "sha256sum -c sslkit.sha256; cat sslkit.tar.gz.* | tar -xz; ls; ! command -v python3; ! command -v go; id -u; tail -n +3 /proc/net/dev")
	has(t, "the machine", out, "\n1234\n    lo:")
	out = inRoot(t, root, "sslkit/run.sh machine smoke -- -batch 64 -width 8 -images 256 -test-images 100 -precision f32")
	has(t, "smoke", out, "device: cpu, plugin: cpu", "no NVIDIA driver", "== cifar10-smoke: exit status 0", `"epoch":1`)
	checkRecord(t, filepath.Join(somebody, "sslkit", "out", "cifar10-smoke.tar.gz"))
	out = inRoot(t, root, "TESTS='^TestGoldenLayers$|^TestMemoryOfTensors$|^TestResumeInTheMiddleOfAnEpoch$' sslkit/run.sh tests")
	for _, name := range tested {
		has(t, "tests", out, "== tests-"+name+": exit status 0")
	}
	has(t, "tests", out, "device: 1 PASS, 0 FAIL, 0 SKIP", "train: 1 PASS, 0 FAIL, 0 SKIP")
	out = inRoot(t, root, "METHODS=SimCLR STEPS=1x sslkit/run.sh steps; sslkit/run.sh do sslkit --help; DEVICE=cuda sslkit/run.sh do cifar10_benchmark -device cuda -quick || true")
	has(t, "steps", out, "images/s", "peak-MB", "Embeds images", "no pjrt_c_api_cuda_plugin.so")
}

// checkRecord unpacks what a stage brought back, and looks at its record.
func checkRecord(t *testing.T, archive string) {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("tar", "-xzf", archive, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	records, err := filepath.Glob(filepath.Join(dir, "cifar10-smoke", "*.json"))
	if err != nil || len(records) != 1 {
		t.Fatalf("records %v, %v, want one", records, err)
	}
	var record struct {
		Commit, Device string
		Epochs         []struct{ Loss float64 }
	}
	if err := json.Unmarshal([]byte(read(t, records[0])), &record); err != nil {
		t.Fatal(err)
	}
	head, err := exec.Command("git", "-C", repo, "rev-parse", "HEAD").Output()
	if err != nil {
		t.Fatal(err)
	}
	if record.Commit != strings.TrimSpace(string(head)) || !strings.HasPrefix(record.Device, "cpu (") || len(record.Epochs) != 2 || !(record.Epochs[1].Loss > 0) {
		t.Errorf("record %s, want one of commit %s", fmt.Sprintf("%+v", record), head)
	}
}
