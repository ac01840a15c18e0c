// Package proc looks at the processes below a process, and ends them. It reads
// /proc, so it is for Linux.
package proc

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// status is what /proc tells about a process.
type status struct {
	parent  int
	zombie  bool
	started uint64 // in clock ticks; with the number it is unique
}

// read returns the status of a process, and false when there is none.
func read(pid int) (status, bool) {
	line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return status{}, false
	}
	// The name stands in parentheses and may hold anything.
	fields := bytes.Fields(line[bytes.LastIndexByte(line, ')')+1:])
	if len(fields) < 20 {
		return status{}, false
	}
	parent, err := strconv.Atoi(string(fields[1]))
	if err != nil {
		return status{}, false
	}
	started, err := strconv.ParseUint(string(fields[19]), 10, 64)
	return status{parent, fields[0][0] == 'Z', started}, err == nil
}

// Children returns the living children of every process that has some.
func Children() map[int][]int {
	children := map[int][]int{}
	entries, _ := os.ReadDir("/proc") // without /proc there is nothing to know
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if s, ok := read(pid); ok && !s.zombie {
			children[s.parent] = append(children[s.parent], pid)
		}
	}
	return children
}

// Below returns the living descendants of processes, parents before children. None of
// the processes is below another one.
func Below(pids ...int) (below []int) {
	children := Children()
	for _, pid := range pids {
		below = append(below, children[pid]...)
	}
	for i := 0; i < len(below); i++ {
		below = append(below, children[below[i]]...)
	}
	return below
}

// Reap has the system forget children of this process that have ended, and that
// only the end of their own parents has made its children. Those that spare names
// are waited for by who started them.
func Reap(spare func(pid int) bool) {
	self := os.Getpid()
	entries, _ := os.ReadDir("/proc") // without /proc there is nothing to know
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if s, ok := read(pid); ok && s.zombie && s.parent == self && !spare(pid) {
			_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil) // somebody else may have been quicker
		}
	}
}

// Comm returns the name that a process goes by, at most 15 bytes of it; "" if there is no such process.
func Comm(pid int) string {
	name, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm") // it may have ended
	return strings.TrimSuffix(string(name), "\n")
}

// Alive says whether a process runs. A zombie does not.
func Alive(pid int) bool {
	s, ok := read(pid)
	return ok && !s.zombie
}

// DieWithParent has the system send sig to this process when its parent ends. It
// outlasts an exec, and does not pass to children.
//
// The parent is the thread that started this process, not its process: a parent
// that locks a goroutine to a thread, starts this process there and lets the
// goroutine end, seems to have ended. Parents in Go that use no
// runtime.LockOSThread keep their threads; those that do must start children from
// a thread that stays, and so must whoever sets SysProcAttr.Pdeathsig. A parent
// that ended before the call goes unnoticed, except one that ends during it.
func DieWithParent(sig syscall.Signal) error {
	parent := os.Getppid()
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(sig), 0, 0, 0); err != nil {
		return fmt.Errorf("proc: die with the parent: %w", err)
	}
	if os.Getppid() != parent {
		return syscall.Kill(os.Getpid(), sig)
	}
	return nil
}

// SetSubreaper makes this process the parent of descendants whose own parent ends, so that Below finds them.
func SetSubreaper() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("proc: become the parent of orphans: %w", err)
	}
	return nil
}

const (
	killTime = 2 * time.Second // after which a process that SIGKILL did not end is given up
	pause    = 5 * time.Millisecond
	// looks is how often in a row nobody must be found: /proc is read process by process, and one whose parent ends
	// meanwhile seems to be below nobody.
	looks = 3
)

// KillBelow ends all descendants of a process: with SIGTERM, and SIGKILL when
// grace is over. Orphans are found if their parents ended during the call, or if
// they became children of a subreaper at or below pid.
func KillBelow(pid int, grace time.Duration) error {
	end := time.Now().Add(grace)
	started := map[int]uint64{} // of all descendants that were seen
	for empty := 0; empty < looks; {
		var asked []int
		for _, below := range Below(pid) {
			s, ok := read(below)
			if _, known := started[below]; ok && !known {
				started[below] = s.started
				asked = append(asked, below)
			}
		}
		var living []int
		for below, start := range started {
			if s, ok := read(below); ok && !s.zombie && s.started == start {
				living = append(living, below)
			}
		}
		switch late := time.Since(end); {
		case len(living) == 0:
			empty++
		case late > killTime:
			slices.Sort(living)
			return fmt.Errorf("proc: processes %v below %d outlive SIGKILL", living, pid)
		case late >= 0:
			signal(living, syscall.SIGKILL)
		default:
			signal(asked, syscall.SIGTERM)
		}
		if len(living) > 0 {
			empty = 0
		}
		time.Sleep(pause)
	}
	return nil
}

func signal(pids []int, sig syscall.Signal) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, sig) // it may have ended; who lives on is looked at again
	}
}
