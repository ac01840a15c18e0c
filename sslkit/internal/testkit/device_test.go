package testkit

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/device"
)

func TestAsked(t *testing.T) {
	for _, c := range []struct {
		value string
		want  device.Kind
		err   string
	}{
		{"", device.CPU, ""},
		{"cpu", device.CPU, ""},
		{"cuda", device.CUDA, ""},
		{"go", "", `SSLKIT_TEST_DEVICE is "go": want "cpu", the default, or "cuda"`},
		{"CUDA", "", `SSLKIT_TEST_DEVICE is "CUDA": want`},
		{"gpu", "", `is "gpu"`},
	} {
		got, err := asked(c.value)
		switch {
		case c.err == "" && err != nil, c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%q: error %v, want %q", c.value, err, c.err)
		case got != c.want:
			t.Errorf("%q: %q, want %q", c.value, got, c.want)
		}
	}
}

const childVariable = "SSLKIT_TEST_CHILD"

// child runs the tests of [TestDeviceThatIsNotThere] where no plugin is installed.
func child(t *testing.T, asked string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestDeviceThatIsNotThere$", "-test.v")
	cmd.Env = append(os.Environ(), childVariable+"=1", deviceVariable+"="+asked,
		"SSLKIT_HOME="+t.TempDir(), "PJRT_PLUGIN_LIBRARY_PATH="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if (err == nil) != (asked == "cpu") {
		t.Errorf("%s: the child ended with %v:\n%s", asked, err, out)
	}
	return string(out)
}

// Without a device that was asked for, tests fail and say why; none of them runs
// on another one, and none crashes.
func TestDeviceThatIsNotThere(t *testing.T) {
	if os.Getenv(childVariable) != "" {
		t.Run("XLA", func(t *testing.T) { XLA(t) })
		t.Run("Any", func(t *testing.T) { Any(t) })
		t.Run("CPU", func(t *testing.T) { CPU(t) })
		t.Run("Go", func(t *testing.T) { Open(t, device.Go) })
		return
	}
	missing := "SSLKIT_TEST_DEVICE=cuda: device: open cuda: no pjrt_c_api_cuda_plugin.so in "
	for asked, want := range map[string]map[string]string{
		"cpu":  {"XLA": "SKIP needs XLA: device: open cpu: no ", "Any": "PASS", "CPU": "SKIP needs XLA: ", "Go": "PASS"},
		"cuda": {"XLA": "FAIL " + missing, "Any": "FAIL " + missing, "CPU": "SKIP is for the CPU", "Go": "PASS"},
		"tpu":  {"XLA": `FAIL SSLKIT_TEST_DEVICE is "tpu"`, "Any": `FAIL SSLKIT_TEST_DEVICE is "tpu"`, "CPU": `FAIL SSLKIT_TEST_DEVICE`, "Go": "PASS"},
	} {
		out := child(t, asked)
		for name, outcome := range want {
			result, sentence, _ := strings.Cut(outcome, " ")
			if !strings.Contains(out, "--- "+result+": TestDeviceThatIsNotThere/"+name) || !strings.Contains(out, sentence) {
				t.Errorf("%s, %s: want %s, in\n%s", asked, name, outcome, out)
			}
		}
	}
}

// A skipper notes that it was skipped, and goes on.
type skipper struct {
	testing.TB
	skipped bool
}

func (s *skipper) Helper()     {}
func (s *skipper) Skip(...any) { s.skipped = true }

func TestNoFloat64(t *testing.T) {
	for _, kind := range []device.Kind{device.CPU, device.CUDA, device.Go} {
		for _, precision := range []device.Precision{device.BF16, device.F32, device.F64} {
			s := &skipper{TB: t}
			NoFloat64(s, &device.Device{Kind: kind}, precision)
			if want := kind == device.CUDA && precision == device.F64; s.skipped != want {
				t.Errorf("%s skips networks in %s: %t, want %t", kind, precision, s.skipped, want)
			}
		}
	}
}
