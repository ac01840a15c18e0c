package launch

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gossl/gossl/kernel/event"
	"github.com/gossl/gossl/kernel/proc"
)

const (
	// grace is how long a cell may go on after an interrupt. GoNB kills the launcher after 5 s.
	grace = 4500 * time.Millisecond
	// lastWord is when, after an interrupt, the launcher tells the front of the end at the latest.
	lastWord = 4900 * time.Millisecond
	// drain is how long pipes are read when the cell has ended and something else holds them.
	drain = 300 * time.Millisecond
	// patience is how long GoNB may take for what the cell wrote in the end. Widgets without a browser take it 3 s.
	patience = 10 * time.Second
)

// process is the process of a cell.
type process struct {
	cmd         *exec.Cmd
	ends        []*os.File // the process's ends of pipes that we read
	arrivals    *arrivals
	sinks       []sink
	stderr      *stream
	displays    *displays     // nil if GoNB has no pipes for them
	relayed     chan struct{} // closed when GoNB has been written everything
	signals     chan os.Signal
	interrupted time.Time // zero if it was not
	note        string    // what the user is told of its end
}

// Cell is what GoNB starts as a cell: it runs the program that Go built, passes
// on what it writes, and tells the front how it ends. The exit status is always
// 0: GoNB would only print another one.
func Cell(argv0 string, args []string) int {
	runtime.LockOSThread() // what this thread starts ends with it
	defer runtime.UnlockOSThread()
	c := &process{relayed: make(chan struct{}), signals: make(chan os.Signal, 16)}
	signal.Notify(c.signals, syscall.SIGINT, syscall.SIGTERM)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // GoNB's end is told by SIGTERM
	if err := proc.DieWithParent(syscall.SIGTERM); err != nil {
		report(err)
	}
	tell(event.Event{Kind: event.CellStart, PID: os.Getpid()})
	end := event.Event{Kind: event.CellEnd}
	if err := c.prepare(argv0, args); err != nil {
		end.Code, end.Text = notFound, err.Error()
		report(err)
	} else {
		end = c.run()
	}
	if c.displays != nil {
		c.displays.remove()
	}
	tell(end)
	return 0
}

// prepare makes the command and its pipes.
func (c *process) prepare(argv0 string, args []string) error {
	file, err := filepath.Abs(argv0 + program)
	if err != nil {
		return fmt.Errorf("launch: %w", err)
	}
	c.cmd = exec.Command(file, args...)
	c.cmd.Args[0] = argv0
	c.cmd.Env = restored(os.Environ())
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	c.cmd.Stdin = os.Stdin
	if c.arrivals, err = newArrivals(); err != nil {
		return err
	}
	c.stderr = &stream{file: os.Stderr}
	c.sinks = []sink{&stream{file: os.Stdout}, c.stderr, newShown()}
	for _, s := range c.sinks {
		end, err := c.arrivals.pipe(s)
		if err != nil {
			return err
		}
		c.ends = append(c.ends, end)
	}
	c.cmd.Stdout, c.cmd.Stderr, c.cmd.ExtraFiles = c.ends[0], c.ends[1], c.ends[2:]
	if c.displays, err = newDisplays(c.arrivals); err != nil {
		report(err) // the cell has GoNB's own
	}
	if c.displays != nil {
		c.sinks = append(c.sinks, c.displays)
		c.cmd.Env = append(c.cmd.Env, c.displays.environ()...)
		c.ends = append(c.ends, c.displays.hold)
	}
	return nil
}

// run runs the process and passes on what it writes.
func (c *process) run() event.Event {
	e := event.Event{Kind: event.CellEnd}
	select {
	case s := <-c.signals:
		e.Code, e.Signal = -1, s.String()
		return e
	default:
	}
	start := time.Now()
	if err := c.cmd.Start(); err != nil {
		err = fmt.Errorf("launch: %w", err)
		report(err)
		e.Code, e.Text = notFound, err.Error()
		return e
	}
	go c.arrivals.run()
	go func() {
		c.arrivals.relay(c.sinks...)
		close(c.relayed)
	}()
	err := c.wait()
	e.Seconds = time.Since(start).Seconds()
	complete := c.finish()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		report(fmt.Errorf("launch: %w", err))
	}
	account(&e, c.cmd.ProcessState)
	e.Note = c.note
	if complete {
		e.Text = c.stderr.tail()
	} else {
		e.Text = "sslkit-kernel: GoNB did not take everything that the cell wrote\n"
	}
	return e
}

// wait waits for the process to end, and ends its group. Signals go to the group, and after grace it is killed.
func (c *process) wait() error {
	pid := c.cmd.Process.Pid
	ended := make(chan struct{})
	go func() { // leaves the process a zombie: until its status is taken, nothing else has its number
		for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
		}
		close(ended)
	}()
	var kill <-chan time.Time
	for {
		select {
		case s := <-c.signals:
			if !c.stops(s.(syscall.Signal)) {
				c.signal(s.(syscall.Signal))
			}
			if kill == nil {
				c.interrupted = time.Now()
				kill = time.After(grace)
			}
		case <-kill:
			c.signal(syscall.SIGKILL)
		case <-ended:
			c.signal(syscall.SIGKILL) // what it left behind
			return c.cmd.Wait()
		}
	}
}

// signal signals the process's group, which may have ended.
func (c *process) signal(s syscall.Signal) { _ = syscall.Kill(-c.cmd.Process.Pid, s) }

// finish waits until GoNB has everything that the process wrote, and says whether it has.
func (c *process) finish() bool {
	now := time.Now()
	limit := now.Add(patience)
	if last := c.interrupted.Add(lastWord); !c.interrupted.IsZero() && last.Before(limit) {
		limit = last
	}
	for _, file := range c.ends {
		file.Close() // the process had its own
	}
	c.arrivals.end(now.Add(drain))
	select {
	case <-c.relayed:
		return c.displays == nil || c.displays.sync(time.Until(limit))
	case <-time.After(time.Until(limit)):
		return false
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
