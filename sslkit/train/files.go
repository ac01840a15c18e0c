package train

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
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

// writeFile replaces a file at once: whoever reads it sees all of the old or
// all of the new, also after a crash.
func writeFile(path string, data []byte) error { return replaceFile(path, "", data) }

// replaceFile is [writeFile] that keeps the old file under another name, unless
// that is "". After a crash in between only the old one is there, so named.
func replaceFile(path, keep string, data []byte) error {
	next := path + ".next" // what a crash left is written over
	file, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		os.Remove(next) // gives back the space of a full disk
		return err
	}
	if keep != "" {
		if err := os.Rename(path, keep); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Rename(next, path)
}
