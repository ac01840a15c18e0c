package launch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/gossl/gossl/kernel/event"
	"github.com/gossl/gossl/kernel/gonb"
	"github.com/gossl/gossl/kernel/proc"
)

// notFound is the exit status of a shell for a program that it does not find.
const notFound = 127

// Go stands in for the go command. It builds cells in GoNB's folder, and is the
// true go command for everything else.
func Go(args []string) int {
	if asksForWasm(args) {
		root, err := wasmRoot()
		if err != nil {
			report(err)
			return failed
		}
		fmt.Println(root)
		return 0
	}
	if len(args) > 0 && args[0] == gonb.Env {
		return tellEnvironment(args[1:])
	}
	dir, err := os.Getwd()
	if err != nil || !isWork(dir) {
		return become("go", args, restored(os.Environ())) // a command of the user's
	}
	switch {
	case starts(args, "mod", "init"):
		tell(event.Event{Kind: event.WorkDir, Dir: dir})
	case slices.Equal(args, []string{"get"}), slices.Equal(args, []string{"get", "-t"}):
		return 0 // buildCell gets what the build misses
	case starts(args, "build", "-o") && len(args) > 2 && isIn(dir, args[2]):
		return buildCell(dir, args, 2)
	case starts(args, "test", "-c", "-o") && len(args) > 3 && isIn(dir, args[3]):
		return buildCell(dir, args, 3)
	}
	return become("go", args, forTools(os.Environ()))
}

// isWork says whether a path is named like the folder that GoNB builds in, which is the name of its program, too.
func isWork(path string) bool { return strings.HasPrefix(filepath.Base(path), gonb.FolderPrefix) }

// isIn says whether file lies directly in dir, whichever way the two are written.
func isIn(dir, file string) bool {
	a, errA := os.Stat(dir)
	b, errB := os.Stat(filepath.Dir(file))
	return errA == nil && errB == nil && os.SameFile(a, b)
}

func starts(args []string, with ...string) bool {
	return len(args) >= len(with) && slices.Equal(args[:len(with)], with)
}

// become replaces this process by a true program.
func become(name string, args, environ []string) int {
	file, err := tool(name)
	if err == nil {
		err = syscall.Exec(file, append([]string{file}, args...), environ)
	}
	report(err)
	return notFound
}

// tellEnvironment prints a variable as cells have it, or all of them.
func tellEnvironment(names []string) int {
	environ := restored(os.Environ())
	if len(names) == 0 {
		slices.Sort(environ)
		fmt.Println(strings.Join(environ, "\n"))
		return 0
	}
	for _, entry := range environ {
		if value, ok := strings.CutPrefix(entry, names[0]+"="); ok {
			fmt.Println(value)
			return 0
		}
	}
	fmt.Fprintf(os.Stderr, "%%env: %s is not set\n", names[0])
	return failed
}

// asksForWasm says whether GoNB asks where wasm_exec.js is, to run a cell with %wasm.
func asksForWasm(args []string) bool {
	return slices.Equal(args, []string{"env", "GOROOT"}) && proc.Comm(os.Getppid()) == "gonb"
}

// wasmRoot answers with a folder that has wasm_exec.js where GoNB looks for it:
// Go moved it from misc/wasm to lib/wasm in 1.24.
func wasmRoot() (string, error) {
	tool, err := tool("go")
	if err != nil {
		return "", err
	}
	cmd := exec.Command(tool, "env", "GOROOT")
	cmd.Env = forTools(os.Environ())
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("launch: go env GOROOT: %w", err)
	}
	misc := filepath.Join(filepath.Dir(os.Getenv(binVar)), "goroot", "misc")
	if err := os.MkdirAll(misc, 0o700); err != nil {
		return "", fmt.Errorf("launch: %w", err)
	}
	lib := filepath.Join(strings.TrimSpace(string(out)), "lib", "wasm")
	if err := os.Symlink(lib, filepath.Join(misc, "wasm")); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("launch: %w", err)
	}
	return filepath.Dir(misc), nil
}
