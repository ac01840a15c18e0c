package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/install/home"
)

func newSpec(t *testing.T, repo string) Spec {
	t.Helper()
	s, err := New(home.Home("/data"), repo, Name)
	if err != nil {
		t.Skip(err)
	}
	return s
}

func TestNew(t *testing.T) {
	dir := t.TempDir()
	if _, err := newSpec(t, "/checkout").Install(dir, false); err != nil {
		t.Fatal(err)
	}
	got, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"/data/bin/sslkit-kernel", "launch", "--go-work", "/checkout", "{connection_file}"}
	if diff := cmp.Diff(want, got.Argv); diff != "" {
		t.Errorf("argv (-want +got):\n%s", diff)
	}
	for name, value := range map[string]string{
		"GOPROXY": "off", "GOWORK": "", "PJRT_PLUGIN_LIBRARY_PATH": "/data/plugins", "SSLKIT_HOME": "/data",
	} {
		if got.Env[name] != value {
			t.Errorf("%s=%q, want %q", name, got.Env[name], value)
		}
	}
	if got.DisplayName != "Go (sslkit)" || got.Language != "go" || got.InterruptMode != "message" {
		t.Errorf("display name %q, language %q, interrupt mode %q", got.DisplayName, got.Language, got.InterruptMode)
	}
	if !got.Ours() || got.Repo() != "/checkout" {
		t.Errorf("ours %v, checkout %q", got.Ours(), got.Repo())
	}
}

func TestRead(t *testing.T) {
	for content, want := range map[string]string{
		`{"argv"`:        "unexpected end",
		`{"argv": []}`:   "argv is empty",
		`{"argv": "go"}`: "argv",
	} {
		dir := t.TempDir()
		put(t, file(dir), content)
		if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file(dir)) {
			t.Errorf("%s: error %v, want %q and the file in it", content, err, want)
		}
	}
}

func TestOurs(t *testing.T) {
	tests := []struct {
		name string
		spec Spec
		want bool
	}{
		{"this one", Spec{Argv: []string{"/data/bin/sslkit-kernel", "launch"}}, true},
		{"an earlier one", Spec{Argv: []string{"/data/bin/gonb"}, Env: map[string]string{"SSLKIT_HOME": "/data"}}, true},
		{"GoNB's own", Spec{Argv: []string{"/go/bin/gonb", "--kernel"}}, false},
		{"Python's", Spec{Argv: []string{"python", "-m", "ipykernel_launcher"}}, false},
		{"none", Spec{}, false},
	}
	for _, test := range tests {
		if got := test.spec.Ours(); got != test.want {
			t.Errorf("%s: ours %v, want %v", test.name, got, test.want)
		}
	}
}

func TestCheckName(t *testing.T) {
	for name, want := range map[string]bool{
		"sslkit": true, "sslkit-1.2_x": true, "SSL": true,
		"": false, "a b": false, "..": false, ".hidden": false, "a/b": false, "über": false,
	} {
		if err := CheckName(name); (err == nil) != want {
			t.Errorf("name %q: %v", name, err)
		}
	}
}

func TestUserDir(t *testing.T) {
	tests := []struct{ name, jupyter, xdg, want string }{
		{"JUPYTER_DATA_DIR", "/j", "/x", "/j/kernels"},
		{"XDG_DATA_HOME", "", "/x", "/x/jupyter/kernels"},
		{"default", "", "", "/user/.local/share/jupyter/kernels"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("HOME", "/user")
			t.Setenv("JUPYTER_DATA_DIR", test.jupyter)
			t.Setenv("XDG_DATA_HOME", test.xdg)
			if got, err := UserDir(); err != nil || got != test.want {
				t.Errorf("%s, %v, want %s", got, err, test.want)
			}
		})
	}
}

func TestPrefixDir(t *testing.T) {
	if got, err := PrefixDir("/usr/local"); err != nil || got != "/usr/local/share/jupyter/kernels" {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := PrefixDir("venv"); err != nil || !filepath.IsAbs(got) {
		t.Errorf("%s, %v, want an absolute path", got, err)
	}
}

func put(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
