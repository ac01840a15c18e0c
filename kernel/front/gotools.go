package front

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gossl/gossl/kernel/assist"
	"github.com/gossl/gossl/kernel/gonb/lines"
	"github.com/gossl/gossl/kernel/launch"
)

// toolEnviron is the environment in which we run Go tools.
func (f *front) toolEnviron() []string { return slices.Concat(f.environ, f.options.Tools) }

// goTime is how long the go command may take to answer a question. It works offline.
const goTime = 10 * time.Second

// goCommand runs the go command in a folder, "" for this process's own, and returns what it prints, which may be part
// of what there is if it fails.
func (f *front) goCommand(dir string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(f.ctx, goTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, f.toolEnviron(), holdTime
	var out, said strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &said
	err := f.runTool(cmd)
	var exit *exec.ExitError
	if errors.As(err, &exit) && said.Len() > 0 {
		first, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		err = errors.New(strings.TrimPrefix(first, "go: "))
	}
	return out.String(), err
}

// runTool runs a command of the front's own, which is nobody's orphan.
func (f *front) runTool(cmd *exec.Cmd) error {
	f.mu.Lock() // whoever asks whether the front has started it waits until that is noted
	err := cmd.Start()
	if err != nil {
		f.mu.Unlock()
		return err
	}
	f.tools[cmd.Process.Pid] = true
	f.mu.Unlock()
	err = cmd.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.tools, cmd.Process.Pid)
	return err
}

// packageName asks the go command for the name of the package at an import path.
func (f *front) packageName(path string) (string, bool) {
	if name, ok := f.names[path]; ok {
		return name, name != ""
	}
	out, err := f.goCommand(f.workDir(), "list", "-find", "-f", "{{.Name}}", "--", path)
	name := strings.TrimSpace(out)
	if err != nil {
		name = "" // the build says what is wrong with it
	}
	f.names[path] = name
	return name, name != ""
}

// common are patterns of packages that cells are likely to use, beside those that they import.
var common = []string{"std", assist.Library + "/...", "github.com/janpfeifer/gonb/gonbui/...", "github.com/gomlx/gomlx/..."}

// packages asks the go command for packages that cells can import: one of them may be
// meant by a name that is not declared.
func (f *front) packages() []lines.Package {
	args := slices.Concat([]string{"list", "-find", "-e", "-f", "{{.Name}}\t{{.ImportPath}}\t{{.Dir}}", "--"}, common, f.index.Imports())
	out, _ := f.goCommand(f.workDir(), args...) // what it found counts, whatever else is wrong
	var found []lines.Package
	for line := range strings.Lines(out) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != 3 || fields[0] == "main" || internal(fields[1]) {
			continue
		}
		found = append(found, lines.Package{Name: fields[0], Path: fields[1], Dir: fields[2]})
	}
	return found
}

// internal says whether cells cannot import a path.
func internal(path string) bool {
	elements := strings.Split(path, "/")
	return slices.Contains(elements, "internal") || slices.Contains(elements, "vendor")
}

// addGoimports puts a script on GoNB's PATH that starts goimports in the environment of
// Go tools: its usage counters then lie in the data directory. It is a script because a
// shell starts faster than this program, and GoNB runs goimports for each cell.
func (f *front) addGoimports() error {
	file, err := exec.LookPath("goimports")
	if err != nil {
		return nil // GoNB says so when it looks for it
	}
	var script strings.Builder
	script.WriteString("#!/bin/sh\nexport GODEBUG=")
	for _, entry := range f.options.Tools {
		name, value, _ := strings.Cut(entry, "=")
		fmt.Fprintf(&script, " %s=%s", name, launch.Quote(value))
	}
	fmt.Fprintf(&script, "\nexec %s \"$@\"\n", launch.Quote(file))
	if err := os.WriteFile(filepath.Join(f.dir.bin(), "goimports"), []byte(script.String()), 0o700); err != nil {
		return fmt.Errorf("front: %w", err)
	}
	return nil
}
