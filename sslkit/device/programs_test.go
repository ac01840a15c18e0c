package device

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/cache"
)

func testCache(t *testing.T) *programCache {
	t.Helper()
	c, err := cacheIn(filepath.Join(t.TempDir(), "programs"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCacheKeyDependsOnEverything(t *testing.T) {
	c, salted := &programCache{}, &programCache{salt: []byte("other")}
	keys := map[cache.ActionID]string{}
	for name, key := range map[string]cache.ActionID{
		"plain":   c.key([]byte("ab"), []byte("c")),
		"program": c.key([]byte("abb"), []byte("c")),
		"options": c.key([]byte("ab"), []byte("cc")),
		"border":  c.key([]byte("a"), []byte("cb")),
		"salt":    salted.key([]byte("ab"), []byte("c")),
	} {
		if other, ok := keys[key]; ok {
			t.Errorf("%s and %s have the same key", name, other)
		}
		keys[key] = name
	}
}

func TestFlagsOfPrograms(t *testing.T) {
	t.Setenv("XLA_FLAGS", "--xla_gpu_cuda_data_dir=/a --xla_gpu_autotune_level=2 --xla_cpu_use_onednn=true")
	for kind, want := range map[Kind]string{
		CPU:  "--xla_cpu_use_onednn=true",
		CUDA: "--xla_gpu_autotune_level=2 --xla_cpu_use_onednn=true",
	} {
		if got := strings.Join(xlaFlags(kind), " "); got != want {
			t.Errorf("%s: flags %q, want %q", kind, got, want)
		}
	}
}

// What XLA learnt with one version of the plugin or of NVIDIA's libraries is not read by another.
func TestVersions(t *testing.T) {
	site := t.TempDir()
	plugin, seen := filepath.Join(site, "jax_plugins", "xla_cuda13", "plugin.so"), map[string]string{}
	for _, wheel := range []string{"", "jax_cuda13_pjrt-0.11.2.dist-info", "nvidia_cudnn_cu13-9.10.dist-info", "numpy-2.3.dist-info"} {
		if err := os.MkdirAll(filepath.Join(site, wheel), 0o700); err != nil {
			t.Fatal(err)
		}
		v := versions(plugin)
		if other, ok := seen[v]; ok != (wheel == "numpy-2.3.dist-info") || len(v) != 12 {
			t.Errorf("with %q the versions are %s, as with %q", wheel, v, other)
		}
		seen[v] = wheel
	}
}

func TestCacheForgetsTheOldest(t *testing.T) {
	c := testCache(t)
	c.limit = 3000 // bytes: two programs and what the cache notes on each
	for i := range 4 {
		id := cache.ActionID{byte(i)}
		c.put(id, bytes.Repeat([]byte{byte(i)}, 1000))
		hour := time.Now().Add(time.Duration(i-10) * time.Hour)
		entry, err := c.files.Get(id)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(c.files.OutputFile(entry.OutputID), hour, hour); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []bool{false, false, true, true} {
		if got := c.get(cache.ActionID{byte(i)}) != nil; got != want {
			t.Errorf("entry %d is there: %v, want %v", i, got, want)
		}
	}
}

func TestCacheIgnoresDamage(t *testing.T) {
	c, id, program := testCache(t), cache.ActionID{1}, []byte("some program")
	c.put(id, program)
	entry, err := c.files.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	for _, damaged := range []string{"", "some", "some Program", "some program and more"} {
		if err := os.WriteFile(c.files.OutputFile(entry.OutputID), []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := c.get(id); got != nil {
			t.Errorf("damaged to %q, the entry is %q", damaged, got)
		}
	}
	c.put(id, program)
	if got := c.get(id); !bytes.Equal(got, program) {
		t.Errorf("put again, the entry is %q", got)
	}
}

func TestCacheFolderIsTheUsersAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "programs")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := cacheIn(dir); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %o, want 700", info.Mode().Perm())
	}

	link := dir + "-link"
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if _, err := cacheIn(link); err == nil || !strings.Contains(err.Error(), link) {
		t.Errorf("a link in the folder's place: %v", err)
	}

	if os.Getuid() != 0 {
		t.Skip("only root may give a folder away")
	}
	if err := os.Chown(dir, 12345, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := cacheIn(dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("another user's folder: %v", err)
	}
}

func TestFingerprint(t *testing.T) {
	c, path := testCache(t), filepath.Join(t.TempDir(), "plugin.so")
	for _, content := range []string{"one", "two", "two"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 { // read, and remembered
			got, err := c.fingerprint(path)
			if want := sha256.Sum256([]byte(content)); err != nil || !bytes.Equal(got, want[:]) {
				t.Errorf("%q has fingerprint %x, error %v, want %x", content, got, err, want)
			}
		}
	}
}
