package front

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/launch"
	"github.com/gossl/gossl/kernel/proc"
	"github.com/gossl/gossl/kernel/wire"
	"github.com/gossl/gossl/kernel/wire/wiretest"
)

// asFront is the first argument of this binary when it is a front.
const asFront = "front-under-test"

// TestMain plays the parts of the kernel's command, and those of what stands around a front.
func TestMain(m *testing.M) {
	wiretest.Main()
	switch name := filepath.Base(os.Args[0]); {
	case name == "go":
		os.Exit(launch.Go(os.Args[1:]))
	case launch.IsCell(os.Args[0]):
		os.Exit(launch.Cell(os.Args[0], os.Args[1:]))
	case len(os.Args) > 3 && os.Args[1] == asFront:
		os.Exit(beFront(os.Args[2], os.Args[3]))
	}
	os.Exit(m.Run())
}

// plan is how a front for a test runs.
type plan struct {
	Options Options
	Limits  limits
	Report  string // the file that says how it ended
}

// report is how a front ended.
type report struct {
	Error      string
	Goroutines []string // of ours that are left
	Files      []string // that were opened and are left
	Processes  []int    // likewise
}

// beFront is a front. It looks at what the front leaves in its process.
func beFront(connectionFile, text string) int {
	var p plan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	p.Options.Log = os.Stderr
	warmUp()
	before := files()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	err := run(ctx, connectionFile, p.Options, p.Limits)
	stop()
	r := report{Goroutines: goroutines(), Files: added(before, files), Processes: proc.Below(os.Getpid())}
	if err != nil {
		r.Error = err.Error()
	}
	written, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(p.Report, written, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	return 0
}

// warmUp has what stays in a process for ever be there.
func warmUp() {
	pipe, _, err := os.Pipe() // the runtime's own descriptors
	if err == nil {
		_ = pipe.SetDeadline(time.Now())
	}
}

// kernel is a front that runs, and its client.
type kernel struct {
	*wiretest.Session
	t    *testing.T
	dir  string // in which cells run
	conn string // the connection file
	log  *wiretest.Log
	plan plan
}

// limit is the longest that anything takes here, whatever the machine's load.
const limit = 30 * time.Second

// change changes how a front runs.
type change func(*plan, *wire.Command)

// mode has GoNB behave so.
func mode(how string) change {
	return func(_ *plan, c *wire.Command) { c.Env = append(c.Env, wiretest.GoNBMode+"="+how) }
}

// answers has the client answer questions.
func answers(f func(prompt string, password bool) string) change {
	return func(_ *plan, c *wire.Command) { c.Input = f }
}

// start starts a front that must be well, in a test that runs beside others.
func start(t *testing.T, changes ...change) *kernel {
	t.Helper()
	t.Parallel()
	return another(t, changes...)
}

// another is start for the second front of a test.
func another(t *testing.T, changes ...change) *kernel {
	t.Helper()
	k, err := launched(t, changes...)
	if err != nil {
		t.Fatalf("%v; the kernel printed:\n%s", err, k.log)
	}
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

// launched starts a front. GoNB and the go command are those for tests.
func launched(t *testing.T, changes ...change) (*kernel, error) {
	t.Helper()
	dir, err := os.MkdirTemp("", "f-") // sockets have short names
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	folder := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tools, sockets := folder("tools"), folder("s")
	if err := wiretest.Tools(tools); err != nil {
		t.Fatal(err)
	}
	k := &kernel{t: t, dir: folder("cells"), log: &wiretest.Log{}, conn: filepath.Join(sockets, wire.ConnectionName), plan: plan{
		Options: Options{GoNB: filepath.Join(tools, "gonb"), Temp: folder("t"), Version: "1.2.3"},
		Limits:  usual,
		Report:  filepath.Join(dir, "report"),
	}}
	k.plan.Limits.Long = limit // or times would be below cells on a slow machine
	k.plan.Limits.Echo = limit // or it would drop the replies of cells that wait when GoNB ends
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := wire.Command{Dir: k.dir, Stderr: k.log, Env: append(os.Environ(),
		"PATH="+tools+":/usr/local/bin:/usr/bin:/bin", "TMPDIR="+folder("system"), "GORACE=atexit_sleep_ms=0"),
		Input: func(prompt string, _ bool) string { return "answer to " + prompt },
	}
	for _, change := range changes {
		change(&k.plan, &command)
	}
	text, err := json.Marshal(k.plan)
	if err != nil {
		t.Fatal(err)
	}
	command.Argv = append(command.Argv, self, asFront, wire.ConnectionFile, string(text))
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	client, err := wire.Start(ctx, command, sockets)
	k.Session = &wiretest.Session{Client: client, T: t, Limit: limit}
	return k, err
}

// ended waits for the front's end, and checks that it left nothing. It returns the error that it ended with.
func (k *kernel) ended() string {
	k.t.Helper()
	var r report
	eventually(k.t, "the front has ended", func() bool {
		text, err := os.ReadFile(k.plan.Report)
		return err == nil && json.Unmarshal(text, &r) == nil
	})
	if len(r.Goroutines) > 0 {
		k.t.Errorf("goroutines are left:\n%s", strings.Join(r.Goroutines, "\n\n"))
	}
	if k.Client == nil { // it ended while the client connected: ZeroMQ leaves such a connection open
		r.Files = slices.DeleteFunc(r.Files, func(file string) bool { return strings.Contains(file, "socket:") })
	}
	if len(r.Files) > 0 {
		k.t.Errorf("files are open:\n%s", strings.Join(r.Files, "\n"))
	}
	if len(r.Processes) > 0 {
		k.t.Errorf("processes %v live on", r.Processes)
	}
	empty(k.t, k.plan.Options.Temp)
	return r.Error
}

// gonb is the process of GoNB.
func (k *kernel) gonb() int {
	k.t.Helper()
	for _, pid := range proc.Below(k.PID()) {
		if args, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline"); err == nil && strings.Contains(string(args), "--kernel\x00") {
			return pid
		}
	}
	k.t.Fatal("GoNB does not run")
	return 0
}

// write makes a file where cells run.
func (k *kernel) write(name string) {
	k.t.Helper()
	if err := os.WriteFile(filepath.Join(k.dir, name), nil, 0o600); err != nil {
		k.t.Fatal(err)
	}
}

// dead waits until processes have ended.
func dead(t *testing.T, pids ...int) {
	t.Helper()
	for _, pid := range pids {
		eventually(t, fmt.Sprintf("process %d has ended", pid), func() bool { return !proc.Alive(pid) })
	}
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not become true that %s", what)
		}
	}
}

// remove removes a file that write made.
func (k *kernel) remove(name string) {
	k.t.Helper()
	if err := os.Remove(filepath.Join(k.dir, name)); err != nil {
		k.t.Fatal(err)
	}
}
