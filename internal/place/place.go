// Package place says where on a machine sslkit keeps things: what it installs,
// downloads and computes. The kernel's command installs what the library looks for,
// so both ask here.
package place

import (
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
)

// Home is the data directory: SSLKIT_HOME, or sslkit in the user's data folder,
// which is XDG_DATA_HOME or .local/share. It need not exist. For a user without a
// home it lies in the current folder.
func Home() string {
	dir := os.Getenv("SSLKIT_HOME")
	if dir == "" {
		dir = filepath.Join(userData(), "sslkit")
	}
	if absolute, err := filepath.Abs(dir); err == nil { // else the current folder is gone
		dir = absolute
	}
	return dir
}

func userData() string {
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil { // HOME is not set, as for some services
		home = "."
		if current, err := user.Current(); err == nil {
			home = current.HomeDir
		}
	}
	return filepath.Join(home, ".local", "share")
}

// Data is the folder of the data sets: SSLKIT_DATA, or data in [Home]. It need not
// exist.
func Data() string {
	if dir := os.Getenv("SSLKIT_DATA"); dir != "" {
		return dir
	}
	return filepath.Join(Home(), "data")
}

// The folders of the data sets in [Data], as their archives name them.
const (
	CIFAR10    = "cifar-10-batches-bin"
	Imagenette = "imagenette2-160"
)

// Plugins is the folder of a data directory in which PJRT plugins are installed.
func Plugins(home string) string { return filepath.Join(home, "plugins") }

// Plugin is the file name of the PJRT plugin of a kind of device, "cpu" or "cuda".
func Plugin(kind string) string { return "pjrt_c_api_" + kind + "_plugin.so" }

// OneDNN is the file name of oneDNN, beside the plugins: it computes convolutions on
// CPUs.
const OneDNN = "libdnnl.so.3"

// Plan is the folder of a data directory for the Python packages that compile
// programs for a GPU that is not there, by `make setup-plan`. They lie apart from
// the others, because CUDA is installed where those have them.
func Plan(home string) string { return filepath.Join(home, "plan") }

// PlanSize says what `make setup-plan` costs.
const PlanSize = "256 MB to download, 740 MB on disk"

// CUDACompiler finds in a data directory what compiles for NVIDIA's GPUs: XLA's
// plugin, and the folder of the CUDA toolkit, of which it needs ptxas and libdevice.
// They are those of the set-up for a GPU, or else in [Plan].
func CUDACompiler(home string) (plugin, toolkit string, ok bool) {
	candidates := []string{filepath.Join(Plan(home), CUDAPlugin)}
	if installed, err := filepath.EvalSymlinks(filepath.Join(Plugins(home), Plugin("cuda"))); err == nil {
		candidates = slices.Insert(candidates, 0, installed)
	}
	for _, plugin := range candidates {
		toolkit := CUDAToolkit(plugin)
		if exist(plugin, filepath.Join(toolkit, "bin", "ptxas"), filepath.Join(toolkit, "nvvm", "libdevice", "libdevice.10.bc")) {
			return plugin, toolkit, true
		}
	}
	return "", "", false
}

// CUDAPlugin is where XLA's plugin for CUDA lies in a folder of Python packages.
const CUDAPlugin = "jax_plugins/xla_cuda13/xla_cuda_plugin.so"

// CUDAToolkit is the folder of the CUDA toolkit among the Python packages that hold a
// plugin. It need not exist.
func CUDAToolkit(plugin string) string {
	return filepath.Join(plugin, "..", "..", "..", "nvidia", "cu13")
}

func exist(files ...string) bool {
	return !slices.ContainsFunc(files, func(file string) bool {
		_, err := os.Stat(file)
		return err != nil
	})
}

// Images is the folder of a data directory for decoded images.
func Images(home string) string { return filepath.Join(home, "cache", "images") }

// Programs is the folder of a data directory for compiled programs.
func Programs(home string) string { return filepath.Join(home, "cache", "programs") }

// Autotune is the folder of a data directory in which XLA keeps what it learnt
// about a GPU.
func Autotune(home string) string { return filepath.Join(home, "cache", "xla-autotune") }

// WithHome is a path with the user's folder in place of its ~, which shells leave in
// --out=~/x. That of other users stays.
func WithHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~")
	if !ok || rest != "" && rest[0] != '/' {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return filepath.Join(home, rest)
}
