package front

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gossl/gossl/kernel/gonb"
	"github.com/gossl/gossl/kernel/launch"
	"github.com/gossl/gossl/kernel/proc"
	"github.com/gossl/gossl/kernel/wire"
)

// child is the GoNB process.
type child struct {
	*proc.Process
	log *proc.Tail // what it printed: GoNB prints much, and it is of interest only where GoNB failed
}

// startGoNB runs GoNB on sockets in our folder, with our shims first on its PATH.
func (f *front) startGoNB(connectionName string) error {
	if err := errors.Join(f.dir.addShims(), f.addGoimports()); err != nil {
		return err
	}
	if err := f.listenEvents(); err != nil {
		return err
	}
	// GoNB takes the kernel's name for its widgets from the file's name.
	file := filepath.Join(f.dir.path, connectionName)
	conn, err := wire.NewIPC(f.dir.path, file)
	if err != nil {
		return err
	}
	args := []string{"--raw_error", "--kernel", file}
	if len(f.options.GoWork) > 0 {
		args = append(args, "--go_work="+strings.Join(f.options.GoWork, ","))
	}
	cmd := exec.Command(f.options.GoNB, args...)
	log := &proc.Tail{Size: 16 << 10}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = launch.Environ(f.environ, launch.Paths{
		Bin: f.dir.bin(), Temp: f.dir.temp(), Socket: f.dir.socket(), Cells: f.dir.cells(), Tools: f.options.Tools,
	})
	cmd.ExtraFiles = f.pipes.Ends() // descriptors launch.StdoutFD and launch.StderrFD of all that GoNB starts
	cmd.WaitDelay = holdTime
	if err := proc.SetSubreaper(); err != nil { // orphans become children of this process
		return err
	}
	process, err := proc.Start(cmd, syscall.SIGKILL)
	if err != nil {
		return fmt.Errorf("front: start GoNB: %w", err)
	}
	f.child = &child{process, log}
	if err := f.dial(conn); err != nil {
		f.child.kill()
		return fmt.Errorf("%w; the last that GoNB printed:\n%s", err, log)
	}
	return nil
}

// holdTime is how long what GoNB has left behind may hold its output open.
const holdTime = 200 * time.Millisecond

// ended says whether GoNB has ended.
func (c *child) ended() bool {
	select {
	case <-c.Gone():
		return true
	default:
		return false
	}
}

// kill ends GoNB and everything below this process.
func (c *child) kill() {
	c.Stop(time.Second)
	_ = proc.KillBelow(os.Getpid(), 2*time.Second) // what outlives this is the system's
}

// dial connects to GoNB and waits until its messages reach us.
func (f *front) dial(conn *wire.Conn) error {
	ctx, cancel := context.WithTimeoutCause(f.ctx, f.limits.Start, errors.New("front: GoNB does not answer"))
	defer cancel()
	ctx, give := context.WithCancelCause(ctx)
	defer give(nil)
	f.goes.Go(func() {
		select {
		case <-f.child.Gone():
			give(fmt.Errorf("%w before it answered", errGoNBGone))
		case <-ctx.Done():
		}
	})
	for channel, socket := range map[wire.Channel]**wire.Socket{
		wire.Shell: &f.gonb.shell, wire.Control: &f.gonb.control,
		wire.IOPub: &f.gonb.iopub,
	} {
		s, err := wire.Dial(ctx, conn, channel, "front")
		if err != nil {
			return err
		}
		*socket = s
	}
	f.goes.Go(f.relayPublished)
	f.goes.Go(func() { f.relayReplies(f.gonb.shell) })
	f.goes.Go(func() { f.relayReplies(f.gonb.control) })
	reply, err := f.ask(ctx, "kernel_info_request", nil)
	if err != nil {
		return err
	}
	if f.info, err = f.introduce(reply.Content); err != nil {
		return err
	}
	if err := f.setUpGoNB(ctx); err != nil {
		return err
	}
	for { // what GoNB publishes before our subscription has reached it is lost
		soon, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		err := f.echo(soon)
		cancel()
		if err == nil || ctx.Err() != nil || errors.Is(err, errGoNBGone) {
			return err
		}
	}
}

// setUpGoNB has GoNB set up for all cells.
func (f *front) setUpGoNB(ctx context.Context) error {
	request, err := wire.New("execute_request", nil, order{Code: gonb.SetUp, Silent: true, Expressions: map[string]any{}})
	if err != nil {
		return err
	}
	f.hush.Store(&hush{request: request.Header.ID, states: true})
	_, err = f.await(ctx, request)
	return err
}

// shell returns what GoNB is to run in place of a shell command of a cell. after says
// that commands of GoNB's own stand before it, which may print something: the command
// then waits at the gate until that has been published.
func (f *front) shell(command string, after bool) string {
	gate := ""
	if after {
		gate = f.dir.gate()
	}
	return launch.Shell(command, f.stdin.path, gate)
}

// script is the program that GoNB is to run a cell's script with.
func (f *front) script() string { return filepath.Join(f.dir.bin(), launch.ScriptName) }
