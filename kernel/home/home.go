// Package home knows the data directory: what lies where in it, and the environment that keeps every tool inside it.
package home

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// GoFlags are the flags of every go command that set-up and the kernel run. Linking without debug information and
// without the C compiler takes a third of the time, and a cell waits for little else.
const GoFlags = "-buildvcs=false -modcacherw '-ldflags=-w -linkmode=internal'"

// Home is the data directory, an absolute path.
type Home string

// Find returns the data directory: SSLKIT_HOME, or sslkit below the user's data directory.
func Find() (Home, error) {
	dir := os.Getenv("SSLKIT_HOME")
	if dir == "" {
		data := os.Getenv("XDG_DATA_HOME")
		if data == "" {
			user, err := os.UserHomeDir()
			if err != nil {
				return "", fmt.Errorf("home: no data directory: set SSLKIT_HOME: %w", err)
			}
			data = filepath.Join(user, ".local", "share")
		}
		dir = filepath.Join(data, "sslkit")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("home: SSLKIT_HOME %q: %w", dir, err)
	}
	return Home(dir), nil
}

// Path returns a path in the data directory.
func (h Home) Path(elem ...string) string {
	return filepath.Join(append([]string{string(h)}, elem...)...)
}

// Bin returns the path of a tool that set-up built.
func (h Home) Bin(tool string) string { return h.Path("bin", tool) }

// Python returns the interpreter of the virtual environment.
func (h Home) Python() string { return h.Path("venv", "bin", "python") }

// Plugins is the folder in which sslkit and GoMLX look for PJRT plugins.
func (h Home) Plugins() string { return h.Path("plugins") }

// Autotune is the folder in which XLA keeps what it learnt about a GPU.
func (h Home) Autotune() string { return h.Path("cache", "xla-autotune") }

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

// Env is the environment in which Go programs of sslkit are built and run, offline, with everything they write in the
// data directory.
func (h Home) Env() (map[string]string, error) {
	path, err := h.searchPath()
	if err != nil {
		return nil, err
	}
	env := h.goEnv()
	maps.Copy(env, map[string]string{
		"PATH":                     path,
		"GOPROXY":                  "off",
		"SSLKIT_HOME":              string(h),
		"TMPDIR":                   h.Temp(),
		"PJRT_PLUGIN_LIBRARY_PATH": h.Plugins(),
		"GOMLX_NO_AUTO_INSTALL":    "1", // GoMLX would download plugins of its own
		"GOPJRT_CUDA_CHECKS":       "0", // go-xla would look for CUDA in a fixed place
		"TF_CPP_MIN_LOG_LEVEL":     "3",
	})
	if nvidia := h.nvidia(); nvidia != "" {
		maps.Copy(env, h.cudaEnv(nvidia))
	}
	return env, nil
}

// DownloadEnv is the environment in which set-up fetches Go modules by the user's own proxy settings.
func (h Home) DownloadEnv() map[string]string {
	env := h.goEnv()
	env["GOWORK"] = "off"
	env["TMPDIR"] = h.Temp()
	return env
}

// PipEnv is the environment in which set-up runs pip by the user's own index and proxy settings.
func (h Home) PipEnv() map[string]string {
	return map[string]string{
		"PIP_CACHE_DIR":                 h.Path("cache", "pip"),
		"PIP_DISABLE_PIP_VERSION_CHECK": "1",
		"PIP_NO_INPUT":                  "1",
		"PIP_USER":                      "0",
		"PYTHONNOUSERSITE":              "1",
		"TMPDIR":                        h.Temp(),
	}
}

// JupyterEnv keeps the files of Jupyter and IPython in the data directory.
func (h Home) JupyterEnv() map[string]string {
	return map[string]string{
		"JUPYTER_CONFIG_DIR":  h.Path("jupyter", "config"),
		"JUPYTER_DATA_DIR":    h.Path("jupyter", "data"),
		"JUPYTER_RUNTIME_DIR": h.Path("jupyter", "runtime"),
		"IPYTHONDIR":          h.Path("jupyter", "ipython"),
		"PYTHONNOUSERSITE":    "1",
		"SSLKIT_HOME":         string(h),
		"TMPDIR":              h.Temp(),
	}
}

func (h Home) goEnv() map[string]string {
	env := map[string]string{
		"GOPATH":      h.Path("go"),
		"GOMODCACHE":  h.Path("go", "pkg", "mod"),
		"GOCACHE":     h.Path("go", "cache"),
		"GOFLAGS":     GoFlags,
		"GOTOOLCHAIN": "local",
		"CGO_ENABLED": "1",
		"CC":          compiler(),
		// Tools ask for these to find their caches and counters; GOENV keeps the user's `go env -w` settings.
		"XDG_CACHE_HOME":  h.Path("cache"),
		"XDG_CONFIG_HOME": h.Path("config"),
	}
	if file := userGoEnv(h.Path("config")); file != "" {
		env["GOENV"] = file
	}
	return env
}

// userGoEnv returns the file of the user's `go env -w` settings; ours is the configuration folder we set ourselves.
func userGoEnv(ours string) string {
	if file := os.Getenv("GOENV"); file != "" {
		return file
	}
	config, err := os.UserConfigDir()
	if err != nil || config == ours {
		return ""
	}
	return filepath.Join(config, "go", "env")
}

func compiler() string {
	if cc := os.Getenv("CC"); cc != "" {
		return cc
	}
	return "gcc"
}

// searchPath puts the tools that cells need in front of the PATH that Jupyter was started with.
func (h Home) searchPath() (string, error) {
	dirs := []string{h.Path("bin")}
	for _, tool := range []string{"go", compiler()} {
		file, err := exec.LookPath(tool)
		if err != nil {
			return "", fmt.Errorf("home: %s is not on PATH: %w", tool, err)
		}
		if dir := filepath.Dir(file); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return strings.Join(append(dirs, "${PATH}"), ":"), nil
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
		"XLA_FLAGS": "--xla_gpu_cuda_data_dir=" + filepath.Join(nvidia, "cu13") +
			" --xla_gpu_per_fusion_autotune_cache_dir=" + h.Autotune(),
	}
}

// Environ returns this process's environment with env laid over it. "${PATH}" in env stands for this process's PATH.
func Environ(env map[string]string) []string {
	list := os.Environ()
	for _, name := range slices.Sorted(maps.Keys(env)) {
		value := strings.ReplaceAll(env[name], "${PATH}", os.Getenv("PATH"))
		list = append(list, name+"="+value)
	}
	return list
}
