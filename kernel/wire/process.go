package wire

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/gossl/gossl/kernel/proc"
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

// startKernel starts a kernel that is told to end when this process ends.
func startKernel(c Command, file string) (*proc.Process, error) {
	if len(c.Argv) == 0 {
		return nil, fmt.Errorf("wire: start the kernel: no command, want its argv")
	}
	argv := make([]string, len(c.Argv))
	for i, argument := range c.Argv {
		argv[i] = strings.ReplaceAll(argument, ConnectionFile, file)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = c.Env, c.Dir, c.Stderr, c.Stderr
	cmd.WaitDelay = pipeTime
	p, err := proc.Start(cmd, syscall.SIGTERM)
	if err != nil {
		return nil, fmt.Errorf("wire: start the kernel: %w", err)
	}
	return p, nil
}

// died is the error of a kernel whose process has ended.
func died(p *proc.Process) error { return fmt.Errorf("%w: %v", ErrKernelDied, p.State()) }

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
