package wiretest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// First arguments of a test binary that is to be something else.
const (
	asGoNB    = "wiretest-gonb"
	asGo      = "wiretest-go"
	asProgram = "wiretest-program"
)

// Held is the beginning of a package's path. Asked for packages, that one among them, the go command makes the file that
// the rest of the path names, and goes on when that is gone. It does not find the package, and makes a file whose name
// has Answered at its end.
const (
	Held     = "example.com/held"
	Answered = ".answered"
)

// GoVersion is that of the go command for tests.
const GoVersion = "1.26.99"

// Tools puts a GoNB and a go command for tests into a folder, under the names gonb and go. They are the test binary that
// calls this, whose TestMain calls Main.
//
// A cell is Go as far as the front looks at it. Lines that begin with "//gonb " are for GoNB, those that begin with
// "//go " for the go command, and those that begin with "//cell " are what the program does that is "built" of the
// cell.
func Tools(dir string) error {
	var errs []error
	for name, as := range map[string]string{"gonb": asGoNB, "go": asGo} {
		errs = append(errs, script(filepath.Join(dir, name), as))
	}
	return errors.Join(errs...)
}

// script makes a program that is this binary with some first arguments.
func script(file string, arguments ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	words := []string{"#!/bin/sh\nexec"}
	for _, word := range append([]string{self}, arguments...) {
		words = append(words, "'"+word+"'")
	}
	return os.WriteFile(file, []byte(strings.Join(words, " ")+" \"$@\"\n"), 0o700)
}

// beGo is the go command.
func beGo(args []string) error {
	switch {
	case slices.Equal(args, []string{"env", "GOVERSION"}):
		fmt.Println("go" + GoVersion)
	case slices.Equal(args, []string{"env", "GOPROXY"}):
		fmt.Println("off")
	case len(args) > 0 && args[0] == "list":
		for _, path := range args {
			if file, held := strings.CutPrefix(path, Held); held {
				must(os.WriteFile(file, nil, 0o600))
				await(func() bool { return !exists(file) })
				must(os.WriteFile(file+Answered, nil, 0o600))
			}
		}
	case len(args) > 2 && args[0] == "build" && args[1] == "-o":
		return build(args[2])
	}
	return nil // it knows no packages and no modules
}

// await waits until something is so.
func await(is func() bool) {
	for !is() {
		time.Sleep(5 * time.Millisecond)
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// build makes a program of main.go. Lines for the go command are "fail TEXT": the build fails, and says so, and "hang":
// it goes on for ever, with a child; the file building then has the numbers of both.
func build(target string) error {
	text, err := os.ReadFile("main.go")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if said, ok := strings.CutPrefix(line, "//go fail "); ok {
			fmt.Fprintln(os.Stderr, said)
			os.Exit(1)
		}
		if file, ok := strings.CutPrefix(line, "//go hang "); ok {
			signal.Ignore(os.Interrupt, syscall.SIGTERM) // a build ends by force only
			sleep := exec.Command("sleep", "600")
			if err := sleep.Start(); err != nil {
				return err
			}
			must(os.WriteFile(file+".next", fmt.Append(nil, os.Getpid(), " ", sleep.Process.Pid), 0o600))
			must(os.Rename(file+".next", file))
			select {}
		}
	}
	source := target + ".go"
	if err := os.WriteFile(source, text, 0o600); err != nil {
		return err
	}
	if err := os.Remove(target); err != nil && !os.IsNotExist(err) {
		return err
	}
	return script(target, asProgram, source)
}
