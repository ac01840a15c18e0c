// Package front is the process that Jupyter talks to. It runs stock GoNB as its
// child, hands it one cell at a time, and turns what becomes of the cell into the
// messages that Jupyter expects: real errors, complete outputs in order, a Stop
// that stops, answers to every request.
//
//	Jupyter ── front ── GoNB ── go (shim, builds) and the launcher (runs the cell)
//	             └────── guard ── gopls, for completion
//
// Shim, launcher and guard are this program under other names (package launch);
// the first two tell the front of their events (package event).
package front

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gossl/gossl/kernel/assist"
	"github.com/gossl/gossl/kernel/event"
	"github.com/gossl/gossl/kernel/gonb"
	"github.com/gossl/gossl/kernel/gonb/lines"
	"github.com/gossl/gossl/kernel/pipes"
	"github.com/gossl/gossl/kernel/wire"
)

// Options say what to run.
type Options struct {
	GoNB     string    // the program
	Gopls    string    // the program; "": no completion
	GoWork   []string  // modules that cells can import, whatever go.mod says
	Tools    []string  // NAME=VALUE: the environment of Go tools, beside this process's
	ModCache string    // the user's own module cache, for modules that ours lacks; "": none
	Temp     string    // folder in which the kernel's own folder is made
	Version  string    // of this kernel, for clients that ask
	Log      io.Writer // for what nobody else can be told
}

// ErrParentGone ends a kernel whose parent, Jupyter, is gone.
var ErrParentGone = errors.New("front: the process that started the kernel is gone")

// ErrGoNBGone ends a kernel whose GoNB ended.
var ErrGoNBGone = errors.New("front: GoNB ended")

// content is the content of a message.
type content map[string]any

// front is the running kernel.
type front struct {
	options   Options
	dir       *runDir
	jupyter   sockets // that we listen on
	gonb      sockets // that we dialled
	child     *child
	pipes     *pipes.Reader
	spare     chan spare // of no size
	stdin     stdin
	input     chan string     // what the client answered; of size 1
	updatable map[string]bool // displays that can be updated; used by outputs alone
	info      json.RawMessage // content of our kernel_info_reply
	assist    *assist.Assistant
	around    surrounding       // the module in which the notebook lies
	session   *gonb.Session     // used by the worker alone
	index     *lines.Index      // likewise
	names     map[string]string // likewise: of packages, by import path

	mu      sync.Mutex
	pending map[string]*pending      // requests that GoNB is working on, by message ID
	echoes  map[string]chan struct{} // closed when GoNB publishes something for a message ID
	queue   chan *wire.Message       // cells to execute
	running *running                 // the cell that GoNB is working on; nil between cells
	last    *wire.Message            // the request of the cell that ran last
	builds  map[int]bool             // processes of running builds
	history history
	count   int               // of executed cells
	comms   map[string]string // targets of the open comms, by their ID

	hush atomic.Pointer[hush] // nil: everything is published

	quit chan error
}

// sockets are the channels of a connection.
type sockets struct {
	shell, control, stdin, iopub *wire.Socket
}

// queueSize is how many cells can wait: more than any notebook has.
const queueSize = 10000

// flushTime is what the last messages get to leave before the sockets close.
const flushTime = 50 * time.Millisecond

// Run is the kernel of a connection file. It returns when it has been shut down
// (nil), when the context is done, or with the reason why it cannot go on. No
// process that it started lives on.
func Run(ctx context.Context, connectionFile string, o Options) error {
	conn, err := wire.ReadConn(connectionFile)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := &front{
		options: o, session: gonb.NewSession(), index: lines.NewIndex(),
		pending: map[string]*pending{}, echoes: map[string]chan struct{}{}, comms: map[string]string{}, builds: map[int]bool{},
		queue: make(chan *wire.Message, queueSize), names: map[string]string{}, updatable: map[string]bool{},
		input: make(chan string, 1), spare: make(chan spare), quit: make(chan error, 8),
	}
	f.session.PackageName, f.session.Shell, f.session.Script = f.packageName, f.shell, f.script
	f.session.Module = func() string { return filepath.Base(f.workDir()) }
	if f.dir, err = newRunDir(o.Temp); err != nil {
		return err
	}
	defer f.dir.remove()
	if err := f.openOutputs(ctx); err != nil {
		return err
	}
	defer f.pipes.Close()
	if err := f.listen(ctx, conn); err != nil {
		return err
	}
	f.surround(ctx)
	if err := f.startGoNB(ctx, filepath.Base(connectionFile)); err != nil {
		return err
	}
	defer f.child.kill()
	defer f.closeAssist()
	if err := f.replace(ctx, f.workDir()); err != nil {
		f.log("go.work: %v", err) // loads has tried it
	}
	go f.serve(f.jupyter.shell)
	go f.serve(f.jupyter.control)
	go f.relayInput()
	go f.work(ctx)
	go f.watchParent(ctx)
	go f.reap(ctx)
	defer f.logDropped()
	defer time.Sleep(flushTime)
	select {
	case err := <-f.quit:
		return err
	case <-f.child.gone:
		f.failRunning()
		return fmt.Errorf("%w; the last that it printed:\n%s", ErrGoNBGone, f.child.log)
	case <-ctx.Done():
		return nil
	}
}

// openOutputs makes the pipes that cells and commands write to and read from.
func (f *front) openOutputs(ctx context.Context) (err error) {
	f.stdin.path = f.dir.stdin()
	if err := f.stdin.renew(); err != nil {
		return err
	}
	if f.pipes, err = pipes.New(f.dir.path, outputs{f}); err != nil {
		return err
	}
	go f.pipes.Run()
	go f.keepSpare(ctx)
	return f.pipes.Gate(f.dir.gate(), f.catchUp)
}

// listen binds Jupyter's sockets. It comes first: ports that are free now may be taken later.
func (f *front) listen(ctx context.Context, conn *wire.Conn) error {
	if err := wire.ServeHeartbeat(ctx, conn); err != nil {
		return err
	}
	for channel, socket := range map[wire.Channel]**wire.Socket{
		wire.Shell: &f.jupyter.shell, wire.Control: &f.jupyter.control,
		wire.Stdin: &f.jupyter.stdin, wire.IOPub: &f.jupyter.iopub,
	} {
		s, err := wire.Listen(ctx, conn, channel)
		if err != nil {
			return err
		}
		*socket = s
	}
	return nil
}

// listenEvents serves the socket that shims and launcher tell their events to.
func (f *front) listenEvents(ctx context.Context) error {
	l, err := net.Listen("unix", f.dir.socket())
	if err != nil {
		return fmt.Errorf("front: %w", err)
	}
	context.AfterFunc(ctx, func() { _ = l.Close() })
	go func() {
		if err := event.Serve(l, f.event); err != nil {
			f.quit <- err
		}
	}()
	return nil
}

// watchParent ends the kernel when Jupyter is gone.
func (f *front) watchParent(ctx context.Context) {
	parent := os.Getppid()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for os.Getppid() == parent {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
	f.quit <- ErrParentGone
}

// logDropped says how many messages were dropped, if any were: somebody tried to send some without the key.
func (f *front) logDropped() {
	if n := f.jupyter.shell.Dropped() + f.jupyter.control.Dropped() + f.jupyter.stdin.Dropped(); n > 0 {
		f.log("%d messages without a valid signature were dropped", n)
	}
}

// log notes what nobody can be told by a message.
func (f *front) log(format string, args ...any) {
	fmt.Fprintf(f.options.Log, "sslkit-kernel: "+format+"\n", args...)
}
