package front

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/gossl/gossl/kernel/launch"
)

// addGoimports puts a goimports on GoNB's PATH that has the environment of Go
// tools, so that it counts its uses where they do. A shell starts in less time than this program.
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
