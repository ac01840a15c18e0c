package device

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The facts of each target are whole, and XLA is told them.
func TestTargets(t *testing.T) {
	for _, target := range Targets() {
		if err := target.Validate(); err != nil {
			t.Error(err)
		}
		if named, err := TargetNamed(strings.ToUpper(target.Name)); err != nil || named != target {
			t.Errorf("target %s is not found by its name: %v", target.Name, err)
		}
		if target.BF16 < 2*target.F32 || target.SharedPerBlock >= target.SharedPerCore {
			t.Errorf("facts of %s are swapped: %+v", target.Name, target)
		}
	}
	h100 := Targets()[0].config()
	for _, line := range []string{
		`name: "NVIDIA H100 80GB HBM3"`, "{ major: 9 minor: 0 feature_extension: ACCELERATED_FEATURES }", "core_count: 132",
		"shared_memory_per_core: 233472", "shared_memory_per_block_optin: 232448", "clock_rate_ghz: 1.98",
		"device_memory_size: 84942979072", "memory_bandwidth: 3352320000000", "l2_cache_size: 52428800", `platform_name: "CUDA"`,
		`driver_version: "13.0.0"`, `dnn_version: "9.28.1"`, "dnn_version_info { major: 9 minor: 28 patch: 1 }",
	} {
		if !strings.Contains(h100, line) {
			t.Errorf("the description of the H100 has no %s:\n%s", line, h100)
		}
	}
}

// Programs are planned for the cuDNN that set-up installs.
func TestCuDNN(t *testing.T) {
	wheels, err := os.ReadFile("../../kernel/tools/cuda.txt")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("nvidia-cudnn-cu13==%d.%d.%d.", cudnnMajor, cudnnMinor, cudnnPatch); !strings.Contains(string(wheels), want) {
		t.Errorf("set-up does not install %s…", want)
	}
}
