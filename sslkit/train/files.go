package train

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// lock locks a file for this process, until the file is closed or the process ends.
func lock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s is in use: another run writes there", filepath.Dir(path))
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return file, nil
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
