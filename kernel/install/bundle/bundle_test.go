package bundle

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gossl/gossl/internal/place"
	"github.com/gossl/gossl/kernel/install/home"
)

// repo is this checkout.
var repo, _ = filepath.Abs(filepath.Join("..", "..", ".."))

// newBundle makes bundles whose programs are copies of this test, from a data directory that holds what there is to hold.
func newBundle(t *testing.T) *Bundle {
	t.Helper()
	b := New(home.Home(t.TempDir()), repo)
	b.build = func(_ context.Context, target target, _ commit) error {
		if err := os.MkdirAll(filepath.Dir(target.file), 0o755); err != nil {
			return err
		}
		return copyFile(os.Args[0], target.file)
	}
	data := t.TempDir()
	t.Setenv("SSLKIT_DATA", data)
	site := b.Home.Path("venv", "lib", "python3.11", "site-packages")
	for file, content := range map[string]string{
		filepath.Join(data, place.CIFAR10, "test_batch.bin"):                "images",
		filepath.Join(site, "cpu", "plugin.so"):                             "",
		filepath.Join(site, place.CUDAPlugin):                               "",
		filepath.Join(site, "nvidia", "cu13", "lib", "libcudart.so.13"):     "library",
		filepath.Join(site, "nvidia", "__pycache__", "a.pyc"):               "rubbish",
		filepath.Join(site, "nvidia_cublas-13.10.0.20.dist-info", "RECORD"): "record",
		filepath.Join(site, "jax_cuda13_pjrt-0.11.2.dist-info", "RECORD"):   "record",
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		err := os.WriteFile(file, []byte(content), 0o644)
		if content == "" {
			err = errors.Join(os.Remove(file), copyFile(os.Args[0], file))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(b.Home.Plugins(), 0o755); err != nil {
		t.Fatal(err)
	}
	script(t, filepath.Join(b.Home.Plugins(), place.OneDNN), "a library")
	for kind, file := range map[string]string{CPU: filepath.Join("cpu", "plugin.so"), CUDA: place.CUDAPlugin} {
		if err := os.Symlink(filepath.Join(site, file), filepath.Join(b.Home.Plugins(), place.Plugin(kind))); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// make makes a bundle, or fails the test.
func (b *Bundle) make(t *testing.T, o Options) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "bundle")
	if err := b.Make(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	return dir
}

// files lists what a folder holds, without folders.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			list = append(list, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func read(t *testing.T, elem ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestWhatIsInABundle(t *testing.T) {
	b := newBundle(t)
	always := []string{"README.md", "about.txt", "bin/cifar10_benchmark", "bin/imagenette_benchmark", "bin/sslkit", "run.sh"}
	for name, c := range map[string]struct {
		options Options
		has     []string // besides
		hasNot  string
	}{
		"least": {Options{Plugin: None}, nil, "tests"},
		"cpu":   {Options{Plugin: CPU, Data: []string{"cifar10", "cifar10"}}, []string{"data/cifar-10-batches-bin/test_batch.bin", "plugins/pjrt_c_api_cpu_plugin.so", "plugins/libdnnl.so.3"}, "packages"},
		"cuda": {Options{Plugin: CUDA, Tests: true, Link: true}, []string{
			"packages/jax_plugins/xla_cuda13/xla_cuda_plugin.so", "packages/nvidia/cu13/lib/libcudart.so.13",
			"packages/nvidia_cublas-13.10.0.20.dist-info/RECORD", "packages/jax_cuda13_pjrt-0.11.2.dist-info/RECORD", "plugins/pjrt_c_api_cuda_plugin.so",
			"tests/method/method.test", "tests/train/train.test", "tests/testdata/golden/steps.json"}, "__pycache__"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := b.make(t, c.options)
			there := files(t, dir)
			for _, file := range append(slices.Clone(always), c.has...) {
				if _, err := os.Stat(filepath.Join(dir, file)); err != nil { // links lead to what is there
					t.Errorf("%v, among %v", err, there)
				}
			}
			if strings.Contains(strings.Join(there, "\n"), c.hasNot) {
				t.Errorf("there is %s among %v", c.hasNot, there)
			}
			about := regexp.MustCompile(`(?s)^commit=[0-9a-f]*\nchanged=(true|false)\ngo=go1\.\S+\nglibc=\d+\.\d+\nplugin=` + c.options.Plugin + `\nmade=\S+\n$`)
			if text := read(t, dir, "about.txt"); !about.MatchString(text) {
				t.Errorf("about.txt is %q", text)
			}
			if page := read(t, dir, "README.md"); strings.Contains(page, "{{") || !strings.Contains(page, "`"+c.options.Plugin+"`") {
				t.Errorf("the page is\n%s", page)
			}
		})
	}
}

func TestWhatCannotBePacked(t *testing.T) {
	b := newBundle(t)
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "thesis"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dir     string
		options Options
		want    string
	}{
		{full, Options{Plugin: None}, full + " is not empty"},
		{"", Options{Plugin: "tpu"}, `plugin "tpu": want cpu, cuda or none`},
		{"", Options{Plugin: None, Data: []string{"mnist"}}, `data set "mnist": want some of cifar10, imagenette`},
		{"", Options{Plugin: None, Data: []string{"imagenette"}}, "imagenette_benchmark -download"},
	} {
		dir := c.dir
		if dir == "" {
			dir = filepath.Join(t.TempDir(), "new")
		}
		err := b.Make(t.Context(), dir, c.options)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q in it", c.options, err, c.want)
		}
		if _, err := os.Stat(dir); c.dir == "" && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%+v leaves a folder: %v", c.options, err)
		}
	}
	if err := os.RemoveAll(b.Home.Plugins()); err != nil {
		t.Fatal(err)
	}
	err := b.Make(t.Context(), filepath.Join(t.TempDir(), "new"), Options{Plugin: CUDA})
	if err == nil || !strings.Contains(err.Error(), "SSLKIT_CUDA=1 make setup") {
		t.Errorf("without the plugin: error %v, want how to install it", err)
	}
	b = newBundle(t)
	b.build = func(context.Context, target, commit) error { return errors.New("does not compile") }
	dir := filepath.Join(t.TempDir(), "new")
	if err := b.Make(t.Context(), dir, Options{Plugin: None}); err == nil || !strings.Contains(err.Error(), "build sslkit: does not compile") {
		t.Errorf("error %v, want what could not be built", err)
	}
	if left, err := filepath.Glob(dir + "*"); err != nil || len(left) > 0 {
		t.Errorf("a bundle that failed leaves %v, %v", left, err)
	}
}

// Archives are no longer than they may be; joined and unpacked, they are the bundle.
func TestArchives(t *testing.T) {
	const limit = 3_000 // so that there are more than a hundred
	dir := newBundle(t).make(t, Options{Plugin: CUDA, Data: []string{"cifar10"}, Split: limit})
	parts, err := filepath.Glob(dir + ".tar.gz.*")
	if err != nil || len(parts) < 101 {
		t.Fatalf("parts %v, %v", parts, err)
	}
	for i, part := range parts {
		info, err := os.Stat(part)
		if err != nil || info.Size() > limit || i < len(parts)-1 && info.Size() != limit {
			t.Errorf("%s: %v, %v, want %d bytes", part, info, err, limit)
		}
	}
	check := exec.Command("sh", "-ec", `sha256sum --quiet -c bundle.sha256; mkdir elsewhere; cat bundle.tar.gz.* | tar -xz -C elsewhere; diff -r bundle elsewhere/bundle`)
	check.Dir = filepath.Dir(dir)
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	link, err := os.Readlink(filepath.Join(filepath.Dir(dir), "elsewhere", "bundle", "plugins", "pjrt_c_api_cuda_plugin.so"))
	if err != nil || !strings.HasPrefix(link, "../packages/") {
		t.Errorf("the plugin's link leads to %q, %v", link, err)
	}
}

func TestNeedsGLibC(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	needs, err := needsGLibC(shell)
	if err != nil || needs.major != 2 || needs.minor == 0 {
		t.Errorf("%s needs glibc %+v, %v", shell, needs, err)
	}
	if _, err := needsGLibC("bundle_test.go"); err == nil || !strings.Contains(err.Error(), "bundle_test.go") {
		t.Errorf("a text needs glibc, says %v", err)
	}
	for _, c := range []struct{ a, b, want version }{
		{version{2, 9}, version{2, 34}, version{2, 34}},
		{version{2, 34}, version{2, 9}, version{2, 34}},
		{version{3, 0}, version{2, 34}, version{3, 0}},
	} {
		if got := newer(c.a, c.b); got != c.want {
			t.Errorf("of %v and %v %v is newer", c.a, c.b, got)
		}
	}
}
