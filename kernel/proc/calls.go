package proc

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Call is the system call that a thread waits in.
type Call struct {
	Number    int
	Arguments [6]uint64
	task      string // the thread's folder in /proc
}

// Calls returns the system calls that the threads of a process wait in; all is false if
// one of them waits in none, or cannot be looked at.
func Calls(pid int) (calls []Call, all bool) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid)) // none if it has ended
	for _, task := range tasks {
		text, err := os.ReadFile(task + "/syscall")
		if c, ok := parseCall(string(text)); err == nil && ok {
			c.task = task
			calls = append(calls, c)
		}
	}
	return calls, len(tasks) > 0 && len(calls) == len(tasks)
}

// parseCall reads a call: its number, six arguments and two registers in hexadecimal. A
// thread that runs has the word "running", and one that waits for something else -1.
func parseCall(text string) (c Call, ok bool) {
	fields := strings.Fields(text)
	if len(fields) < 1+len(c.Arguments) {
		return c, false
	}
	number, err := strconv.Atoi(fields[0])
	if err != nil {
		return c, false
	}
	c.Number = number
	for i := range c.Arguments {
		if c.Arguments[i], err = strconv.ParseUint(strings.TrimPrefix(fields[i+1], "0x"), 16, 64); err != nil {
			return c, false
		}
	}
	return c, true
}

// Switches is how often the thread has gone to wait.
func (c Call) Switches() int {
	status, _ := os.ReadFile(c.task + "/status") // a thread that is gone shows by its number
	_, rest, _ := bytes.Cut(status, []byte("\nvoluntary_ctxt_switches:"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	n, _ := strconv.Atoi(string(bytes.TrimSpace(line)))
	return n + 1
}

// FileOf is what a descriptor of a process is open to; "" if it is closed.
func FileOf(pid int, descriptor uint64) string {
	file, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, descriptor)) // it may have ended
	return file
}
