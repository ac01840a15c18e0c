package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/proc"
)

// patience is how long a program may take that has little to do.
const patience = time.Minute

// command is a program that a check runs in a process group of its own.
type command struct {
	dir   string
	env   map[string]string
	input string
	argv  []string
}

// output returns what the program prints, without the white space around it.
func (c command) output(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no end after %v", patience))
	defer cancel()
	var out, messages bytes.Buffer
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.dir, home.Environ(c.env), &out, &messages
	cmd.Stdin = strings.NewReader(c.input)
	proc.Grouped(cmd, syscall.SIGKILL, time.Second)
	err := cmd.Run()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		return strings.TrimSpace(out.String()), nil
	}
	if text := few(messages.String()); text != "" {
		return "", fmt.Errorf("%s: %w\n%s", c.argv[0], err, text)
	}
	var start *exec.Error
	if errors.As(err, &start) {
		return "", err // names the program
	}
	return "", fmt.Errorf("%s: %w", c.argv[0], err)
}

// shown is how many lines of a long message are shown.
const shown = 8

// few is the beginning of a message.
func few(message string) string {
	lines := strings.Split(strings.TrimSpace(message), "\n")
	if over := len(lines) - shown; over > 0 {
		lines = append(lines[:shown], fmt.Sprintf("… (%d lines more)", over))
	}
	return strings.Join(lines, "\n")
}
