package launch

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/gossl/gossl/kernel/event"
	"github.com/gossl/gossl/kernel/proc"
)

// The descriptors by which everything that GoNB starts can write to the front,
// which started GoNB with them. A cell gets them as stdout and stderr.
const (
	StdoutFD = 3
	StderrFD = 4
)

// grace is how long a cell may go on after an interrupt. GoNB kills the launcher after 5 s.
const grace = 4500 * time.Millisecond

// process is the process of a cell.
type process struct {
	*proc.Process
	cmd         *exec.Cmd
	pipes       event.Answer
	ends        []*os.File // the process's ends of its pipes
	signals     chan os.Signal
	interrupted time.Time // zero if it was not
	note        string    // why it would not have ended by itself; "" for others
}

// Cell is what GoNB starts as a cell's program: it runs the program that was built, and
// tells the front how that ends. The exit status is always 0: another one GoNB would
// print, and do nothing else about it.
func Cell(argv0 string, args []string) int {
	c := &process{signals: make(chan os.Signal, 16)}
	signal.Notify(c.signals, syscall.SIGINT, syscall.SIGTERM)
	if err := proc.DieWithParent(syscall.SIGTERM); err != nil {
		report(err)
	}
	c.pipes = tell(event.Event{
		Kind: event.CellStart, PID: os.Getpid(),
		Pipes: [2]string{os.Getenv(protocol.GONB_PIPE_ENV), os.Getenv(protocol.GONB_PIPE_BACK_ENV)},
	})
	end := event.Event{Kind: event.CellEnd}
	if err := c.prepare(argv0, args); err != nil {
		end.Code, end.Text = notFound, err.Error()
	} else {
		end = c.run()
	}
	tell(end)
	return 0
}

// prepare makes the command.
func (c *process) prepare(argv0 string, args []string) error {
	file, err := filepath.Abs(argv0 + program)
	if err != nil {
		return fmt.Errorf("launch: %w", err)
	}
	c.cmd = exec.Command(file, args...)
	c.cmd.Args[0] = argv0
	c.cmd.Env = append(restored(os.Environ()),
		protocol.GONB_PIPE_ENV+"="+c.pipes.Displays, protocol.GONB_PIPE_BACK_ENV+"="+c.pipes.Answers)
	stdin, err := open(c.pipes.Stdin, unix.O_RDONLY)
	if err != nil {
		return err
	}
	shown, err := open(c.pipes.Shown, unix.O_WRONLY)
	if err != nil {
		return err
	}
	stdout, stderr := os.NewFile(StdoutFD, "stdout"), os.NewFile(StderrFD, "stderr")
	for _, file := range []*os.File{stdout, stderr} {
		if _, err := unix.FcntlInt(file.Fd(), unix.F_SETFD, unix.FD_CLOEXEC); err != nil {
			return fmt.Errorf("launch: the front's pipe for %s: %w", file.Name(), err)
		}
	}
	c.ends = []*os.File{stdin, stdout, stderr, shown}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr, c.cmd.ExtraFiles = stdin, stdout, stderr, []*os.File{shown}
	return nil
}

// open opens a pipe whose reader and writer wait, as programs expect of their standard
// streams. Package os would open it without waiting.
func open(path string, how int) (*os.File, error) {
	fd, err := unix.Open(path, how|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("launch: %w", &os.PathError{Op: "open", Path: path, Err: err})
	}
	return os.NewFile(uintptr(fd), path), nil
}

// run runs the process.
func (c *process) run() event.Event {
	e := event.Event{Kind: event.CellEnd}
	select {
	case s := <-c.signals:
		e.Code, e.Signal = -1, s.String()
		return e
	default:
	}
	start := time.Now()
	var err error
	if c.Process, err = proc.Start(c.cmd, syscall.SIGKILL); err != nil {
		e.Code, e.Text = notFound, "launch: "+err.Error()
		return e
	}
	for _, file := range c.ends {
		_ = file.Close() // the process has its own
	}
	err = c.wait()
	e.Seconds = time.Since(start).Seconds()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		report(fmt.Errorf("launch: %w", err))
	}
	account(&e, c.State())
	e.Note = c.note
	return e
}

// wait waits for the process to end. Signals go to its group, which is killed after grace.
func (c *process) wait() error {
	var kill <-chan time.Time
	for {
		select {
		case s := <-c.signals:
			if !c.stops(s.(syscall.Signal)) {
				c.Signal(s.(syscall.Signal))
			}
			if kill == nil {
				c.interrupted, kill = time.Now(), time.After(grace)
			}
		case <-kill:
			c.Signal(syscall.SIGKILL)
		case <-c.Gone():
			return c.Err()
		}
	}
}

// account notes how a process ended and what it took.
func account(e *event.Event, state *os.ProcessState) {
	e.Code = state.ExitCode()
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		e.Signal = status.Signal().String()
	}
	e.CPUSeconds = (state.UserTime() + state.SystemTime()).Seconds()
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		e.PeakMemory = usage.Maxrss << 10
	}
}
