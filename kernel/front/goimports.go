package front

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/gossl/gossl/kernel/launch"
)

// addGoimports puts a script on GoNB's PATH that starts goimports in the environment of
// Go tools: its usage counters then lie in the data directory. It is a script because a
// shell starts faster than this program, and GoNB runs goimports for each cell.
func (f *front) addGoimports() error {
	file, err := exec.LookPath("goimports")
	if err != nil {
		return nil // GoNB says so when it looks for it
	}
	var script strings.Builder
	script.WriteString("#!/bin/sh\nexport GODEBUG=")
	for _, entry := range f.options.Tools {
		name, value, _ := strings.Cut(entry, "=")
		fmt.Fprintf(&script, " %s=%s", name, launch.Quote(value))
	}
	fmt.Fprintf(&script, "\nexec %s \"$@\"\n", launch.Quote(file))
	if err := os.WriteFile(filepath.Join(f.dir.bin(), "goimports"), []byte(script.String()), 0o700); err != nil {
		return fmt.Errorf("front: %w", err)
	}
	return nil
}
