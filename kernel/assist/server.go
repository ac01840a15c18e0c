package assist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/gossl/gossl/kernel/proc"
)

// A server is one gopls process and the connection to it.
type server struct {
	*proc.Process
	conn       *jsonrpc2.Conn
	complaints *proc.Tail
	nextID     atomic.Uint64
}

// noTelemetry keeps gopls from starting a process that would outlive it, to report crashes to its makers.
const noTelemetry = "GO_TELEMETRY_CHILD=2"

func environ(env []string) []string {
	if env == nil {
		env = os.Environ()
	}
	return slices.Clip(env)
}

// startServer starts gopls.
func startServer(o Options) (*server, error) {
	command := o.guarded(o.Gopls, "serve")
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Env = o.Dir, append(environ(o.Env), noTelemetry)
	cmd.WaitDelay = time.Second
	s := &server{complaints: &proc.Tail{Size: 2000}}
	cmd.Stderr = s.complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("assist: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("assist: %w", err)
	}
	if s.Process, err = proc.Start(cmd, syscall.SIGKILL); err != nil {
		return nil, fmt.Errorf("assist: start gopls: %w", err)
	}
	stream := jsonrpc2.NewBufferedStream(pipes{out, in}, jsonrpc2.VSCodeObjectCodec{})
	handler := jsonrpc2.HandlerWithError(answer).SuppressErrClosed()
	s.conn = jsonrpc2.NewConn(context.Background(), stream, jsonrpc2.AsyncHandler(handler), jsonrpc2.SetLogger(silent{}))
	go func() {
		<-s.conn.DisconnectNotify() // a gopls that talks nonsense is of no use
		s.kill()
	}()
	go func() {
		<-s.Gone()
		_ = s.conn.Close() // the process is gone, and its pipes with it
	}()
	return s, nil
}

// ended says how gopls ended, once it is gone.
func (s *server) ended() error {
	return fmt.Errorf("assist: gopls ended: %v: %q", s.Err(), strings.TrimSpace(s.complaints.String()))
}

// kill ends gopls and what it has started.
func (s *server) kill() { s.Signal(syscall.SIGKILL) }

// close ends gopls and returns when it is gone.
func (s *server) close() {
	s.kill()
	<-s.Gone()
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
