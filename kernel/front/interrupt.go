package front

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/gossl/gossl/kernel/launch"
	"github.com/gossl/gossl/kernel/proc"
	"github.com/gossl/gossl/kernel/wire"
)

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
	f.signal(r, syscall.SIGINT)
	f.goes.Go(func() {
		for range 2 { // a command may have started another one
			select {
			case <-r.idle:
				return
			case <-f.child.Gone():
				return
			case <-time.After(f.limits.Interrupt):
				f.signal(r, syscall.SIGKILL)
			}
		}
	})
}

// endLeftovers ends the processes that cells and commands have left running. They have
// become children of this process when their own parents ended.
func (f *front) endLeftovers() {
	var left []int
	for _, pid := range proc.Children()[os.Getpid()] {
		if !f.started(pid) {
			left = append(left, pid)
		}
	}
	left = append(left, proc.Below(left...)...)
	signalAll(left, syscall.SIGTERM)
	f.after(f.limits.Terminate, func() {
		signalAll(slices.DeleteFunc(left, func(pid int) bool { return !proc.Alive(pid) }), syscall.SIGKILL)
	})
}

// after does something later, if the kernel goes on as long.
func (f *front) after(pause time.Duration, do func()) {
	f.goes.Go(func() {
		select {
		case <-time.After(pause):
			do()
		case <-f.ctx.Done():
		}
	})
}

// watchSignals has the system forget orphans that have ended, and takes SIGINT for an interrupt.
func (f *front) watchSignals() {
	ended, interrupts := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(ended)
	defer signal.Stop(interrupts)
	for {
		select {
		case <-ended:
			proc.Reap(f.started)
		case <-interrupts:
			f.interrupt()
		case <-f.ctx.Done():
			return
		}
	}
}

// started says whether a child is one that the front started itself.
func (f *front) started(pid int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tools[pid] || pid == f.child.PID() || proc.Comm(pid) == launch.GuardName
}

func signalAll(pids []int, s syscall.Signal) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, s) // it may have ended
	}
}

// signal signals what a cell has running: its build, and what is below GoNB's ! commands.
// The cell's process is the launcher's business. Another cell cannot begin meanwhile,
// and one that has begun is left alone.
func (f *front) signal(r *running, s syscall.Signal) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running != r {
		return
	}
	spare := map[int]bool{r.launcher: true}
	for pid := range f.builds {
		_ = syscall.Kill(pid, syscall.SIGTERM) // it may have ended
		spare[pid] = true
	}
	below := stopped(func() (pids []int) {
		for _, pid := range proc.Children()[f.child.PID()] {
			if !spare[pid] && proc.Comm(pid) != "gopls" {
				pids = append(pids, pid)
			}
		}
		return append(pids, proc.Below(pids...)...)
	})
	signalAll(below, s)
	signalAll(below, syscall.SIGCONT)
}

// stopped stops the processes that a look finds, and looks again until there is none
// that one of them has started meanwhile: a signal then misses nobody, as a terminal's
// does, and reaches nobody that is started because of it. Whoever starts some faster than
// they are found is not waited for.
func stopped(look func() []int) (all []int) {
	for range 50 {
		pids := slices.DeleteFunc(look(), func(pid int) bool { return slices.Contains(all, pid) })
		if len(pids) == 0 {
			return all
		}
		signalAll(pids, syscall.SIGSTOP)
		all = append(all, pids...)
	}
	return all
}
