package conformance

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/wire"
	"github.com/gossl/gossl/kernel/wire/wiretest"
)

// program builds the kernel's program once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "sslkit-kernel")
	args := append([]string{"build", "-o", file}, strings.Fields(os.Getenv("SSLKIT_TEST_BUILD"))...)
	if raceDetector {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "../cmd/sslkit-kernel")...)
	if !raceDetector {
		build.Env = append(os.Environ(), "CGO_ENABLED=0") // as set-up builds it
	}
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return file, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if file, err := program(); err == nil {
		os.RemoveAll(filepath.Dir(file))
	}
	os.Exit(code)
}

// kernel is a running kernel.
type kernel struct {
	*wiretest.Session
	dir string // in which cells run
	log *wiretest.Log
}

// limit is the longest that a request of these tests takes.
const limit = 2 * time.Minute

// argv returns the command of the kernel and its environment.
func command(t testing.TB) wire.Command {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: starts the kernel")
	}
	h := home.Find()
	if _, err := os.Stat(h.Bin("gonb")); err != nil {
		t.Skipf("GoNB is not installed in %s: run make setup", h)
	}
	env, err := h.KernelEnv()
	if err != nil {
		t.Skip(err)
	}
	env["GOWORK"] = ""
	env["GORACE"] = strings.TrimSpace(os.Getenv("GORACE") + " atexit_sleep_ms=0") // a shim with the race detector would take a second to end
	file, err := program()
	if err != nil {
		t.Fatal(err)
	}
	repo, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return wire.Command{Argv: []string{file, "launch", "--go-work", repo, wire.ConnectionFile}, Env: home.Surroundings(env), Dir: t.TempDir()}
}

// start starts a kernel for a test.
func start(t *testing.T, change ...func(*wire.Command)) *kernel {
	t.Helper()
	c := command(t)
	k := &kernel{dir: c.Dir, log: &wiretest.Log{}}
	c.Stderr = k.log
	c.Input = func(prompt string, _ bool) string { return "answer to " + prompt }
	for _, f := range change {
		f(&c)
	}
	k.Session = &wiretest.Session{Client: startClient(t, c), T: t, Limit: limit}
	t.Cleanup(func() {
		k.Close()
		if strings.Contains(k.log.String(), "DATA RACE") {
			t.Error("the kernel has a data race")
		}
		if t.Failed() {
			t.Logf("the kernel printed:\n%s", k.log)
		}
	})
	return k
}

func startClient(t testing.TB, c wire.Command) *wire.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	client, err := wire.Start(ctx, c, socketDir(t))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// socketDir is a folder whose name is short enough for sockets.
func socketDir(t testing.TB) string {
	dir, err := os.MkdirTemp("", "k-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// write makes a file where cells run.
func (k *kernel) write(name, content string) {
	k.T.Helper()
	if err := os.WriteFile(filepath.Join(k.dir, name), []byte(content), 0o600); err != nil {
		k.T.Fatal(err)
	}
}
