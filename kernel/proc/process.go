package proc

import (
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Process is a running command. It leads a process group of its own, which ends with it.
type Process struct {
	cmd  *exec.Cmd
	gone chan struct{}
	err  error // how it ended

	mu    sync.Mutex
	ended bool // its number may become another process's
}

// Start starts a command in a process group of its own. The command gets the signal
// death when this process ends, whatever ends it.
func Start(cmd *exec.Cmd, death syscall.Signal) (*Process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: death}
	p := &Process{cmd: cmd, gone: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the signal comes when the thread ends that started the process
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.wait()
		}
	}()
	return p, <-started
}

// wait waits for the process's end, and then ends the rest of its group. Until its
// status is taken nothing else has its number, and the group's.
func (p *Process) wait() {
	for unix.Waitid(unix.P_PID, p.PID(), nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	p.Signal(syscall.SIGKILL)
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	p.err = p.cmd.Wait()
	close(p.gone)
}

// PID is the process's number, and that of its group.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Gone is closed when the process has ended, and what it wrote has been read.
func (p *Process) Gone() <-chan struct{} { return p.gone }

// Err is what os/exec's Wait says of the process, once it is gone.
func (p *Process) Err() error { return p.err }

// State is how the process ended, once it is gone.
func (p *Process) State() *os.ProcessState { return p.cmd.ProcessState }

// Signal signals the process's group. One that has ended is left alone.
func (p *Process) Signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		_ = syscall.Kill(-p.PID(), s) // a process of ours, so it can be
	}
}

// Stop ends the process: with SIGTERM, and its whole group with SIGKILL when grace is
// over. It returns when the process is gone.
func (p *Process) Stop(grace time.Duration) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails if it has ended
	select {
	case <-p.gone:
	case <-time.After(grace):
		p.Signal(syscall.SIGKILL)
		<-p.gone
	}
}

// Grouped has a command that runs with a context lead a process group of its own, which
// gets the signal when the context ends. Then, and when the command has ended but others
// still hold its outputs, it is waited for no longer than patience.
func Grouped(cmd *exec.Cmd, s syscall.Signal, patience time.Duration) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, s) }
	cmd.WaitDelay = patience
}
