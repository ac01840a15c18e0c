package dataset

import (
	"errors"
	"os"
	"syscall"
)

// mapFile returns the first bytes of a file as memory. Pages are read when they
// are looked at and may be dropped again; those written to become the process's
// own. Without MAP_NORESERVE the system would refuse what is larger than its
// memory, lest all pages be written to.
func mapFile(file *os.File, bytes int) ([]byte, error) {
	const private = syscall.MAP_PRIVATE | syscall.MAP_NORESERVE
	data, err := syscall.Mmap(int(file.Fd()), 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE, private)
	return data, os.NewSyscallError("mmap", err)
}

// unmap gives back what mapFile returned. Nobody may look at it any more.
func unmap(data []byte) {
	_ = syscall.Munmap(data) // fails for what mapFile did not return only
}

// reserve takes space on the disk for the first bytes of a file, so that a disk
// that is too small shows before the work and not after it.
func reserve(file *os.File, bytes int) error {
	for {
		err := syscall.Fallocate(int(file.Fd()), 0, 0, int64(bytes))
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EOPNOTSUPP): // some file systems cannot
			return nil
		default:
			return os.NewSyscallError("fallocate "+file.Name(), err)
		}
	}
}
