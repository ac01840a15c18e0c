package testkit

import (
	"fmt"
	"os"
	"testing"

	"github.com/gossl/gossl/internal/place"
	"github.com/gossl/gossl/sslkit/device"
)

// deviceVariable names the device of tests and benchmarks that use XLA: "cpu",
// which is the default, or "cuda".
const deviceVariable = "SSLKIT_TEST_DEVICE"

// tf32Variable, set to 0, makes cuBLAS and cuDNN compute float32 in float32.
// Otherwise convolutions round their inputs to TF32, which has ten bits.
const tf32Variable = "NVIDIA_TF32_OVERRIDE"

// asked reads the value of [deviceVariable].
func asked(value string) (device.Kind, error) {
	switch kind := device.Kind(value); kind {
	case "":
		return device.CPU, nil
	case device.CPU, device.CUDA:
		return kind, nil
	}
	return "", fmt.Errorf("%s is %q: want %q, the default, or %q", deviceVariable, value, device.CPU, device.CUDA)
}

// Kind is the kind of device that tests were asked to use XLA on. A value that
// names none fails the test.
func Kind(t testing.TB) device.Kind {
	t.Helper()
	kind, err := asked(os.Getenv(deviceVariable))
	if err != nil {
		t.Fatal(err)
	}
	return kind
}

// Any returns a device that is there on every machine: XLA's as in [XLA] where
// its plugin is installed and -short is off, else the pure-Go backend. A device
// that somebody asked for is not replaced: without it the test fails.
func Any(t testing.TB) *device.Device {
	t.Helper()
	kind := Kind(t)
	switch {
	case testing.Short():
	case kind == device.CUDA:
		return openCUDA(t)
	default:
		if d, err := device.Open(kind); err == nil {
			return d
		}
	}
	return Open(t, device.Go)
}

// XLA returns the device that SSLKIT_TEST_DEVICE names, by default XLA's CPU. It
// skips the test under -short, or without the CPU's plugin. A CUDA device that
// was asked for and cannot be opened fails the test.
func XLA(t testing.TB) *device.Device {
	t.Helper()
	kind := Kind(t)
	if testing.Short() {
		t.Skip("needs XLA, which -short leaves out")
	}
	if kind == device.CUDA {
		return openCUDA(t)
	}
	d, err := device.Open(kind)
	if err != nil {
		t.Skipf("needs XLA: %v", err)
	}
	return d
}

// CPU is [XLA] for a test that is about the CPU, or that needs no other device:
// it skips the test where one was asked for.
func CPU(t testing.TB) *device.Device {
	t.Helper()
	if kind := Kind(t); kind != device.CPU {
		t.Skipf("is for the CPU, and %s=%s asks for another device", deviceVariable, kind)
	}
	return XLA(t)
}

// openCUDA opens the GPU: for tests without TF32, so that float32 can be compared
// with reference numbers, for benchmarks as a program has it. The libraries read
// this once, so a process cannot do both.
func openCUDA(t testing.TB) *device.Device {
	t.Helper()
	if _, benchmark := t.(*testing.B); !benchmark {
		if err := os.Setenv(tf32Variable, "0"); err != nil {
			t.Fatal(err)
		}
	} else if os.Getenv(tf32Variable) != "" {
		t.Skipf("%s is set, by tests in this process or from outside: benchmarks want -run '^$' and do without it", tf32Variable)
	}
	d, err := device.Open(device.CUDA)
	if err != nil {
		t.Fatalf("%s=%s: %v", deviceVariable, device.CUDA, err)
	}
	return d
}

// NoFloat64 skips a test of a network in float64 on a GPU: that comparison with
// reference numbers is made on a CPU, in the same graphs. Nobody trains so, and
// it would take minutes to compile.
func NoFloat64(t testing.TB, d *device.Device, precision device.Precision) {
	t.Helper()
	if d.Kind == device.CUDA && precision == device.F64 {
		t.Skip("networks in float64 are compared on a CPU")
	}
}

// Target opens a target to plan programs for, and skips the test where XLA or its compiler
// for CUDA is not installed, or in short mode.
func Target(t testing.TB, name string) *device.Device {
	t.Helper()
	CPU(t)
	target, err := device.TargetNamed(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, ok := place.CUDACompiler(place.Home()); !ok {
		t.Skip("XLA's compiler for CUDA is not installed: make setup-plan")
	}
	d, err := target.Open()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Long skips a test that takes more than ten seconds, unless the environment
// variable SSLKIT_LONG asks for it.
func Long(t testing.TB) {
	t.Helper()
	if os.Getenv("SSLKIT_LONG") == "" {
		t.Skip("takes long: SSLKIT_LONG=1 runs it")
	}
}

// Open returns a device, and fails the test if it cannot be opened.
func Open(t testing.TB, kind device.Kind) *device.Device {
	t.Helper()
	if kind == device.CUDA {
		return openCUDA(t)
	}
	d, err := device.Open(kind)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
