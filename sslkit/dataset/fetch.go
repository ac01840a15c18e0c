package dataset

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// Fetch downloads the official archive of a data set and unpacks it below
// [Dir], where [Load] looks for it: CIFAR-10 in its binary version, 170 MB, or
// ImageNette2-160, 99 MB. If the data are there already, as those of Shapes
// always are, it returns nil and does nothing. CIFAR-10's server is slow at
// times: an hour has been seen (github.com/pytorch/vision/issues/9536).
//
// What has arrived is kept when Fetch is stopped, by ctx too, and the next
// Fetch goes on from there. It tries again after faults of the network and of
// the server, and gives up after several in a row without a new byte. The
// files appear all at once, when the archive has the published checksum and
// is unpacked. Of several processes that fetch the same, one does and the
// others wait for it.
//
// Progress hears of bytes of the archive: first of those on disk while it is
// downloaded, then of those that are unpacked.
//
// It returns an error if no data set has that name; if the archive cannot be
// downloaded, and says how to place the files by hand; if its checksum is
// wrong; if the directory cannot be written to or is full; if the data are
// there in part; and if ctx is done, which the error then wraps.
func Fetch(ctx context.Context, name Name, progress Progress) error {
	known, err := find(name)
	if err != nil {
		return fmt.Errorf("dataset: Fetch: %w", err)
	}
	if known.archive == nil {
		return nil
	}
	return known.archive.fetch(ctx, Dir(), progress)
}

// An archive is the official file of a data set, and how patiently to get it.
type archive struct {
	name     Name
	url      string
	md5      string   // of the file, in hexadecimal
	size     int64    // of the file, in bytes
	unpacked int64    // what its files take on a disk, in bytes, roughly
	folder   string   // what it unpacks to
	wanted   []string // files and folders below folder that must not be empty

	stall time.Duration   // without a byte for so long, a connection is given up
	waits []time.Duration // before new tries, as many as are made without a new byte
}

var fetchWaits = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}

// base is the archive's name, which those of the helping files begin with.
func (a archive) base() string { return path.Base(a.url) }

// The helping files: none of them stays once the data are there.
func (a archive) part(dir string) string      { return filepath.Join(dir, a.base()+".part") }
func (a archive) unpacking(dir string) string { return filepath.Join(dir, a.base()+".unpacking") }
func (a archive) lockFile(dir string) string  { return filepath.Join(dir, a.base()+".lock") }

// fetch is [Fetch] for one archive and directory.
func (a archive) fetch(ctx context.Context, dir string, progress Progress) error {
	progress = seldom(progress)
	if there, err := a.there(dir); there || err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return a.explain(ctx, dir, err)
	}
	lock, err := a.lock(ctx, dir, progress)
	if err != nil {
		return a.explain(ctx, dir, err)
	}
	defer lock.Close()
	if there, err := a.there(dir); there || err != nil { // another process may have fetched it
		return err
	}
	if err := a.download(ctx, a.part(dir), progress); err != nil {
		return a.explain(ctx, dir, fmt.Errorf("downloading %s: %w", a.url, err))
	}
	if err := a.unpack(ctx, dir, progress); err != nil {
		return a.explain(ctx, dir, fmt.Errorf("unpacking %s: %w", a.part(dir), err))
	}
	_, err = a.there(dir) // tidies up
	return err
}

// there says whether the data are in dir, and removes what helped to get them.
// It returns an error if only a part of them is there.
//
// It may remove the lock file because who holds it, or waits for it, finds the
// data and is content.
func (a archive) there(dir string) (bool, error) {
	folder := filepath.Join(dir, a.folder)
	if _, err := os.Stat(folder); err != nil {
		return false, nil
	}
	if err := a.check(folder); err != nil {
		return false, fmt.Errorf("dataset: %s: %w\n%s is there, but not all that belongs to it: move it away and fetch again",
			a.name, err, folder)
	}
	// In a directory that cannot be written to, what lies there may stay.
	_ = os.Remove(a.part(dir))
	_ = os.RemoveAll(a.unpacking(dir))
	_ = os.Remove(a.lockFile(dir))
	return true, nil
}

// check returns an error that names the first wanted file or folder that is
// missing in the data's folder, or empty.
func (a archive) check(folder string) error {
	for _, name := range a.wanted {
		wanted := filepath.Join(folder, filepath.FromSlash(name))
		info, err := os.Stat(wanted)
		if err != nil {
			return err // has the path
		}
		empty := info.Size() == 0
		if info.IsDir() {
			entries, err := os.ReadDir(wanted)
			if err != nil {
				return err // has the path
			}
			empty = len(entries) == 0
		}
		if empty {
			return fmt.Errorf("%s: is empty", wanted)
		}
	}
	return nil
}

// lock returns a lock that one process at a time can have, to be closed.
func (a archive) lock(ctx context.Context, dir string, progress Progress) (*flock.Flock, error) {
	lock := flock.New(a.lockFile(dir), flock.SetPermissions(0o644))
	locked, err := lock.TryLock()
	if err == nil && !locked {
		progress(fmt.Sprintf("waiting for another process that fetches %s", a.name), 0, 0)
		_, err = lock.TryLockContext(ctx, 100*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", lock.Path(), err)
	}
	return lock, nil
}

// explain adds to an error what can be done about it.
func (a archive) explain(ctx context.Context, dir string, err error) error {
	var onDisk *fs.PathError
	elsewhere := fmt.Sprintf("set SSLKIT_DATA to another directory than %s", dir)
	advice := fmt.Sprintf("To place the files by hand, unpack %s into %s,\nor set SSLKIT_DATA to the directory that holds %s",
		a.url, dir, a.folder)
	switch {
	case ctx.Err() != nil:
		advice = fmt.Sprintf("What has arrived is kept in %s: fetching again goes on from there", dir)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		advice = fmt.Sprintf("Wanted are %d MB for the archive and about %d MB for its files: make room and fetch again, which goes on\n"+
			"from what has arrived, or %s", a.size/1e6+1, a.unpacked/1e6+1, elsewhere)
	case errors.As(err, &onDisk) && (errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)):
		advice = fmt.Sprintf("The files are to be written there: allow it, or %s", elsewhere)
	}
	return fmt.Errorf("dataset: %s: %w\n%s", a.name, err, advice)
}

// seldom returns a progress that keeps to what a [Progress] may expect: calls
// several times a second, and at the beginning and end of each piece of work.
func seldom(progress Progress) Progress {
	var last time.Time
	var doing string
	return func(what string, done, total int64) {
		now := time.Now()
		if progress == nil || what == doing && done != total && now.Sub(last) < progressEvery {
			return
		}
		last, doing = now, what
		progress(what, done, total)
	}
}

// unpack unpacks the downloaded archive beside the place where the data
// belong, and moves them there when they are complete. What a run left that was
// killed in the middle is removed first.
func (a archive) unpack(ctx context.Context, dir string, progress Progress) (err error) {
	temporary := a.unpacking(dir)
	if err := os.RemoveAll(temporary); err != nil {
		return err
	}
	if err := os.Mkdir(temporary, 0o755); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	file, err := os.Open(a.part(dir))
	if err != nil {
		return err
	}
	defer file.Close()
	what, done := "unpacking "+a.base(), int64(0)
	report := func(n int) {
		done += int64(n)
		progress(what, min(done, a.size-1), a.size) // the end is below
	}
	if err := untar(ctx, temporary, bufio.NewReaderSize(reporter{file, report}, 64<<10)); err != nil {
		return err
	}
	folder := filepath.Join(temporary, a.folder)
	if err := a.check(folder); err != nil {
		return err
	}
	if err := os.Rename(folder, filepath.Join(dir, a.folder)); err != nil {
		return err
	}
	progress(what, a.size, a.size)
	return nil
}

// A reporter tells how many bytes were read.
type reporter struct {
	io.Reader
	report func(n int)
}

func (r reporter) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.report(n)
	return n, err
}

// untar unpacks a tar that gzip has packed into a folder. Nothing outside of it
// is touched, whatever the tar says: names that lead out of it are errors, as
// are links and devices. Files get the usual permissions, and times of now.
func untar(ctx context.Context, folder string, r io.Reader) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	entries := tar.NewReader(unzipped)
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		entry, err := entries.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := untarEntry(root, entry, entries); err != nil {
			return fmt.Errorf("entry %q: %w", entry.Name, err)
		}
	}
}

// untarEntry makes a file with the contents, or a folder.
func untarEntry(root *os.Root, entry *tar.Header, contents io.Reader) error {
	name := filepath.FromSlash(entry.Name)
	switch {
	case entry.Typeflag == tar.TypeXGlobalHeader:
		return nil // a remark on the archive
	case !filepath.IsLocal(name):
		return errors.New("the name leads out of the folder")
	case entry.Typeflag == tar.TypeDir:
		return root.MkdirAll(filepath.Clean(name), 0o755)
	case entry.Typeflag != tar.TypeReg:
		return fmt.Errorf("is of type %q, want files and folders only", entry.Typeflag)
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	file, err := root.OpenFile(filepath.Clean(name), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, contents)
	return errors.Join(err, file.Close())
}
