package front

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"time"
)

// goTime is how long the go command may take to answer a question. It works offline.
const goTime = 10 * time.Second

// goCommand runs the go command in a folder, "" for this process's own, and returns what it prints, which may be part
// of what there is if it fails.
func (f *front) goCommand(dir string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(f.ctx, goTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, f.toolEnviron(), holdTime
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		first, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n")
		err = errors.New(strings.TrimPrefix(first, "go: "))
	}
	return string(out), err
}
