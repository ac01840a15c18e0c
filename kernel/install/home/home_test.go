package home

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	tests := []struct {
		name, sslkit, data, want string
	}{
		{"SSLKIT_HOME", "/a/b", "/c", "/a/b"},
		{"XDG_DATA_HOME", "", "/c", "/c/sslkit"},
		{"default", "", "", "/user/.local/share/sslkit"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("HOME", "/user")
			t.Setenv("SSLKIT_HOME", test.sslkit)
			t.Setenv("XDG_DATA_HOME", test.data)
			h, err := Find()
			if err != nil || string(h) != test.want {
				t.Errorf("%s, %v, want %s", h, err, test.want)
			}
		})
	}
}

func TestTempFitsSockets(t *testing.T) {
	if got, want := Home("/short").Temp(), "/short/tmp"; got != want {
		t.Errorf("temporary folder %s, want %s", got, want)
	}
	if got, want := Home("/"+strings.Repeat("long", 20)).Temp(), os.TempDir(); got != want {
		t.Errorf("temporary folder of a long data directory %s, want %s", got, want)
	}
}

// TestEnvStaysInHome checks that whatever names a folder to write to names one in the data directory.
func TestEnvStaysInHome(t *testing.T) {
	h := Home("/home-of-sslkit")
	env, err := h.Env()
	if err != nil {
		t.Skip(err)
	}
	for name, value := range h.JupyterEnv() {
		env[name] = value
	}
	env["PIP_CACHE_DIR"] = h.PipEnv()["PIP_CACHE_DIR"]
	for _, name := range []string{
		"GOPATH", "GOMODCACHE", "GOCACHE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TMPDIR", "PIP_CACHE_DIR",
		"JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
	} {
		if !strings.HasPrefix(env[name], string(h)) {
			t.Errorf("%s=%q is not in %s", name, env[name], h)
		}
	}
}

func TestCUDAEnv(t *testing.T) {
	h := Home(t.TempDir())
	nvidia := h.Path("venv", "lib", "python3.12", "site-packages", "nvidia")
	for _, dir := range []string{"cu13/lib", "cudnn/lib"} {
		if err := os.MkdirAll(filepath.Join(nvidia, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	env, err := h.Env()
	if err != nil {
		t.Skip(err)
	}
	if got, want := env["LD_LIBRARY_PATH"], nvidia+"/cu13/lib:"+nvidia+"/cudnn/lib"; got != want {
		t.Errorf("LD_LIBRARY_PATH %s, want %s", got, want)
	}
	for _, flag := range []string{"--xla_gpu_cuda_data_dir=" + nvidia + "/cu13", "--xla_gpu_per_fusion_autotune_cache_dir=" + h.Autotune()} {
		if !slices.Contains(strings.Fields(env["XLA_FLAGS"]), flag) {
			t.Errorf("XLA_FLAGS %s, want %s in them", env["XLA_FLAGS"], flag)
		}
	}
}

func TestWriteFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	for _, want := range []string{"old", "new"} {
		if err := WriteFile(name, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("content %q, %v, want %q", got, err, want)
		}
	}
	if files, _ := os.ReadDir(filepath.Dir(name)); len(files) != 1 {
		t.Errorf("%d files, want 1: no temporary one stays", len(files))
	}
}
