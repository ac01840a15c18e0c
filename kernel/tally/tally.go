// Package tally runs go test, shows what is running, and counts what passed, failed and was skipped, and why.
package tally

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gossl/gossl/kernel/progress"
)

// ErrFailed is the error of a run in which a test failed.
var ErrFailed = errors.New("tests failed")

// Run runs `go test` with arguments in an environment and shows it on out.
func Run(ctx context.Context, env, args []string, out *os.File) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...)
	cmd.Env = env
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 15 * time.Second
	events, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("tally: %w", err)
	}
	display := progress.New(out)
	display.Start("go test " + strings.Join(args, " "))
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("tally: %w", err)
	}
	count := newCount(display.Println, display.Note)
	reading := count.read(events)
	err = cmd.Wait()
	if err == nil {
		display.Done("ok")
	} else {
		display.Done("failed")
	}
	count.summary(out)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case reading != nil:
		return fmt.Errorf("tally: %w", reading)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrFailed, err)
	}
	return nil
}

// An event is a line of `go test -json`: see `go doc test2json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// count reads events and counts tests, subtests included.
type count struct {
	println func(string)
	note    func(string)

	passed, failed int
	skips          []skipped
	output         map[string]*strings.Builder
	failures       map[string]bool // packages in which a test failed
}

// A skipped test is one that did not run, with the reason.
type skipped struct{ pkg, test, reason string }

func newCount(println, note func(string)) *count {
	return &count{println: println, note: note, output: map[string]*strings.Builder{}, failures: map[string]bool{}}
}

func (c *count) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			c.line(line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (c *count) line(line string) {
	var e event
	if json.Unmarshal([]byte(line), &e) != nil {
		c.println(strings.TrimRight(line, "\n")) // what go says of itself
		return
	}
	switch {
	case e.Action == "build-output":
		c.println(strings.TrimRight(e.Output, "\n"))
	case e.Test == "":
		c.ofPackage(e)
	default:
		c.ofTest(e)
	}
}

func (c *count) ofPackage(e event) {
	switch e.Action {
	case "output":
		line := strings.TrimRight(e.Output, "\n")
		if line != "" && line != "PASS" && !strings.HasSuffix(line, "[no test files]") {
			c.println(line)
		}
	case "fail":
		if !c.failures[e.Package] { // it does not compile, or it ended before its tests did
			c.failed++
		}
	}
}

func (c *count) ofTest(e event) {
	name := e.Package + " " + e.Test
	switch e.Action {
	case "run":
		c.output[name] = &strings.Builder{}
		c.note(name)
	case "output":
		if buffer := c.output[name]; buffer != nil && !frame(e.Output) {
			buffer.WriteString(e.Output)
		}
	case "pass":
		c.passed++
		delete(c.output, name)
	case "skip":
		c.skips = append(c.skips, skipped{e.Package, e.Test, reason(c.output[name])})
		delete(c.output, name)
	case "fail":
		c.failed++
		c.failures[e.Package] = true
		c.println("--- FAIL: " + name)
		if buffer := c.output[name]; buffer != nil {
			c.println(strings.TrimRight(buffer.String(), "\n"))
		}
		delete(c.output, name)
	}
}

// frame says whether a line is one that go test puts around a test's own output.
func frame(line string) bool {
	line = strings.TrimLeft(line, " ")
	return strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ")
}

// reason is what a skipped test said, without the place in the source.
func reason(output *strings.Builder) string {
	if output == nil {
		return "no reason given"
	}
	text := strings.Join(strings.Fields(output.String()), " ")
	if _, after, ok := strings.Cut(text, ".go:"); ok {
		if _, said, ok := strings.Cut(after, ": "); ok {
			return said
		}
	}
	if text == "" {
		return "no reason given"
	}
	return text
}

// summary ends the output: how many tests were skipped for which reason, tests that never ended, and the numbers.
func (c *count) summary(out io.Writer) {
	for i, skip := range c.skips {
		same := func(s skipped) bool { return s.pkg == skip.pkg && s.reason == skip.reason }
		if slices.IndexFunc(c.skips, same) < i {
			continue // said already
		}
		number := 0
		for _, other := range c.skips {
			if same(other) {
				number++
			}
		}
		fmt.Fprintf(out, "skipped %d in %s, %s: %s\n", number, skip.pkg, skip.test, skip.reason)
	}
	for name, buffer := range c.output {
		fmt.Fprintf(out, "did not end: %s\n%s", name, buffer)
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", c.passed, c.failed, len(c.skips))
}
