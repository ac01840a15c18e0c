package assist

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sourcegraph/jsonrpc2"
)

// A server is one gopls process and the connection to it.
type server struct {
	conn   *jsonrpc2.Conn
	pid    int
	ended  chan struct{} // closed when the process is gone
	err    error         // how it ended; to be read after ended
	nextID atomic.Uint64
}

// startServer starts gopls. It dies with the thread that started it, which therefore waits for its end.
func startServer(o Options) (*server, error) {
	s := &server{ended: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		s.run(o, started)
	}()
	return s, <-started
}

// noTelemetry keeps gopls from starting a process that would outlive it, to report crashes to its makers.
const noTelemetry = "GO_TELEMETRY_CHILD=2"

func environ(env []string) []string {
	if env == nil {
		env = os.Environ()
	}
	return slices.Clip(env)
}

func (s *server) run(o Options, started chan<- error) {
	command := o.guarded(o.Gopls, "serve")
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Env = o.Dir, append(environ(o.Env), noTelemetry)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = time.Second
	complaints := &tail{}
	cmd.Stderr = complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		started <- fmt.Errorf("assist: %w", err)
		return
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		started <- fmt.Errorf("assist: %w", err)
		return
	}
	if err := cmd.Start(); err != nil {
		started <- fmt.Errorf("assist: start gopls: %w", err)
		return
	}
	s.pid = cmd.Process.Pid
	stream := jsonrpc2.NewBufferedStream(pipes{out, in}, jsonrpc2.VSCodeObjectCodec{})
	handler := jsonrpc2.HandlerWithError(answer).SuppressErrClosed()
	s.conn = jsonrpc2.NewConn(context.Background(), stream, jsonrpc2.AsyncHandler(handler), jsonrpc2.SetLogger(silent{}))
	started <- nil
	go func() {
		<-s.conn.DisconnectNotify() // a gopls that talks nonsense is of no use
		s.kill()
	}()
	state := cmd.Wait()
	s.err = fmt.Errorf("assist: gopls ended: %v: %s", state, complaints)
	close(s.ended)
	_ = s.conn.Close() // the process is gone, and its pipes with it
}

// kill ends gopls and what it has started.
func (s *server) kill() {
	select {
	case <-s.ended:
	default:
		_ = syscall.Kill(-s.pid, syscall.SIGKILL) // it may have ended just now
	}
}

// close ends gopls and returns when it is gone.
func (s *server) close() {
	s.kill()
	<-s.ended
}

// call sends a request and waits for its result. When ctx ends first, it tells gopls to leave off.
func (s *server) call(ctx context.Context, method string, params, result any) error {
	id := jsonrpc2.ID{Num: s.nextID.Add(1)}
	call, err := s.conn.DispatchCall(ctx, method, params, jsonrpc2.PickID(id))
	if err != nil {
		return fmt.Errorf("assist: %s: %w", method, err)
	}
	if err := call.Wait(ctx, result); err != nil {
		if ctx.Err() != nil {
			_ = s.conn.Notify(context.Background(), "$/cancelRequest", object{"id": id.Num}) // the answer is unwanted anyway
		}
		return fmt.Errorf("assist: %s: %w", method, err)
	}
	return nil
}

func (s *server) notify(method string, params any) error {
	if err := s.conn.Notify(context.Background(), method, params); err != nil {
		return fmt.Errorf("assist: %s: %w", method, err)
	}
	return nil
}

// answer answers what gopls asks. Nothing of it matters here, but it waits for answers.
func answer(context.Context, *jsonrpc2.Conn, *jsonrpc2.Request) (any, error) { return nil, nil }

// pipes joins the ends of a process's standard streams.
type pipes struct {
	io.ReadCloser
	in io.WriteCloser
}

func (p pipes) Write(b []byte) (int, error) { return p.in.Write(b) }

func (p pipes) Close() error { return errors.Join(p.in.Close(), p.ReadCloser.Close()) }

// silent is a log that nobody reads: what goes wrong comes back from calls.
type silent struct{}

func (silent) Printf(string, ...any) {}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 2000

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	t.text = t.text[max(0, len(t.text)-tailSize):]
	return len(b), nil
}

// String returns the end as one line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strconv.Quote(string(bytes.TrimSpace(t.text)))
}
