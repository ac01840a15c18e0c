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

// Env is the environment in which Go programs of sslkit are built and run, offline, with everything they write in the
// data directory.
func (h Home) Env() (map[string]string, error) {
	env, err := h.KernelEnv()
	if err != nil {
		return nil, err
	}
	all := h.downloadSettings()
	maps.Copy(all, env)
	maps.Copy(all, h.ToolEnv())
	all["TMPDIR"] = h.Temp()
	return all, nil
}

// KernelEnv is the environment of the kernel, and so of its cells: Env, but for the folders in which programs keep their
// files. Those stay the user's own.
func (h Home) KernelEnv() (map[string]string, error) {
	path, err := h.searchPath()
	if err != nil {
		return nil, err
	}
	env := h.goEnv()
	maps.Copy(env, map[string]string{
		"PATH":                     path,
		"GOPROXY":                  "off",
		"SSLKIT_HOME":              string(h),
		"PJRT_PLUGIN_LIBRARY_PATH": h.Plugins(),
		"GOMLX_NO_AUTO_INSTALL":    "1", // GoMLX would download plugins of its own
		"GOPJRT_CUDA_CHECKS":       "0", // go-xla would look for CUDA in a fixed place
		"TF_CPP_MIN_LOG_LEVEL":     "3",
		"MALLOC_ARENA_MAX":         "1", // device asks for it in a constructor, which Go's own linker drops
	})
	if nvidia := h.nvidia(); nvidia != "" {
		maps.Copy(env, h.cudaEnv(nvidia))
	}
	return env, nil
}

// DownloadEnv is the environment in which set-up fetches Go modules by the user's own proxy settings.
func (h Home) DownloadEnv() map[string]string {
	env := h.downloadSettings()
	maps.Copy(env, h.goEnv())
	maps.Copy(env, h.ToolEnv())
	env["GOWORK"] = "off"
	env["TMPDIR"] = h.Temp()
	return env
}

// PipEnv is the environment in which set-up runs pip by the user's own index and proxy settings. What is empty does not
// count for pip and Python, whatever the user has set.
func (h Home) PipEnv() map[string]string {
	return map[string]string{
		"PIP_CACHE_DIR":                 h.Path("cache", "pip"),
		"PIP_DISABLE_PIP_VERSION_CHECK": "1",
		"PIP_NO_INPUT":                  "1",
		"PIP_USER":                      "0",
		"PIP_TARGET":                    "",
		"PIP_PREFIX":                    "",
		"PIP_ROOT":                      "",
		"PIP_DRY_RUN":                   "",
		"PIP_NO_BINARY":                 "",
		"PIP_CONSTRAINT":                "",
		"PIP_REQUIREMENT":               "",
		"PYTHONHOME":                    "",
		"PYTHONPATH":                    "",
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

// goEnv says how Go programs are built. What the user has set elsewhere does not count: see foreign.
func (h Home) goEnv() map[string]string {
	return map[string]string{
		"GOPATH":      h.Path("go"),
		"GOMODCACHE":  h.Path("go", "pkg", "mod"),
		"GOCACHE":     h.Path("go", "cache"),
		"GOFLAGS":     GoFlags,
		"GOTOOLCHAIN": "local",
		"CGO_ENABLED": "1",
		"CC":          compiler(),
	}
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
