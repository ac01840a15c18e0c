package spec

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gossl/gossl/kernel/home"
)

func TestInstall(t *testing.T) {
	h := home.Home("/data")
	s, err := New(h, "/checkout")
	if err != nil {
		t.Skip(err)
	}
	dir := filepath.Join(t.TempDir(), "kernels", Name)
	if s.Installed(dir) {
		t.Error("installed before Install")
	}
	if err := s.Install(dir); err != nil {
		t.Fatal(err)
	}
	if !s.Installed(dir) {
		t.Error("not installed after Install")
	}
	moved, err := New(h, "/elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	if moved.Installed(dir) {
		t.Error("the kernel of another checkout passes for this one's")
	}

	content, err := os.ReadFile(filepath.Join(dir, "kernel.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got Spec
	if err := json.Unmarshal(content, &got); err != nil {
		t.Fatal(err)
	}
	want := []string{"/data/bin/gonb", "--kernel", "{connection_file}", "--raw_error", "--go_work=/checkout"}
	if !slices.Equal(got.Argv, want) {
		t.Errorf("argv %q, want %q", got.Argv, want)
	}
	for name, value := range map[string]string{"GOPROXY": "off", "GOWORK": "", "PJRT_PLUGIN_LIBRARY_PATH": "/data/plugins"} {
		if got.Env[name] != value {
			t.Errorf("%s=%q, want %q", name, got.Env[name], value)
		}
	}
}
