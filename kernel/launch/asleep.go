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

// stuck is what the front is told of a cell that could not go on when it was stopped.
const stuck = "nothing in it could go on: its goroutines were waiting for each other"

// stops deals with an interrupt of a cell that cannot go on: the runtime says where
// its goroutines are, if the program has nothing of its own to do when it is
// interrupted. It is false if the cell is to be interrupted as any other.
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

// asleep says whether nothing in a process can go on by itself: each of its threads
// waits for another one, none for a time, a file, the network or another process.
// Go's own detector looks at the same, but is off in programs that link package
// net, os/signal or cgo, or have a pipe to GoNB. pipes are files that wake nobody who
// does not wait for us. It is false if in doubt.
func asleep(pid int, pipes ...string) bool {
	before, ok := waits(pid, pipes)
	if !ok {
		return false
	}
	time.Sleep(20 * time.Millisecond) // threads are looked at one after the other
	after, ok := waits(pid, pipes)
	return ok && before == after
}

// waits returns how often the threads of a process have gone to wait; false if one
// of them does not wait, or for more than another one.
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
	return count, timed <= 1 // the runtime looks around once a minute
}

// onlyPipes says whether epoll watches nothing but pipes to us, and what the runtime wakes itself by.
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

// catches says whether a program may do something of its own when it is
// interrupted. It is true if in doubt.
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
