package front

import (
	"context"
	"os/exec"
	"strings"
	"time"
)

// listTime is how long the go command may take to find a package.
const listTime = 5 * time.Second

// packageName asks the go command for the name of the package at an import path.
func (f *front) packageName(path string) (string, bool) {
	if name, ok := f.names[path]; ok {
		return name, name != ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), listTime)
	defer cancel()
	list := exec.CommandContext(ctx, "go", "list", "-find", "-f", "{{.Name}}", "--", path)
	list.Dir, list.Env = f.workDir(), f.toolEnviron()
	out, err := list.Output()
	name := strings.TrimSpace(string(out))
	if err != nil {
		name = "" // the build says what is wrong with it
	}
	f.names[path] = name
	return name, name != ""
}
