package doctor

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gossl/gossl/kernel/front"
	"github.com/gossl/gossl/kernel/install/spec"
	"github.com/gossl/gossl/kernel/proc"
)

// stale checks for folders of killed kernels; the next kernel that starts removes them, too.
func (d *Doctor) stale(context.Context) Check {
	look := front.Stale
	if d.Clean {
		look = front.RemoveStale
	}
	dirs, err := look(d.Home.Temp())
	list := strings.Join(dirs, "\n")
	switch {
	case err != nil:
		return warn("remove it yourself", "%v", err)
	case len(dirs) == 0:
		return ok("none in %s", d.Home.Temp())
	case d.Clean:
		return ok("removed %d of killed kernels\n%s", len(dirs), list)
	}
	return warn("run `sslkit-kernel doctor --clean`", "%d of killed kernels\n%s", len(dirs), list)
}

// strays checks for processes that have outlived who started them.
func (d *Doctor) strays(context.Context) Check {
	var found []proc.Info
	numbers := ""
	for _, p := range proc.All(d.root) {
		if d.stray(p) {
			found = append(found, p)
			numbers += " " + strconv.Itoa(p.PID)
		}
	}
	if len(found) == 0 {
		return ok("none")
	}
	return warn("unless you want them: kill"+numbers, "%d run on without who started them\n%s", len(found), list(found))
}

// stray says whether a process is a program of the data directory, a tool or a cell, whose parent has ended.
func (d *Doctor) stray(p proc.Info) bool {
	if !strings.HasPrefix(p.Program, string(d.Home)+"/") {
		return false
	}
	if filepath.Base(p.Program) == spec.Program {
		// Only a kernel has a parent to lose, and in a container that can be the first process.
		return slices.Contains(p.Args, "launch") && slices.Contains(reapers, p.ParentName)
	}
	return p.Parent == 1 || slices.Contains(reapers, p.ParentName)
}

// reapers are the programs that become the parents of processes whose own has ended.
var reapers = []string{"systemd", "init", "tini", "dumb-init", "docker-init", "catatonit", "s6-svscan", "runit", "launchd"}

// list shows processes, a line each.
func list(processes []proc.Info) string {
	var lines []string
	for _, p := range processes {
		lines = append(lines, fmt.Sprintf("%d %s", p.PID, p.Program))
	}
	return strings.Join(lines, "\n")
}
