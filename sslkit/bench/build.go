package bench

import (
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
)

// Build says which program made a record.
type Build struct {
	Commit string            `json:"commit"` // of sslkit, or its version; "" if nothing tells
	Dirty  bool              `json:"dirty"`  // the commit's files had been changed
	Go     string            `json:"go"`
	GoMLX  map[string]string `json:"gomlx"` // versions of its modules
}

// String is the commit, shortly, with a plus if files had been changed.
func (b Build) String() string {
	commit := b.Commit
	if len(commit) > 12 {
		commit = commit[:12]
	}
	if commit == "" {
		commit = "unknown"
	}
	if b.Dirty {
		commit += "+"
	}
	return commit
}

const module = "github.com/gossl/gossl"

// thisBuild is what the program knows of itself. Where the Go command has not
// put the commit into the program, as `go run` and a notebook's cell do not, it
// is that of the checkout that the kernel names in SSLKIT_CHECKOUT, or else of
// the one around the working directory.
func thisBuild() Build {
	b := Build{Go: runtime.Version(), GoMLX: map[string]string{}}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	local, dir := info.Main.Path == module, os.Getenv("SSLKIT_CHECKOUT")
	for _, dep := range info.Deps {
		switch {
		case strings.HasPrefix(dep.Path, "github.com/gomlx/"):
			b.GoMLX[strings.TrimPrefix(dep.Path, "github.com/gomlx/")] = dep.Version
		case dep.Path != module:
		case dep.Replace != nil:
			local, dir = true, dep.Replace.Path
		case dep.Version == "(devel)": // a workspace's
			local = true
		default:
			b.Commit = dep.Version
		}
	}
	for _, setting := range info.Settings {
		switch {
		case info.Main.Path != module:
		case setting.Key == "vcs.revision":
			b.Commit = setting.Value
		case setting.Key == "vcs.modified":
			b.Dirty = setting.Value == "true"
		}
	}
	if b.Commit == "" && local {
		b.Commit, b.Dirty = checkout(dir)
	}
	return b
}

// checkout returns the commit of the checkout of sslkit around a directory, ""
// being the working directory, and whether its files differ; "" if there is none.
func checkout(dir string) (commit string, dirty bool) {
	output := func(name string, args ...string) (string, error) {
		command := exec.Command(name, args...)
		command.Dir = dir
		text, err := command.Output()
		return strings.TrimSpace(string(text)), err
	}
	if path, err := output("go", "list", "-m"); err != nil || path != module {
		return "", false
	}
	head, err := output("git", "rev-parse", "HEAD")
	if err != nil {
		return "", false
	}
	changes, err := output("git", "status", "--porcelain", "--untracked-files=no")
	return head, err != nil || changes != ""
}
