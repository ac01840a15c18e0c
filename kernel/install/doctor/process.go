package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// process is what the system tells of a process.
type process struct {
	pid, parent int
	parentName  string
	program     string // its file
	args        []string
	environ     []string // that it was started with; nil for another user's
}

var parentLine = regexp.MustCompile(`(?m)^PPid:\s*(\d+)$`)

// processes lists the processes that this user may look at.
func processes(root string) []process {
	dirs, _ := filepath.Glob(filepath.Join(root, "proc", "[0-9]*")) // fails for a malformed pattern alone
	var all []process
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if p, err := read(root, pid); err == nil { // it may have ended, or be somebody else's
			all = append(all, p)
		}
	}
	return all
}

func read(root string, pid int) (process, error) {
	dir := filepath.Join(root, "proc", strconv.Itoa(pid))
	program, err := os.Readlink(filepath.Join(dir, "exe"))
	if err != nil {
		return process{}, err
	}
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return process{}, err
	}
	found := parentLine.FindSubmatch(status)
	if found == nil {
		return process{}, fmt.Errorf("doctor: %s/status has no PPid", dir)
	}
	parent, err := strconv.Atoi(string(found[1]))
	if err != nil {
		return process{}, err
	}
	// What cannot be read stays empty: the process ends, or the parent has.
	name, _ := os.ReadFile(filepath.Join(root, "proc", strconv.Itoa(parent), "comm"))
	line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
	environ, _ := os.ReadFile(filepath.Join(dir, "environ"))
	return process{
		pid: pid, parent: parent, parentName: strings.TrimSpace(string(name)),
		program: strings.TrimSuffix(program, " (deleted)"),
		args:    strings.Split(string(line), "\x00"), environ: strings.Split(string(environ), "\x00"),
	}, nil
}

// list shows processes, a line each.
func list(processes []process) string {
	var lines []string
	for _, p := range processes {
		lines = append(lines, fmt.Sprintf("%d %s", p.pid, p.program))
	}
	return strings.Join(lines, "\n")
}
