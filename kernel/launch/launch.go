// Package launch holds the parts that this program plays when it is started
// under another name: the go command and gopls, which GoNB looks up on its PATH,
// the program of a cell, which GoNB starts where it asked go to build one, and
// the guard of the front's own gopls. So builds and cells can be interrupted,
// told of, and mended, with GoNB as it is.
package launch

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/gossl/gossl/kernel/event"
)

// Shims are the names under which GoNB and the front find this program.
var Shims = []string{"go", "gopls", GuardName}

// IsCell says whether argv0, the name that this program was started by, is that
// of a cell's program.
func IsCell(argv0 string) bool { return isWork(argv0) }

// failed is the exit status of a shim that could not do its work.
const failed = 1

// report says on stderr what went wrong with the kernel, rather than with the cell.
func report(err error) {
	fmt.Fprintln(os.Stderr, "sslkit-kernel:", err)
}

// tell tells the front of an event. If it cannot be told, it has ended, and this process
// will soon be ended, too: until then work goes on.
func tell(e event.Event) event.Answer {
	answer, err := event.Tell(e)
	if err != nil {
		report(err)
	}
	return answer
}

// tool returns the path of a true program, where the shims would be found by PATH.
func tool(name string) (string, error) {
	path := os.Getenv(pathVar)
	for _, dir := range filepath.SplitList(path) {
		if file, err := exec.LookPath(filepath.Join(dir, name)); err == nil && filepath.IsAbs(file) {
			return file, nil
		}
	}
	return "", fmt.Errorf("launch: %s is not on %s=%q", name, pathVar, path)
}
