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

// errParentGone ends a kernel whose parent, Jupyter, is gone.
var errParentGone = errors.New("front: the process that started the kernel is gone")

// errGoNBGone ends a kernel whose GoNB ended.
var errGoNBGone = errors.New("front: GoNB ended")

// content is the content of a message.
type content map[string]any

// front is the running kernel.
type front struct {
	options   Options
	limits    limits
	environ   []string        // of whatever is started
	ctx       context.Context // of the kernel's life
	cancel    context.CancelFunc
	ears      context.Context // of the sockets that clients use: without them they take the kernel for dead
	deafen    context.CancelFunc
	goes      sync.WaitGroup // what goes on beside Run
	dir       *runDir
	jupyter   sockets // that we listen on
	gonb      sockets // that we dialled
	child     *child
	pipes     *pipes.Reader
	spare     chan spare // unbuffered: one set of pipes is made ahead
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
	echoes  map[string]chan struct{} // gets a value when GoNB publishes something for a message ID
	queue   chan *wire.Message       // cells to execute
	running *running                 // the cell that GoNB is working on; nil between cells
	last    *wire.Message            // the request of the cell that ran last
	builds  map[int]bool             // processes of running builds
	tools   map[int]bool             // those of commands that the front runs itself
	history history
	count   int               // of executed cells
	comms   map[string]string // targets of the open comms, by their ID
	pages   []string          // comms of GoNB's widgets, closed ones too

	hush atomic.Pointer[hush] // nil: everything is published

	quit   chan error
	worked chan struct{} // closed when no more cells are executed
}

// sockets are the channels of a connection.
type sockets struct {
	shell, control, stdin, iopub *wire.Socket
}

// queueSize is how many cells can wait: more than any notebook has.
const queueSize = 10000

// Run is the kernel of a connection file. It returns when it has been shut down
// (nil), when the context is done, or with the reason why it cannot go on. Nothing
// that it started or made is left. It takes this process for its own: all that runs
// below ends with it, and SIGINT interrupts the running cell.
func Run(ctx context.Context, connectionFile string, o Options) error {
	return run(ctx, connectionFile, o, usual)
}

func run(ctx context.Context, connectionFile string, o Options, l limits) error {
	conn, err := wire.ReadConn(connectionFile)
	if err != nil {
		return err
	}
	f := newFront(ctx, o, l)
	defer f.close()
	if err := f.start(conn, filepath.Base(connectionFile)); err != nil {
		return err
	}
	defer f.logDropped()
	select {
	case err = <-f.quit:
	case <-f.child.Gone():
		err = fmt.Errorf("%w; the last that it printed:\n%s", errGoNBGone, f.child.log)
		select {
		case <-f.worked: // the cells have been told
		case <-time.After(f.limits.Echo):
		}
	case <-ctx.Done():
	}
	time.Sleep(f.limits.Flush)
	return err
}

func newFront(ctx context.Context, o Options, l limits) *front {
	f := &front{
		options: o, limits: l, environ: os.Environ(), session: gonb.NewSession(), index: lines.NewIndex(),
		pending: map[string]*pending{}, echoes: map[string]chan struct{}{}, comms: map[string]string{}, builds: map[int]bool{}, tools: map[int]bool{},
		queue: make(chan *wire.Message, queueSize), names: map[string]string{}, updatable: map[string]bool{},
		input: make(chan string, 1), spare: make(chan spare), quit: make(chan error, 8), worked: make(chan struct{}),
	}
	f.ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx)) // the last messages are sent when ctx is done
	f.ears, f.deafen = context.WithCancel(context.WithoutCancel(ctx))
	f.session.PackageName, f.session.Shell, f.session.Script = f.packageName, f.shell, f.script
	f.session.Module = func() string { return filepath.Base(f.workDir()) }
	return f
}

// start starts everything. Jupyter is answered when GoNB can work.
func (f *front) start(conn *wire.Conn, connectionName string) (err error) {
	if f.dir, err = newRunDir(f.options.Temp); err != nil {
		return err
	}
	if err := f.openOutputs(); err != nil {
		return err
	}
	if err := f.listen(conn); err != nil {
		return err
	}
	f.surround()
	if err := f.startGoNB(connectionName); err != nil {
		return err
	}
	if err := f.replace(f.workDir()); err != nil {
		f.log("go.work: %v", err) // loads has tried it
	}
	for _, do := range []func(){
		func() { f.serve(f.jupyter.shell) }, func() { f.serve(f.jupyter.control) },
		f.relayInput, f.work, f.watchParent, f.watchSignals,
	} {
		f.goes.Go(do)
	}
	return nil
}

// close ends and removes everything that was started and made, as far as that went.
func (f *front) close() {
	f.cancel()
	f.closeAssist()
	if f.child != nil {
		f.child.kill()
	}
	f.deafen()
	f.gonb.close()
	f.jupyter.close()
	if f.pipes != nil {
		f.pipes.Close()
	}
	f.goes.Wait()
	f.stdin.close()
	if f.dir != nil {
		f.dir.remove()
	}
}

// close closes the sockets that are open.
func (s *sockets) close() {
	for _, socket := range []*wire.Socket{s.shell, s.control, s.stdin, s.iopub} {
		if socket != nil {
			_ = socket.Close() // nobody is left to tell
		}
	}
}

// openOutputs makes the pipes that cells and commands write to and read from.
func (f *front) openOutputs() (err error) {
	f.stdin.path = f.dir.stdin()
	if err := f.stdin.renew(); err != nil {
		return err
	}
	if f.pipes, err = pipes.New(f.dir.path, outputs{f}); err != nil {
		return err
	}
	f.goes.Go(f.pipes.Run)
	f.goes.Go(f.keepSpare)
	return f.pipes.Gate(f.dir.gate(), f.catchUp)
}

// listen binds Jupyter's sockets. It comes first: ports that are free now may be taken later.
func (f *front) listen(conn *wire.Conn) error {
	if err := wire.ServeHeartbeat(f.ears, conn); err != nil {
		return err
	}
	for channel, socket := range map[wire.Channel]**wire.Socket{
		wire.Shell: &f.jupyter.shell, wire.Control: &f.jupyter.control,
		wire.Stdin: &f.jupyter.stdin, wire.IOPub: &f.jupyter.iopub,
	} {
		s, err := wire.Listen(f.ears, conn, channel)
		if err != nil {
			return err
		}
		*socket = s
	}
	return nil
}

// listenEvents serves the socket that shims and launcher tell their events to.
func (f *front) listenEvents() error {
	l, err := net.Listen("unix", f.dir.socket())
	if err != nil {
		return fmt.Errorf("front: %w", err)
	}
	context.AfterFunc(f.ctx, func() { _ = l.Close() })
	f.goes.Go(func() {
		if err := event.Serve(l, f.event); err != nil {
			f.quit <- err
		}
	})
	return nil
}

// watchParent ends the kernel when Jupyter is gone.
func (f *front) watchParent() {
	parent := os.Getppid()
	tick := time.NewTicker(f.limits.Parent)
	defer tick.Stop()
	for os.Getppid() == parent {
		select {
		case <-tick.C:
		case <-f.ctx.Done():
			return
		}
	}
	f.quit <- errParentGone
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

// limits are how long things may take.
type limits struct {
	Start     time.Duration // GoNB, to answer its first request
	Echo      time.Duration // GoNB, to say something that it is asked for
	Parent    time.Duration // between two looks at whether Jupyter is there
	Flush     time.Duration // the last messages, to leave before the sockets close
	Interrupt time.Duration // a process, to end after SIGINT; the launcher has a shorter one of its own for the cell
	Terminate time.Duration // what was left running, to end after SIGTERM
	Quiet     time.Duration // a process that has printed the beginning of a crash, to print more: one that crashes has ended by then
	Fatal     time.Duration // the same for one that the runtime ends: it may have many frames to look at before it goes on
	Long      time.Duration // a cell, before its times are shown below it
}

// usual are the limits of a kernel.
var usual = limits{
	Start: 30 * time.Second, Echo: time.Second, Parent: time.Second, Flush: 50 * time.Millisecond,
	Interrupt: 5 * time.Second, Terminate: time.Second,
	Quiet: 250 * time.Millisecond, Fatal: time.Minute, Long: 5 * time.Second,
}
