package launch

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gossl/gossl/kernel/proc"
)

// stuck is what the user is told of a cell that was stopped, and would never have ended by itself.
const stuck = "nothing in it could go on: its goroutines were waiting for each other"

// stops deals with the first interrupt of a cell that is in a deadlock. Unless the
// program catches interrupts itself, it gets SIGQUIT, at which Go's runtime prints
// where each goroutine is. It returns false if the cell is to be interrupted as any
// other.
func (c *process) stops(s syscall.Signal) bool {
	pid := c.PID()
	if s != syscall.SIGINT || !c.interrupted.IsZero() {
		return false
	}
	if !asleep(pid, c.pipes.Displays, c.pipes.Answers) {
		return false
	}
	c.note = stuck
	return !catches(c.cmd.Path) && syscall.Kill(pid, syscall.SIGQUIT) == nil
}

// asleep says whether a process is in a deadlock: each of its threads waits for another
// one, and none for a time, a file, the network or another process. Go's runtime finds
// deadlocks itself, but not in programs that link package net, os/signal or cgo, or
// read a pipe, as all that show something do. pipes are those to this kernel: it writes
// to them only to answer the cell. If in doubt, the answer is false.
func asleep(pid int, pipes ...string) bool {
	before, ok := waits(pid, pipes)
	if !ok {
		return false
	}
	time.Sleep(20 * time.Millisecond) // a thread may have woken another one that had been looked at before
	after, ok := waits(pid, pipes)
	return ok && before == after
}

// waits returns how many times the threads of a process have begun to wait, which
// changes if one of them has run in the meantime. ok is false if a thread runs, or
// waits for something else than another thread.
func waits(pid int, pipes []string) (count int, ok bool) {
	calls, all := proc.Calls(pid)
	if !all {
		return 0, false
	}
	timed := 0
	for _, c := range calls {
		switch c.Number {
		case unix.SYS_FUTEX:
			if c.Arguments[3] != 0 {
				timed++
			}
		case unix.SYS_EPOLL_PWAIT:
			if int32(c.Arguments[3]) != -1 || !onlyPipes(pid, c.Arguments[0], pipes) {
				return 0, false
			}
		default:
			return 0, false
		}
		count += c.Switches()
	}
	return count, timed <= 1 // one thread of the runtime's wakes once a minute
}

// onlyPipes says whether an epoll descriptor of a process watches nothing but the pipes,
// and the eventfd by which Go's runtime wakes itself.
func onlyPipes(pid int, epoll uint64, pipes []string) bool {
	info, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", pid, epoll))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(info)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "tfd:" {
			continue
		}
		descriptor, err := strconv.ParseUint(fields[1], 10, 32)
		if file := proc.FileOf(pid, descriptor); err != nil || file != "anon_inode:[eventfd]" && !contains(pipes, file) {
			return false
		}
	}
	return true
}

func contains(pipes []string, file string) bool {
	for _, pipe := range pipes {
		if a, err := os.Stat(pipe); err == nil {
			if b, err := os.Stat(file); err == nil && os.SameFile(a, b) {
				return true
			}
		}
	}
	return false
}

// catches says whether a program may catch interrupts: whether os/signal.Notify is linked
// into it. If in doubt, the answer is true.
func catches(program string) bool {
	file, err := elf.Open(program)
	if err != nil {
		return true
	}
	defer file.Close()
	for _, s := range file.Sections {
		if strings.HasSuffix(s.Name, "gopclntab") {
			names, err := s.Data()
			return err != nil || bytes.Contains(names, []byte("os/signal.Notify"))
		}
	}
	return true
}
