package assist

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/gossl/gossl/kernel/gonb"
	"github.com/gossl/gossl/kernel/proc"
)

// Library is the folder of packages that cells most likely use.
const Library = "github.com/gossl/gossl/sslkit"

// libraryPackages returns the packages of the library that cells can import, as if a cell had imported them: gopls then
// has them loaded before anybody asks.
func libraryPackages(ctx context.Context, o Options) (map[string]gonb.Import, error) {
	command := o.guarded("go", "list", "-find", "-f", "{{.Name}} {{.ImportPath}}", Library+"/...")
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Env = o.Dir, environ(o.Env)
	proc.Grouped(cmd, syscall.SIGKILL, time.Second)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
		}
		return nil, fmt.Errorf("assist: list the packages of %s: %w", Library, err)
	}
	packages := map[string]gonb.Import{}
	for line := range strings.Lines(string(out)) {
		name, path, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "main" || strings.Contains(path+"/", "/internal/") {
			continue
		}
		i := gonb.Import{Path: path}
		if i.Key() != name {
			i.Name = name
		}
		packages[name] = i
	}
	return packages, nil
}
