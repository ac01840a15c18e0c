package launch

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/gossl/gossl/kernel/proc"
)

// GuardName is the name under which this program is a guard.
const GuardName = "sslkit-guard"

// Guard runs a command, and ends it with all its descendants as soon as its own
// parent ends. gopls has one: it dies with its parent by itself, but the go
// commands that it runs would go on, and write into folders that are gone.
func Guard(command []string) int {
	runtime.LockOSThread() // what this thread starts ends with it
	defer runtime.UnlockOSThread()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	signal.Ignore(syscall.SIGINT) // meant for a cell
	if err := errors.Join(proc.SetSubreaper(), proc.DieWithParent(syscall.SIGTERM)); err != nil {
		report(err)
		return failed
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		report(err)
		return notFound
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	var exit *exec.ExitError
	select {
	case err := <-done:
		if errors.As(err, &exit) && exit.Exited() {
			return exit.ExitCode()
		}
		if err != nil {
			report(err) // a signal ended it, for one
			return failed
		}
		return 0
	case <-signals:
		if err := proc.KillBelow(os.Getpid(), 0); err != nil {
			report(err)
		}
		return failed
	}
}

// Gopls stands in for GoNB's gopls and does nothing until GoNB ends: completion
// is not GoNB's business, and a second gopls would cost its memory twice.
func Gopls([]string) int {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	if err := proc.DieWithParent(syscall.SIGKILL); err != nil {
		report(err)
		return failed
	}
	signal.Ignore(syscall.SIGINT) // meant for a cell
	<-signals
	return 0
}
