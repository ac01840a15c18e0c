package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/install/setup"
	"github.com/gossl/gossl/kernel/proc"
	"github.com/gossl/gossl/kernel/progress"
)

// errFailed is the error of a run in which a test failed.
var errFailed = errors.New("tests failed")

// testCommand has gotestsum run the tests, which shows what failed and what was skipped, and why, and counts them. What is
// added here is the test that is running, for those who wait, and the last line.
func testCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "test [ARGUMENT...]",
		Short:              "Run go test in the environment that cells run in, and count passed, failed and skipped tests",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, err := checkout()
			if err != nil {
				return err
			}
			env, err := home.Find().Env()
			if err != nil {
				return err
			}
			env["GOWORK"] = "off"
			return countTests(cmd.Context(), repo, home.Environ(env), args, os.Stdout)
		},
	}
}

// eventsCommand writes what happens in the tests of all modules, one after the other, as `go test -json` does.
func eventsCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "test-events [ARGUMENT...]",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error {
			repo, err := checkout()
			if err != nil {
				return err
			}
			for _, module := range setup.TestedModules {
				own, some := argumentsFor(module, args)
				if !some {
					continue
				}
				test := exec.Command("go", append([]string{"test", "-json"}, own...)...)
				test.Dir = filepath.Join(repo, module)
				test.Stdout, test.Stderr = os.Stdout, os.Stderr
				if failed := test.Run(); failed != nil {
					err = failed
				}
			}
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) { // go test has said why
				os.Exit(status(err))
			}
			return err
		},
	}
}

// argumentsFor are the arguments of go test in a module, whose packages are named from the root of the checkout, and
// whether any of the packages are the module's.
func argumentsFor(module string, args []string) (own []string, some bool) {
	for _, arg := range args {
		if !strings.HasPrefix(arg, "./") {
			own = append(own, arg)
			continue
		}
		pattern, dots := strings.CutSuffix(strings.TrimPrefix(arg, "./"), "...")
		folder := strings.TrimSuffix(pattern, "/")
		of := moduleOf(folder)
		switch {
		case of == module && module == ".":
			own, some = append(own, arg), true
		case of == module:
			own, some = append(own, "."+strings.TrimPrefix(arg[len("./"):], module)), true
		case dots && (pattern == "" || strings.HasPrefix(module, pattern)): // the module is one of its folders
			own, some = append(own, "./..."), true
		}
	}
	return own, some
}

// moduleOf is the innermost module in which a folder lies.
func moduleOf(folder string) string {
	inner := "."
	for _, module := range setup.TestedModules {
		if (folder == module || strings.HasPrefix(folder, module+"/")) && len(module) >= len(inner) {
			inner = module
		}
	}
	return inner
}

// countTests runs tests and shows them on out.
func countTests(ctx context.Context, repo string, env, args []string, out *os.File) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	command := append([]string{self, "test-events"}, args...)
	return showTests(ctx, repo, env, command, "go test "+strings.Join(args, " "), out)
}

// last is what gotestsum prints in the end, but for the number that it does not tell.
var last = regexp.MustCompile(`^\d+ failed, \d+ skipped$`)

// showTests shows the tests of a command that writes events.
func showTests(ctx context.Context, repo string, env, command []string, label string, out *os.File) error {
	events, err := os.CreateTemp("", "test-events-")
	if err != nil {
		return err
	}
	defer os.Remove(events.Name())
	defer events.Close()
	tool := []string{"tool", "-modfile=" + filepath.Join(repo, "kernel", "tools", "checks", "go.mod"), "gotestsum",
		"--format=pkgname-and-test-fails", "--format-icons=text", "--format-hide-empty-pkg", "--jsonfile=" + events.Name(),
		`--post-run-command=sh -c 'echo "$TESTS_FAILED failed, $TESTS_SKIPPED skipped"'`,
		"--ignore-non-json-output-lines", "--raw-command", "--"}
	cmd := exec.CommandContext(ctx, "go", append(tool, command...)...)
	cmd.Dir, cmd.Env, cmd.Stderr = repo, env, os.Stderr
	proc.Grouped(cmd, syscall.SIGINT, 15*time.Second)
	said, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	display := progress.New(out)
	display.Start(label)
	ended, passed := make(chan struct{}), make(chan int, 1)
	go func() { passed <- follow(growing{events, ended}, display.Note) }()
	rest := relay(said, display.Println)
	err = cmd.Wait()
	close(ended)
	if err == nil {
		display.Done("ok")
	} else {
		display.Done("failed")
	}
	if rest != "" {
		fmt.Fprintf(out, "%d passed, %s\n", <-passed, rest)
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("%w: %w", errFailed, err)
	}
	return nil
}

// relay prints lines but the one that tells the numbers, which it returns.
func relay(lines io.Reader, println func(string)) (numbers string) {
	scanner := bufio.NewScanner(lines)
	scanner.Buffer(nil, 1<<30) // a line is as long as a test makes it
	for scanner.Scan() {
		if line := scanner.Text(); last.MatchString(line) {
			numbers = line
		} else {
			println(line)
		}
	}
	return numbers
}

// follow notes each test that begins, and counts those that pass: gotestsum tells how many there were in all, among
// them failed packages without a test.
func follow(events io.Reader, note func(string)) (passed int) {
	for decoder := json.NewDecoder(events); ; {
		var event struct{ Action, Package, Test string } // see go doc test2json
		if decoder.Decode(&event) != nil {
			return passed
		}
		switch {
		case event.Test != "" && event.Action == "run":
			note(event.Package + " " + event.Test)
		case event.Test != "" && event.Action == "pass":
			passed++
		}
	}
}

// growing is a file that somebody else writes until ended is closed.
type growing struct {
	file  *os.File
	ended <-chan struct{}
}

func (g growing) Read(p []byte) (int, error) {
	for complete := false; ; {
		n, err := g.file.Read(p)
		if n > 0 || complete || !errors.Is(err, io.EOF) {
			return n, err
		}
		select {
		case <-g.ended:
			complete = true // what was written since is in the file
		case <-time.After(50 * time.Millisecond):
		}
	}
}
