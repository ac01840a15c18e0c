package home

import (
	"fmt"
	"syscall"
)

// Free is how many bytes a user can still write below a folder.
func Free(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("home: disk of %s: %w", dir, err)
	}
	return int64(s.Bavail) * s.Bsize, nil
}
