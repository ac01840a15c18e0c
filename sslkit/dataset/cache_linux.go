package dataset

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapShards returns the pixels of shards as memory, one after the other. Pages are
// read when they are looked at and may be dropped again; those written to become the
// process's own. Without MAP_NORESERVE the system would refuse what is larger than
// its memory, lest all pages be written to.
func mapShards(shards []*shard, bytes int) ([]byte, error) {
	const private = unix.MAP_PRIVATE | unix.MAP_NORESERVE
	base, err := unix.MmapPtr(-1, 0, nil, uintptr(bytes), unix.PROT_NONE, private|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	data := unsafe.Slice((*byte)(base), bytes)
	for _, s := range shards {
		file, err := os.Open(s.path)
		if err != nil {
			unmap(data)
			return nil, err // has the path
		}
		_, err = unix.MmapPtr(int(file.Fd()), 0, unsafe.Pointer(&data[s.from]), uintptr(s.to-s.from), unix.PROT_READ|unix.PROT_WRITE, private|unix.MAP_FIXED)
		file.Close()
		if err != nil {
			unmap(data)
			return nil, os.NewSyscallError("mmap "+s.path, err)
		}
	}
	return data, nil
}

// unmap gives back what mapShards returned. Nobody may look at it any more.
func unmap(data []byte) {
	mappings.Delete(&data[0])
	_ = unix.MunmapPtr(unsafe.Pointer(&data[0]), uintptr(len(data))) // fails for what mapShards did not return only
}

// reserve takes space on the disk for the first bytes of a file, so that a disk
// that is too small shows before the work and not after it.
func reserve(file *os.File, bytes int) error {
	for {
		err := unix.Fallocate(int(file.Fd()), 0, 0, int64(bytes))
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EOPNOTSUPP): // some file systems cannot
			return nil
		default:
			return os.NewSyscallError("fallocate "+file.Name(), err)
		}
	}
}

// memorySize is how many bytes of memory the machine has, 0 if nobody knows.
func memorySize() int {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	return int(info.Totalram) * int(info.Unit)
}

// locks are those of a cache: one for each byte that its lock file might have. Byte 0
// is shared by all who work at it, and had alone by who removes what nobody needs; a
// shard's is had by who makes it. They end with the process. Where the file system
// has no locks, everybody has them.
type locks struct{ file *os.File }

const atWork = 0 // the lock of all who work at a cache

// openLocks makes a cache's folder, and waits while others remove things there.
func openLocks(ctx context.Context, dir string) (*locks, error) {
	for {
		l, err := lockFolder(dir)
		if l != nil || err != nil {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(waitFor):
		}
	}
}

// lockFolder is openLocks, and returns nil if one has to wait.
func lockFolder(dir string) (*locks, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err // has the path
	}
	path := filepath.Join(dir, "lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if errors.Is(err, fs.ErrNotExist) { // the folder was removed just now
		return nil, nil
	}
	if err != nil {
		return nil, err // has the path
	}
	l := &locks{file}
	if l.set(unix.F_RDLCK, atWork) {
		here, err := os.Stat(path)
		mine, mineErr := file.Stat()
		if err == nil && mineErr == nil && os.SameFile(here, mine) { // else the folder was removed meanwhile
			return l, nil
		}
	}
	l.close()
	return nil, nil
}

// try takes a lock that one can have, unless somebody has it.
func (l *locks) try(at int64) bool { return l.set(unix.F_WRLCK, at) }

// unlock gives up a lock that try took; that of all who work is then shared again.
func (l *locks) unlock(at int64) {
	if at == atWork {
		l.set(unix.F_RDLCK, at)
		return
	}
	l.set(unix.F_UNLCK, at)
}

func (l *locks) set(kind int16, at int64) bool {
	lock := unix.Flock_t{Type: kind, Start: at, Len: 1}
	err := unix.FcntlFlock(l.file.Fd(), unix.F_OFD_SETLK, &lock)
	return !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EACCES)
}

func (l *locks) close() { l.file.Close() }
