package proc

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Info is what the system tells of a process.
type Info struct {
	PID, Parent int
	ParentName  string
	Program     string // its file
	Args        []string
	Environ     []string // that it was started with
}

var parentLine = regexp.MustCompile(`(?m)^PPid:\s*(\d+)$`)

// All lists the processes that this user may look at, by the folder proc below root.
func All(root string) []Info {
	dirs, _ := filepath.Glob(filepath.Join(root, "proc", "[0-9]*")) // fails for a malformed pattern alone
	var all []Info
	for _, dir := range dirs {
		if p, ok := look(dir); ok {
			all = append(all, p)
		}
	}
	return all
}

// look reads the folder of a process; false if it has ended, or is somebody else's.
func look(dir string) (p Info, ok bool) {
	pid, err := strconv.Atoi(filepath.Base(dir))
	if err != nil {
		return p, false
	}
	program, err := os.Readlink(filepath.Join(dir, "exe"))
	if err != nil {
		return p, false
	}
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	found := parentLine.FindSubmatch(status)
	if err != nil || found == nil {
		return p, false
	}
	parent, _ := strconv.Atoi(string(found[1])) // the pattern lets only numbers through
	// What cannot be read stays empty: the process ends, or the parent has.
	name, _ := os.ReadFile(filepath.Join(filepath.Dir(dir), strconv.Itoa(parent), "comm"))
	line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
	environ, _ := os.ReadFile(filepath.Join(dir, "environ"))
	return Info{
		PID: pid, Parent: parent, ParentName: strings.TrimSpace(string(name)),
		Program: strings.TrimSuffix(program, " (deleted)"),
		Args:    strings.Split(string(line), "\x00"), Environ: strings.Split(string(environ), "\x00"),
	}, true
}

// With lists the processes that were started with an entry NAME=VALUE in their environment.
func With(root, entry string) []Info {
	return slices.DeleteFunc(All(root), func(p Info) bool { return !slices.Contains(p.Environ, entry) })
}

// KillWith ends the processes that were started with an entry NAME=VALUE in their
// environment, by force. What they start meanwhile ends as well.
func KillWith(entry string) {
	for range 50 {
		found := With("/", entry)
		if len(found) == 0 {
			return
		}
		for _, p := range found {
			_ = syscall.Kill(p.PID, syscall.SIGKILL) // it may have ended
		}
		time.Sleep(20 * time.Millisecond)
	}
}
