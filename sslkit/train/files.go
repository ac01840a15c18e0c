package train

import (
	"fmt"
	"path/filepath"

	"github.com/gofrs/flock"
)

// lock locks a file for this process, until the lock is closed or the process ends.
func lock(path string) (*flock.Flock, error) {
	l := flock.New(path)
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if !ok {
		return nil, fmt.Errorf("%s is in use: another run writes there", filepath.Dir(path))
	}
	return l, nil
}
