// Package atomicfile replaces files at once: whoever reads a file sees all of the
// old one or all of the new one, also after a crash.
//
// A new file gets the permissions that the user's umask leaves, one that is replaced
// keeps its own. Links stay links: what they lead to is replaced. What is not a file,
// such as /dev/stdout, is written to.
package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/google/renameio/v2"
)

// Write replaces a file.
func Write(path string, data []byte) error {
	return WriteBy(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteBy replaces a file by what write writes. If write fails, the file stays as
// it is.
func WriteBy(path string, write func(w io.Writer) error) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(file), file.Close())
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	file, err := Create(path)
	if err != nil {
		return err
	}
	defer file.Discard()
	if err := write(file); err != nil {
		return of(path, err)
	}
	return file.Replace()
}

// WriteAndKeep is [Write] that keeps the old file, if there is one, under another
// name. After a crash in between only the old one is there, so named.
func WriteAndKeep(path, keep string, data []byte) error {
	file, err := Create(path)
	if err != nil {
		return err
	}
	defer file.Discard()
	if _, err := file.Write(data); err != nil {
		return of(path, err)
	}
	if err := file.Sync(); err != nil { // the new one is complete before the old one moves
		return of(path, err)
	}
	if err := os.Rename(path, keep); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return file.Replace()
}

// A File is a new file that is not yet in its place. Until then it lies beside it,
// under a name that begins with a dot.
type File struct {
	*os.File
	pending *renameio.PendingFile
	path    string
}

// Create makes a new file for a path. End with Replace or Discard.
func Create(path string) (*File, error) {
	// In the same folder, so that it can take the other's name.
	pending, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)),
		renameio.WithPermissions(0o666), renameio.WithExistingPermissions())
	if err != nil {
		return nil, of(path, err)
	}
	return &File{pending.File, pending, path}, nil
}

// Replace puts the file, complete on the disk, in the place of the old one, and
// closes it.
func (f *File) Replace() error { return of(f.path, f.pending.CloseAtomicallyReplace()) }

// Discard removes a file that is not in its place, and closes it; after Replace it
// does nothing.
func (f *File) Discard() { _ = f.pending.Cleanup() } // what cannot be removed is for RemoveAbandoned

// abandoned is what the names of new files look like.
var abandoned = regexp.MustCompile(`^\..+\d+$`)

// IsPending says whether a file's name is that of a new file not in its place. A
// name of one's own that begins with a dot and ends in digits looks like it.
func IsPending(name string) bool { return abandoned.MatchString(name) }

// RemoveAbandoned removes what processes that died have left beside the named
// files of a folder. Nobody may be writing them.
func RemoveAbandoned(dir string, names ...string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		of := regexp.MustCompile(`^\.` + regexp.QuoteMeta(name) + `\d+$`)
		for _, entry := range entries {
			if of.MatchString(entry.Name()) {
				err = errors.Join(err, os.Remove(filepath.Join(dir, entry.Name())))
			}
		}
	}
	return err
}

// of makes an error that names a new file one that names the file that was meant.
func of(path string, err error) error {
	var onFile *fs.PathError
	if errors.As(err, &onFile) && IsPending(filepath.Base(onFile.Path)) {
		return &fs.PathError{Op: onFile.Op, Path: path, Err: onFile.Err}
	}
	var onNames *os.LinkError
	if errors.As(err, &onNames) {
		return &fs.PathError{Op: "replace", Path: path, Err: onNames.Err}
	}
	return err
}
