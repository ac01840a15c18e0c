package wire

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ConnectionFile in a command's arguments stands for the path of the connection
// file.
const ConnectionFile = "{connection_file}"

// Command says how to start a kernel.
type Command struct {
	Argv   []string  // with ConnectionFile in it
	Env    []string  // as os.Environ; nil: this process's
	Dir    string    // in which cells run
	Stderr io.Writer // takes what the kernel itself prints; nil: nobody does

	// Input answers a cell that asks for a line of input. Without it cells are told that
	// there is none.
	Input func(prompt string, password bool) string
}

const (
	killTime = 2 * time.Second        // a kernel gets to end after SIGTERM
	pipeTime = 200 * time.Millisecond // what a kernel leaves behind may hold its stderr open
)

// process is a kernel's process, the leader of a group of its own.
type process struct {
	cmd  *exec.Cmd
	gone chan struct{} // closed when it has ended

	mu     sync.Mutex
	reaped bool // its number may be another process's
}

// startProcess starts a kernel that is told to end when this process ends.
func startProcess(c Command, file string) (*process, error) {
	if len(c.Argv) == 0 {
		return nil, fmt.Errorf("wire: start the kernel: no command, want its argv")
	}
	argv := make([]string, len(c.Argv))
	for i, argument := range c.Argv {
		argv[i] = strings.ReplaceAll(argument, ConnectionFile, file)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = c.Env, c.Dir, c.Stderr, c.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.WaitDelay = pipeTime
	p := &process{cmd: cmd, gone: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the kernel is told when the thread ends that started it
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("wire: start the kernel: %w", err)
	}
	return p, nil
}

// wait waits for the process's end, and then ends the rest of its group, while the
// group's number cannot be another one's.
func (p *process) wait() {
	const byPID, leaveIt = 1, syscall.WEXITED | syscall.WNOWAIT
	pid := uintptr(p.cmd.Process.Pid)
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, byPID, pid, 0, leaveIt, 0, 0)
		if errno != syscall.EINTR {
			break
		}
	}
	p.kill()
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.cmd.Wait() // cmd.ProcessState says how it ended
	p.reaped = true
	close(p.gone)
}

// died is the error of a process that has ended.
func (p *process) died() error { return fmt.Errorf("%w: %v", ErrKernelDied, p.cmd.ProcessState) }

// stop ends the process, by force if need be.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails if it has ended
	select {
	case <-p.gone:
	case <-time.After(killTime):
		p.kill()
		<-p.gone
	}
}

// kill ends the process's group by force.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // a process of ours, so it can be
	}
}

// clean removes the sockets that a kernel before has left in a folder: a kernel
// cannot listen on them.
func clean(conn string, files ...string) error {
	for _, name := range files {
		if err := os.Remove(conn + name); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("wire: %w", err)
		}
	}
	return nil
}
