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
	PathVar     = "SSLKIT_PATH"        // PATH without the shims
	TempVar     = "SSLKIT_TMPDIR"      // TMPDIR as the user has it; empty if unset
	BinVar      = "SSLKIT_BIN"         // the folder of the shims
	GoNBTempVar = "SSLKIT_GONB_TMPDIR" // TMPDIR that GoNB is given
	CellsVar    = "SSLKIT_CELLS"       // the file that says which line of which cell a declaration is from
)

// Paths are the files and folders that the front and the shims share.
type Paths struct {
	Bin    string // the folder of the shims
	Temp   string // GoNB's temporary folder
	Socket string // where the front takes events
	Cells  string // the file of the cells' lines
}

// Environ returns the environment for GoNB, from that of the front: with the
// shims first on PATH, and a temporary folder that the front removes.
func Environ(environ []string, p Paths) []string {
	path := lookup(environ, "PATH")
	return append(slices.Clone(environ),
		PathVar+"="+path,
		TempVar+"="+lookup(environ, "TMPDIR"),
		BinVar+"="+p.Bin,
		GoNBTempVar+"="+p.Temp,
		CellsVar+"="+p.Cells,
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

// restored returns the environment as it would be without the front. What the
// user has set in the notebook, by GoNB's %env, stays.
func restored(environ []string) []string {
	bin, gonbTemp, temp := lookup(environ, BinVar), lookup(environ, GoNBTempVar), lookup(environ, TempVar)
	var list []string
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		switch {
		case slices.Contains([]string{PathVar, TempVar, BinVar, GoNBTempVar, CellsVar, event.Socket}, name):
			continue
		case name == "PATH":
			entry = "PATH=" + without(value, bin)
		case name == "TMPDIR" && value == gonbTemp && temp == "":
			continue
		case name == "TMPDIR" && value == gonbTemp:
			entry = "TMPDIR=" + temp
		}
		list = append(list, entry)
	}
	return list
}

// without takes a folder out of a search path.
func without(path, dir string) string {
	separator := string(os.PathListSeparator)
	dirs := slices.DeleteFunc(strings.Split(path, separator), func(d string) bool { return d == dir && dir != "" })
	return strings.Join(dirs, separator)
}
