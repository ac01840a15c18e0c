package launch

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gossl/gossl/kernel/event"
	"github.com/gossl/gossl/kernel/gonb/lines"
	"github.com/gossl/gossl/kernel/proc"
)

// program ends the name of the program that was built. Without it the path is the one
// that GoNB starts: a link to the launcher.
const program = ".bin"

// missing finds what the go command says of a module that is to be added.
var missing = regexp.MustCompile(`no required module provides package|cannot find module providing package|` +
	`missing go\.sum entry|is not in your go\.mod file|updates to go\.mod needed`)

// buildFailed is all that GoNB is told of errors with a position.
const buildFailed = "the cell does not compile"

// place finds a position, as in main.go:3:7.
var place = regexp.MustCompile(`:\d`)

// build is the build of a cell.
type build struct {
	dir     string
	tool    string   // the true go command
	args    []string // of the go command
	environ []string
	signals chan os.Signal
}

// result is how a command of a build ended.
type result struct {
	code   int    // exit status, -1 when a signal ended it
	signal string // that ended it
	text   string // what it said
}

// buildCell runs the go command, whose argument at is the program that GoNB will start.
func buildCell(dir string, args []string, at int) int {
	b := build{dir: dir, args: slices.Clone(args), signals: make(chan os.Signal, 1)}
	signal.Notify(b.signals, syscall.SIGINT, syscall.SIGTERM)
	if err := proc.DieWithParent(syscall.SIGTERM); err != nil {
		report(err)
	}
	// GoNB's temporary folder is on the disk of the program: the linker renames its file, instead of copying it. And
	// the front removes what a build that was killed leaves there.
	b.environ = append(forTools(os.Environ()), "TMPDIR="+os.TempDir())
	target := args[at]
	b.args[at] = target + program

	start := time.Now()
	tell(event.Event{Kind: event.BuildStart, PID: os.Getpid()})
	r := b.run(target)
	tell(event.Event{Kind: event.BuildEnd, Code: r.code, Signal: r.signal, Seconds: time.Since(start).Seconds(), Text: r.text})
	if r.code != 0 {
		if place.MatchString(r.text) { // the front has been told; GoNB exits at positions that it cannot read
			r.text = buildFailed + "\n"
		}
		fmt.Fprint(os.Stderr, r.text)
		return failed
	}
	return 0
}

// run builds the program, and makes the target, which GoNB starts, a link to the launcher.
func (b *build) run(target string) result {
	var err error
	if b.tool, err = tool("go"); err != nil {
		return failure(err)
	}
	cells, err := knownCells()
	if err != nil {
		report(err) // then positions are those in GoNB's files
	}
	if err := b.prepare(cells); err != nil {
		return failure(err)
	}
	r := b.attempts()
	if r.signal != "" { // what is there may be half a program, which the next build would take for a whole one
		err = os.RemoveAll(target + program)
	} else if r.code == 0 {
		if cells != nil {
			if err := lines.Number(target+program, cells); err != nil {
				report(err) // then the program names them by their IDs
			}
		}
		err = lead(target)
	}
	if err != nil {
		return failure(fmt.Errorf("launch: %w", err))
	}
	return r
}

// knownCells are the cells whose lines the front has told of; nil if it has told of none.
func knownCells() (*lines.Index, error) {
	index, err := lines.Load(os.Getenv(cellsVar))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return index, err
}

// attempts builds, and mends what can be mended, until the build works or nothing is left to mend.
func (b *build) attempts() result {
	for fetched := false; ; {
		r := b.command(b.args...)
		if r.code == 0 || r.signal != "" {
			return r
		}
		mended, err := mend(b.dir, r.text)
		if err != nil {
			r.text += err.Error() + "\n"
			return r
		}
		if mended {
			continue
		}
		if fetched || !missing.MatchString(r.text) || !b.online() {
			return r
		}
		fetched = true
		get := []string{"get"}
		if b.args[0] == "test" {
			get = append(get, "-t")
		}
		if g := b.command(get...); g.code != 0 {
			g.text = r.text + g.text
			return g
		}
	}
}

// online says whether the go command may fetch modules.
func (b *build) online() bool {
	r := b.command("env", "GOPROXY")
	return r.code == 0 && strings.TrimSpace(r.text) != "off"
}

// command runs the go command in a process group of its own. A signal to this process kills the whole group.
func (b *build) command(args ...string) result {
	var text bytes.Buffer
	cmd := exec.Command(b.tool, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = b.environ, &text, &text
	cmd.WaitDelay = time.Second // a process that has left the group may hold the pipe open
	select {
	case s := <-b.signals:
		return interrupted(s)
	default:
	}
	process, err := proc.Start(cmd, syscall.SIGKILL)
	if err != nil {
		return failure(fmt.Errorf("launch: %w", err))
	}
	select {
	case <-process.Gone():
		return ended(process.Err(), text.String())
	case s := <-b.signals:
		process.Signal(syscall.SIGKILL)
		<-process.Gone()
		return interrupted(s)
	}
}

func ended(err error, text string) result {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return result{text: text}
	case !errors.As(err, &exit):
		return result{code: failed, text: text + "launch: " + err.Error() + "\n"}
	}
	r := result{code: exit.ExitCode(), text: text}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		r.signal = status.Signal().String()
		r.text += "go: " + exit.Error() + "\n"
	}
	return r
}

func interrupted(s os.Signal) result {
	return result{code: -1, signal: s.String(), text: "the build was interrupted\n"}
}

func failure(err error) result {
	return result{code: failed, text: err.Error() + "\n"}
}

// lead makes the target a link to this program, which GoNB then starts as the launcher.
func lead(target string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if now, err := os.Readlink(target); err == nil && now == self {
		return nil
	}
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	return os.Symlink(self, target)
}
