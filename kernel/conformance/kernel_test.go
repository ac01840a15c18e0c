package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/wire"
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
	*wire.Client
	t   *testing.T
	dir string // in which cells run
	log *bytes.Buffer
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
	k := &kernel{t: t, dir: c.Dir, log: &bytes.Buffer{}}
	c.Stderr = k.log
	c.Input = func(prompt string, _ bool) string { return "answer to " + prompt }
	for _, f := range change {
		f(&c)
	}
	k.Client = startClient(t, c)
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

// outcome is what became of a cell.
type outcome struct {
	status, name, value string
	trace               string
	stdout, stderr      string
	result              map[string]string   // of the last expression
	err                 json.RawMessage     // as published
	displays            []map[string]string // by MIME type
	order               []string            // types of what was published
	metadata            map[string]any      // of the reply
	took                time.Duration
	reply               *wire.Message
}

// write makes a file where cells run.
func (k *kernel) write(name, content string) {
	k.t.Helper()
	if err := os.WriteFile(filepath.Join(k.dir, name), []byte(content), 0o600); err != nil {
		k.t.Fatal(err)
	}
}

// run executes a cell.
func (k *kernel) run(code string) outcome {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), limit)
	defer cancel()
	var o outcome
	begin := time.Now()
	reply, err := k.Execute(ctx, code, o.take)
	if err != nil {
		k.t.Fatalf("%q: %v", code, err)
	}
	o.took = time.Since(begin)
	o.finish(k.t, reply)
	return o
}

func (o *outcome) finish(t *testing.T, reply *wire.Message) {
	t.Helper()
	var c struct {
		Status, Ename, Evalue string
		Traceback             []string
	}
	decode(t, reply.Content, &c)
	o.reply, o.status, o.name, o.value = reply, c.Status, c.Ename, c.Evalue
	o.trace = strings.Join(c.Traceback, "\n")
	decode(t, reply.Metadata, &o.metadata)
}

// take notes what is published of a cell.
func (o *outcome) take(m *wire.Message) {
	o.order = append(o.order, m.Header.Type)
	var c struct {
		Name, Text string
		Data       map[string]any
	}
	if json.Unmarshal(m.Content, &c) != nil {
		return
	}
	switch m.Header.Type {
	case "stream":
		if c.Name == "stdout" {
			o.stdout += c.Text
		} else {
			o.stderr += c.Text
		}
	case "display_data", "update_display_data":
		o.displays = append(o.displays, texts(c.Data))
	case "execute_result":
		o.result = texts(c.Data)
	case "error":
		o.err = m.Content
	}
}

func texts(data map[string]any) map[string]string {
	all := map[string]string{}
	for mime, value := range data {
		all[mime] = fmt.Sprint(value)
	}
	return all
}

func decode(t testing.TB, text json.RawMessage, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// ok runs a cell that must do well.
func (k *kernel) ok(code string) outcome {
	k.t.Helper()
	o := k.run(code)
	if o.status != "ok" {
		k.t.Errorf("%q: %s %s: %s\n%s%s", code, o.status, o.name, o.value, o.trace, o.stderr)
	}
	return o
}

// fails runs a cell that must end with an error of a name, whose value has a text in it.
func (k *kernel) fails(code, name, value string) outcome {
	k.t.Helper()
	o := k.run(code)
	if o.status != "error" || o.name != name || !strings.Contains(o.value, value) {
		k.t.Errorf("%q: %s %q: %q, want error %q: %q", code, o.status, o.name, o.value, name, value)
	}
	var published map[string]any
	if json.Unmarshal(o.err, &published) != nil {
		k.t.Errorf("%q: no error was published: %v", code, o.order)
	}
	if keys := slices.Sorted(maps.Keys(published)); !slices.Equal(keys, []string{"ename", "evalue", "traceback"}) {
		k.t.Errorf("%q: the error has %v, which the format of notebooks does not know", code, keys)
	}
	return o
}
