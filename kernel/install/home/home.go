// Package home knows the data directory: what lies where in it, and the environment that keeps every tool inside it.
package home

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/gossl/gossl/internal/place"
)

// GoFlags are the flags of every go command that set-up and the kernel run. Linking without debug information and
// without the C compiler takes a third of the time, and a cell waits for little else.
const GoFlags = "-buildvcs=false -modcacherw '-ldflags=-w -linkmode=internal'"

// Home is the data directory, an absolute path.
type Home string

// Find returns the data directory: SSLKIT_HOME, or sslkit below the user's data directory.
func Find() Home { return Home(place.Home()) }

// Path returns a path in the data directory.
func (h Home) Path(elem ...string) string {
	return filepath.Join(append([]string{string(h)}, elem...)...)
}

// Bin returns the path of a tool that set-up built.
func (h Home) Bin(tool string) string { return h.Path("bin", tool) }

// Python returns the interpreter of the virtual environment.
func (h Home) Python() string { return h.Path("venv", "bin", "python") }

// Plugins is the folder in which sslkit and GoMLX look for PJRT plugins.
func (h Home) Plugins() string { return place.Plugins(string(h)) }

// Autotune is the folder in which XLA keeps what it learnt about a GPU.
func (h Home) Autotune() string { return place.Autotune(string(h)) }

// Plan is the folder of the Python packages that compile programs for a GPU that is not there.
func (h Home) Plan() string { return place.Plan(string(h)) }

// KernelSpec is the folder of the kernel's kernel.json.
func (h Home) KernelSpec() string {
	return h.Path("venv", "share", "jupyter", "kernels", "sslkit")
}

// longestSocket is the longest path that GoNB adds to the temporary folder for a unix socket.
const longestSocket = "/gonb_12345678/gopls_socket"

// Temp is the folder for temporary files. Unix socket names hold 107 bytes: below a very long data directory the
// system's folder has to do.
func (h Home) Temp() string {
	if dir := h.Path("tmp"); len(dir)+len("/run-1234567890")+len(longestSocket) <= 107 {
		return dir
	}
	return os.TempDir()
}

// nvidia returns the folder of NVIDIA's libraries in the virtual environment, or "" without them.
func (h Home) nvidia() string {
	found, _ := filepath.Glob(h.Path("venv", "lib", "python3*", "site-packages", "nvidia", "cu13"))
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[0])
}

func (h Home) cudaEnv(nvidia string) map[string]string {
	libs, _ := filepath.Glob(filepath.Join(nvidia, "*", "lib"))
	return map[string]string{
		"LD_LIBRARY_PATH": strings.Join(libs, ":"),
		"CUDA_CACHE_PATH": h.Path("cache", "cuda"),
	}
}
