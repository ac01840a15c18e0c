package front

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/gossl/gossl/kernel/launch"
	"github.com/gossl/gossl/kernel/proc"
	"github.com/gossl/gossl/kernel/wire"
)

// patience is how long a process may go on after SIGINT; the launcher has a
// shorter one of its own for the cell.
const patience = 5 * time.Second

// interrupt stops the running cell: its build, its process, or its ! command. The
// cells after it are aborted when it ends.
func (f *front) interrupt() {
	f.mu.Lock()
	r := f.running
	if r != nil {
		r.interrupted = true
	}
	f.mu.Unlock()
	f.endLeftovers()
	if r == nil {
		return
	}
	request, err := wire.New("interrupt_request", nil, content{})
	if err == nil {
		_, err = f.forward(f.gonb.control, nil, request)
	}
	if err != nil {
		f.log("interrupt GoNB: %v", err)
	}
	f.signal(syscall.SIGINT)
	go func() {
		for range 2 { // a command may have started another one
			select {
			case <-r.idle:
				return
			case <-f.child.gone:
				return
			case <-time.After(patience):
				f.signal(syscall.SIGKILL)
			}
		}
	}()
}

// leftoverTime is how long what was left running may take to end after SIGTERM.
const leftoverTime = time.Second

// endLeftovers ends what cells and commands have left running: the system made
// it this process's child when its own parent ended.
func (f *front) endLeftovers() {
	var left []int
	for _, pid := range proc.Children()[os.Getpid()] {
		if !f.started(pid) {
			left = append(append(left, pid), proc.Below(pid)...)
		}
	}
	signalAll(left, syscall.SIGTERM)
	time.AfterFunc(leftoverTime, func() {
		signalAll(slices.DeleteFunc(left, func(pid int) bool { return !proc.Alive(pid) }), syscall.SIGKILL)
	})
}

// reap has the system forget orphans that have ended.
func (f *front) reap(ctx context.Context) {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	defer signal.Stop(ended)
	for {
		select {
		case <-ended:
			proc.Reap(f.started)
		case <-ctx.Done():
			return
		}
	}
}

// started says whether a child is one that the front started itself.
func (f *front) started(pid int) bool {
	return pid == f.child.cmd.Process.Pid || proc.Comm(pid) == launch.GuardName
}

func signalAll(pids []int, s syscall.Signal) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, s) // it may have ended
	}
}

// signal signals builds, and what is below GoNB's ! commands. The cell's process
// is the launcher's business.
func (f *front) signal(s syscall.Signal) {
	f.mu.Lock()
	spare := map[int]bool{}
	if f.running != nil {
		spare[f.running.launcher] = true
	}
	for pid := range f.builds {
		_ = syscall.Kill(pid, syscall.SIGTERM) // it may have ended
		spare[pid] = true
	}
	f.mu.Unlock()
	children := proc.Children()
	for _, pid := range children[f.child.cmd.Process.Pid] {
		if spare[pid] || proc.Comm(pid) == "gopls" {
			continue
		}
		signalAll(append(proc.Below(pid), pid), s)
	}
}
