package conformance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/wire/wiretest"
)

// startIn starts a kernel with other variables in its environment.
func startIn(t *testing.T, dir string, variables ...string) *kernel {
	t.Helper()
	c := command(t)
	k := &kernel{dir: c.Dir, log: &wiretest.Log{}}
	if dir != "" {
		c.Dir, k.dir = dir, dir
	}
	c.Stderr, c.Env = k.log, append(variables, without(t, c.Env, variables)...)
	k.Session = &wiretest.Session{Client: startClient(t, c), T: t, Limit: limit}
	t.Cleanup(func() {
		k.Close()
		if t.Failed() {
			t.Logf("the kernel printed:\n%s", k.log)
		}
	})
	return k
}

// without is the environment of a kernel without what the tests themselves were
// given of some variables. Those that the kernel sets stay: they win.
func without(t *testing.T, environ, variables []string) []string {
	t.Helper()
	h := home.Find()
	sets, err := h.KernelEnv()
	if err != nil {
		t.Fatal(err)
	}
	sets["GOWORK"] = ""
	return slices.DeleteFunc(environ, func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		_, set := sets[name]
		return !set && slices.ContainsFunc(variables, func(v string) bool { return strings.HasPrefix(v, name+"=") })
	})
}

// Whatever the user has set for other work, the kernel starts and cells are built and run.
func TestForeignVariables(t *testing.T) {
	settings := filepath.Join(t.TempDir(), "env")
	text := "GO111MODULE=off\nGOROOT=/nowhere\nGOOS=windows\nGOARCH=arm64\nGOEXPERIMENT=nonsense\nGOFLAGS=-mod=vendor\nGOWORK=off\n" +
		"GOTOOLCHAIN=go1.99.9\nGOCACHEPROG=/nowhere/cache\nGOPROXY=https://nowhere.example\nCC=/nowhere/cc\n"
	if err := os.WriteFile(settings, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, variables := range map[string][]string{
		"for other machines": {"GOOS=windows", "GOARCH=arm64", "GOAMD64=v9", "GOARM64=none"},
		"modules":            {"GO111MODULE=off", "GOFLAGS=-mod=vendor", "GOWORK=off", "GOPROXY=https://nowhere.example"},
		"another Go":         {"GOROOT=/nowhere", "GOTOOLCHAIN=go1.99.9", "GOEXPERIMENT=nonsense", "GOTOOLDIR=/nowhere", "GOFIPS140=nonsense"},
		"caches":             {"GOCACHE=off", "GOTMPDIR=/nowhere", "GOCACHEPROG=/nowhere/cache", "GOPATH=relative", "GOMODCACHE=/nowhere"},
		"the runtime":        {"GODEBUG=gctrace=1,nonsense=1", "GOTRACEBACK=crash", "GOGC=50", "GOMAXPROCS=x"},
		"go env -w":          {"GOENV=" + settings},
		"shells and Python":  {"CDPATH=/tmp:/", "BASH_ENV=/nowhere", "PYTHONHOME=/nowhere", "PYTHONPATH=/nowhere", "LC_ALL=xx_YY"},
	} {
		t.Run(name, func(t *testing.T) {
			k := startIn(t, "", variables...)
			if o := k.OK("func Double(x int) int { return 2 * x }\nfmt.Println(Double(21))"); o.Stdout != "42\n" {
				t.Errorf("printed %q", o.Stdout)
			}
			if o := k.OK("import \"github.com/gossl/gossl/sslkit/recipe\"\n_, err := recipe.Shapes(\"BYOL\")\nerr == nil && Double(1) == 2"); o.Result["text/plain"] != "true" {
				t.Errorf("result %v", o.Result)
			}
			if o := k.OK("!echo from a command"); o.Stdout != "from a command\n" {
				t.Errorf("printed %q", o.Stdout)
			}
		})
	}
}

// What a notebook sets by %env does count.
func TestEnvironmentOfANotebook(t *testing.T) {
	k := start(t)
	k.OK("%env CGO_ENABLED=0\n%env GOAMD64=v2\n//")
	o := k.OK(`import "runtime/debug"
info, _ := debug.ReadBuildInfo()
for _, s := range info.Settings {
	if s.Key == "CGO_ENABLED" || s.Key == "GOAMD64" {
		fmt.Println(s.Key, s.Value)
	}
}`)
	if o.Stdout != "CGO_ENABLED 0\nGOAMD64 v2\n" {
		t.Errorf("built with %q", o.Stdout)
	}
}

// Cells and commands see the user's own folders, whatever Go tools are given.
func TestUserFolders(t *testing.T) {
	mine := t.TempDir()
	code := "cache, _ := os.UserCacheDir()\nconfig, _ := os.UserConfigDir()\nfmt.Println(cache, config, os.Getenv(\"GOENV\"), os.Getenv(\"GODEBUG\"))"
	shell := "!echo $XDG_CACHE_HOME $XDG_CONFIG_HOME $GOENV $GODEBUG"
	k := startIn(t, "", "XDG_CACHE_HOME="+mine+"/c", "XDG_CONFIG_HOME="+mine+"/g", "GOENV=off", "GODEBUG=madvdontneed=1")
	want := mine + "/c " + mine + "/g off madvdontneed=1\n"
	for _, code := range []string{code, shell} {
		if o := k.OK(code); o.Stdout != want {
			t.Errorf("%q: %q, want %q", code, o.Stdout, want)
		}
	}
	if left, _ := os.ReadDir(mine); len(left) > 0 {
		t.Errorf("the kernel has written %v into the user's folders", left)
	}
}

// What cells and commands leave in the temporary folder goes with the kernel.
func TestTemporaryFiles(t *testing.T) {
	system := t.TempDir()
	k := startIn(t, "", "TMPDIR="+system)
	cell := k.OK("f, _ := os.CreateTemp(\"\", \"mine-\")\nos.MkdirTemp(\"\", \"folder-\")\ngonbui.DisplayHTML(\"x\")\nfmt.Print(f.Name())").Stdout
	shell := strings.TrimSpace(k.OK("!mktemp -t mine-XXXX").Stdout)
	if o := k.OK("_, err := os.Stat(" + "`" + shell + "`" + ")\nerr == nil"); o.Result["text/plain"] != "true" {
		t.Errorf("a cell does not see the command's file: %v", o.Result)
	}
	for _, file := range []string{cell, shell} {
		if _, err := os.Stat(file); err != nil || filepath.Dir(cell) != filepath.Dir(shell) {
			t.Errorf("temporary files %s and %s: %v", cell, shell, err)
		}
	}
	if err := k.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{cell, shell, filepath.Dir(cell)} {
		if _, err := os.Stat(file); err == nil {
			t.Errorf("%s is left", file)
		}
	}
	if left, _ := os.ReadDir(system); len(left) > 0 {
		t.Errorf("%v is left in the system's folder", left)
	}
}
