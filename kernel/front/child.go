package front

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/gossl/gossl/kernel/launch"
	"github.com/gossl/gossl/kernel/proc"
	"github.com/gossl/gossl/kernel/wire"
)

// startTime is how long GoNB may take to answer its first request.
const startTime = 30 * time.Second

// child is the GoNB process.
type child struct {
	cmd  *exec.Cmd
	gone chan struct{} // closed when it has ended
	log  *tail         // what it printed; read it when it has ended
}

// tail keeps the end of what is written to it: GoNB prints much, and it is of
// interest only where GoNB failed.
type tail struct{ bytes.Buffer }

const tailSize = 16 << 10

func (t *tail) Write(p []byte) (int, error) {
	n, err := t.Buffer.Write(p)
	if over := t.Len() - tailSize; over > 0 {
		t.Next(over)
	}
	return n, err
}

// startGoNB runs GoNB on sockets in our folder, with our shims first on its PATH.
func (f *front) startGoNB(ctx context.Context, connectionName string) error {
	if err := errors.Join(f.dir.addShims(), f.addGoimports()); err != nil {
		return err
	}
	if err := f.listenEvents(ctx); err != nil {
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
	var log tail
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.Env = launch.Environ(os.Environ(), launch.Paths{
		Bin: f.dir.bin(), Temp: f.dir.temp(), Socket: f.dir.socket(), Cells: f.dir.cells(), Tools: f.options.Tools,
	})
	cmd.ExtraFiles = f.pipes.Ends() // descriptors launch.StdoutFD and launch.StderrFD of all that GoNB starts
	if f.child, err = start(cmd); err != nil {
		return fmt.Errorf("front: start GoNB: %w", err)
	}
	f.child.log = &log
	if err := f.dial(ctx, conn); err != nil {
		f.child.kill()
		return fmt.Errorf("%w; the last that GoNB printed:\n%s", err, &log)
	}
	return nil
}

// start runs a process that dies with this one, and whose orphans become children of this one.
func start(cmd *exec.Cmd) (*child, error) {
	if err := proc.SetSubreaper(); err != nil {
		return nil, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	c := &child{cmd: cmd, gone: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the signal comes when the thread ends that started the process
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // that it has ended is enough
			close(c.gone)
		}
	}()
	return c, <-started
}

// kill ends GoNB and everything below this process.
func (c *child) kill() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.gone:
	case <-time.After(time.Second):
	}
	proc.KillBelow(os.Getpid(), 2*time.Second)
}

// dial connects to GoNB and waits until its messages reach us.
func (f *front) dial(ctx context.Context, conn *wire.Conn) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTime, errors.New("front: GoNB does not answer"))
	defer cancel()
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
	go f.relayPublished()
	go f.relayReplies(f.gonb.shell)
	go f.relayReplies(f.gonb.control)
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
	for { // a subscriber hears nothing until its subscription has arrived
		soon, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		err := f.echo(soon)
		cancel()
		if err == nil || ctx.Err() != nil || errors.Is(err, ErrGoNBGone) {
			return err
		}
	}
}

// setUpGoNB has GoNB not start go get before each build: the build says what is
// missing, and our go command gets it.
func (f *front) setUpGoNB(ctx context.Context) error {
	request, err := wire.New("execute_request", nil, order{Code: "%noautoget", Silent: true, Expressions: map[string]any{}})
	if err != nil {
		return err
	}
	f.hush.Store(&hush{request: request.Header.ID, states: true})
	_, err = f.await(ctx, request)
	return err
}
