package spec

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

var names = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*$`)

// CheckName reports a name that Jupyter would not take for a kernel's.
func CheckName(name string) error {
	if !names.MatchString(name) {
		return fmt.Errorf("spec: name %q, want letters, digits, '.', '_' and '-', and no '.' in front", name)
	}
	return nil
}

// UserDir is the folder in which every Jupyter of the user looks for kernelspecs.
func UserDir() (string, error) {
	data := os.Getenv("JUPYTER_DATA_DIR")
	if data == "" {
		xdg := os.Getenv("XDG_DATA_HOME")
		if xdg == "" {
			user, err := os.UserHomeDir()
			if err != nil {
				return "", fmt.Errorf("spec: no Jupyter data directory: set JUPYTER_DATA_DIR: %w", err)
			}
			xdg = filepath.Join(user, ".local", "share")
		}
		data = filepath.Join(xdg, "jupyter")
	}
	return absolute(filepath.Join(data, "kernels"))
}

// PrefixDir is the folder in which a Jupyter that is installed below prefix looks for kernelspecs: /usr/local, or a
// virtual environment.
func PrefixDir(prefix string) (string, error) {
	return absolute(filepath.Join(prefix, "share", "jupyter", "kernels"))
}

func absolute(dir string) (string, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("spec: %s: %w", dir, err)
	}
	return path, nil
}
