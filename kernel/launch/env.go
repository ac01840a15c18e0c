package launch

import (
	"os"
	"slices"
	"strings"

	"github.com/gossl/gossl/kernel/event"
)

// Environment variables by which the front tells the shims and the launcher what
// they need, beside event.Socket. Cells do not get them.
const (
	pathVar  = "SSLKIT_PATH"  // PATH without the shims
	binVar   = "SSLKIT_BIN"   // the folder of the shims
	cellsVar = "SSLKIT_CELLS" // the file that says which line of which cell a declaration is from
	toolsVar = "SSLKIT_TOOLS" // the environment of Go tools: NAME=VALUE, a line each
)

// Paths are the files and folders that the front and the shims share.
type Paths struct {
	Bin    string   // the folder of the shims
	Temp   string   // the temporary folder of GoNB and of cells
	Socket string   // where the front takes events
	Cells  string   // the file of the cells' lines
	Tools  []string // NAME=VALUE: what Go tools that build cells have in their environment, and cells have not
}

// Environ returns the environment for GoNB, from that of the front: with the
// shims first on PATH, and a temporary folder that the front removes: what cells
// leave there goes with it.
func Environ(environ []string, p Paths) []string {
	path := lookup(environ, "PATH")
	return append(slices.Clone(environ),
		pathVar+"="+path,
		binVar+"="+p.Bin,
		cellsVar+"="+p.Cells,
		toolsVar+"="+strings.Join(p.Tools, "\n"),
		event.Socket+"="+p.Socket,
		"PATH="+p.Bin+string(os.PathListSeparator)+path,
		"TMPDIR="+p.Temp,
	)
}

// lookup returns the value of a variable; the last one counts, as in package os/exec.
func lookup(environ []string, name string) (value string) {
	for _, entry := range environ {
		if v, ok := strings.CutPrefix(entry, name+"="); ok {
			value = v
		}
	}
	return value
}

// restored returns the environment as it would be without the front, but for the
// temporary folder. What the user has set in the notebook, by GoNB's %env, stays.
func restored(environ []string) []string {
	bin := lookup(environ, binVar)
	var list []string
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		switch {
		case slices.Contains([]string{pathVar, binVar, cellsVar, toolsVar, event.Socket}, name):
			continue
		case name == "PATH":
			entry = "PATH=" + without(value, bin)
		}
		list = append(list, entry)
	}
	return list
}

// forTools returns the environment of Go tools that build cells: restored, with
// their files where the front wants them.
func forTools(environ []string) []string {
	tools := strings.Split(lookup(environ, toolsVar), "\n")
	// GODEBUG, set for the cell, would have the tools' own runtime print lines among their messages.
	tools = slices.DeleteFunc(append(tools, "GODEBUG="), func(entry string) bool { return entry == "" })
	list := slices.DeleteFunc(restored(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.ContainsFunc(tools, func(tool string) bool { return strings.HasPrefix(tool, name+"=") })
	})
	return append(list, tools...)
}

// without takes a folder out of a search path.
func without(path, dir string) string {
	separator := string(os.PathListSeparator)
	dirs := slices.DeleteFunc(strings.Split(path, separator), func(d string) bool { return d == dir && dir != "" })
	return strings.Join(dirs, separator)
}
