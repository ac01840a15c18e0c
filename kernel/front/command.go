package front

import (
	"path/filepath"

	"github.com/gossl/gossl/kernel/launch"
)

// shell is what GoNB is to run in place of a command of a cell.
func (f *front) shell(command string) string { return launch.Shell(command, f.stdin.path) }

// script is the program that GoNB is to run a cell's script with.
func (f *front) script() string { return filepath.Join(f.dir.bin(), launch.ScriptName) }
