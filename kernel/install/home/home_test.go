package home

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
	if flags, ok := env["XLA_FLAGS"]; ok {
		t.Errorf("XLA_FLAGS %s, want the user's own", flags)
	}
}

func TestFree(t *testing.T) {
	if left, err := Free(t.TempDir()); err != nil || left <= 0 {
		t.Errorf("%d bytes, %v", left, err)
	}
	if _, err := Free("/no/such/folder"); err == nil || !strings.Contains(err.Error(), "/no/such/folder") {
		t.Errorf("error %v, want the folder in it", err)
	}
}
