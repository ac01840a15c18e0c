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

	"github.com/gossl/gossl/kernel/proc"
)

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
	misc := filepath.Join(filepath.Dir(os.Getenv(BinVar)), "goroot", "misc")
	if err := os.MkdirAll(misc, 0o700); err != nil {
		return "", fmt.Errorf("launch: %w", err)
	}
	lib := filepath.Join(strings.TrimSpace(string(out)), "lib", "wasm")
	if err := os.Symlink(lib, filepath.Join(misc, "wasm")); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("launch: %w", err)
	}
	return filepath.Dir(misc), nil
}
