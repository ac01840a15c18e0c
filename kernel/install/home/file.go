package home

import (
	"fmt"
	"os"
	"path/filepath"
)

// WriteFile replaces a file in one step: a reader finds the old content or the new, never a part.
func WriteFile(name string, content []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return fmt.Errorf("home: %s: %w", name, err)
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(content)
	if chmod := temp.Chmod(0o644); err == nil {
		err = chmod
	}
	if closing := temp.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("home: %s: %w", name, err)
	}
	return nil
}
