// Package nvidia says what a machine has of NVIDIA's. The kernel's command installs
// CUDA by it, and the library opens it by it.
package nvidia

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// Usable says whether programs can use an NVIDIA GPU here: the driver is loaded,
// and this container, if it is one, was given the GPU. Root is the folder that holds
// dev and proc, "/" but in tests.
func Usable(root string) bool {
	_, err := os.Stat(filepath.Join(root, "dev", "nvidiactl"))
	return err == nil
}

// Driver returns what the loaded driver says of its version. A container may see
// the driver without being able to use the GPU.
func Driver(root string) ([]byte, error) {
	return os.ReadFile(filepath.Join(root, "proc", "driver", "nvidia", "version"))
}

var driverVersion = regexp.MustCompile(`(?m)^NVRM version:.*?\s((\d+)\.\d+(?:\.\d+)?)\s`)

// DriverVersion returns the version of the loaded driver, such as 580.65.06, and its
// series, 580, from what [Driver] says; "" and 0 if that has no version.
func DriverVersion(says []byte) (version string, series int) {
	found := driverVersion.FindSubmatch(says)
	if found == nil {
		return "", 0
	}
	series, _ = strconv.Atoi(string(found[2])) // the expression has digits there
	return string(found[1]), series
}

// Installed says whether anything suggests that this machine is meant to use an
// NVIDIA GPU, though it may not be [Usable] now. kernel/sslkit.sh asks the same.
func Installed(root string) bool {
	_, noDriver := Driver(root)
	_, noTool := exec.LookPath("nvidia-smi")
	return Usable(root) || noDriver == nil || noTool == nil
}
