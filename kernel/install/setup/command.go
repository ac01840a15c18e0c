package setup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/proc"
)

// shownOnFailure is how many lines of a failed command's output are shown; the log has all of them.
const shownOnFailure = 25

// openLog opens the log for one set-up at a time: a second one waits for the first.
func openLog(name string) (*os.File, error) {
	log, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	lock := func(how int) error { return syscall.Flock(int(log.Fd()), syscall.LOCK_EX|how) }
	err = lock(syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		fmt.Println("Set-up: waiting for another one to end")
		err = lock(0)
	}
	if err != nil {
		log.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return log, nil
}

// command runs a program, writes its output to the log and shows the last line of it while it runs.
func (s *Setup) command(ctx context.Context, env map[string]string, dir, name string, args ...string) error {
	fmt.Fprintf(s.log, "\n$ %s %s\n", name, strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = home.Environ(env)
	proc.Grouped(cmd, syscall.SIGTERM, endTime)
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	tail := make(chan []string)
	go func() { tail <- s.follow(out) }()
	err := cmd.Run()
	in.Close()
	last := <-tail
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s: %w; the end of its output (all of it is in %s):\n%s",
			name, err, s.log.Name(), strings.Join(last, "\n"))
	}
	return nil
}

// follow copies output into the log line by line and returns the last lines.
func (s *Setup) follow(out io.Reader) (tail []string) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := strings.TrimRight(lines.Text(), " \r")
		fmt.Fprintln(s.log, line)
		s.display.Note(strings.TrimSpace(line))
		tail = append(tail, line)
		if len(tail) > shownOnFailure {
			tail = tail[1:]
		}
	}
	io.Copy(s.log, out) // the rest, should a line be too long to scan
	return tail
}
