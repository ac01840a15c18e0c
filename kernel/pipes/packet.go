package pipes

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/gossl/gossl/kernel/proc"
)

// packet is the size of a pipe: one page, which is one write, or part of a longer one.
const packet = 4096

// unnamed makes a pipe that holds one write at a time: a descriptor to read from,
// and the other end.
func unnamed() (int, *os.File, error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_DIRECT); err != nil {
		return 0, nil, fmt.Errorf("pipes: %w", err)
	}
	if err := unix.SetNonblock(ends[0], true); err != nil {
		return 0, nil, fmt.Errorf("pipes: %w", err)
	}
	return ends[0], os.NewFile(uintptr(ends[1]), "output"), small(ends[0])
}

// small has a pipe hold no more than one write.
func small(fd int) error {
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, packet); err != nil {
		return fmt.Errorf("pipes: the size of a pipe: %w", err)
	}
	return nil
}

// named makes a pipe of that path, to read from. It is held open for writing, so
// that it does not end with who writes first.
func named(path string) (fd, held int, err error) {
	if err := unix.Mkfifo(path, 0o600); err != nil {
		return 0, 0, &os.PathError{Op: "mkfifo", Path: path, Err: err}
	}
	if fd, err = unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err != nil {
		return 0, 0, &os.PathError{Op: "open", Path: path, Err: err}
	}
	if held, err = unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0); err != nil {
		return 0, 0, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return fd, held, small(fd)
}

// blocking has a pipe's writers wait. One that tries without waiting wakes the
// reader although it could not write, which blurs the order; and what it sets, such
// as Node.js does, is set for all who share the pipe.
func blocking(end *os.File) {
	conn, err := end.SyscallConn()
	if err != nil {
		return // it is closed
	}
	_ = conn.Control(func(fd uintptr) {
		if flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0); err == nil && flags&unix.O_NONBLOCK != 0 {
			_, _ = unix.FcntlInt(fd, unix.F_SETFL, flags&^unix.O_NONBLOCK)
		}
	})
}

// packetize has the processes at and below pid write to a named pipe that they
// have opened one write at a time. Package gonbui opens its pipe by name, which
// cannot say so. It is an error where the system does not let this process touch
// descriptors of its children, as in containers without CAP_SYS_PTRACE: then a
// display that follows another may come before a print between the two.
func packetize(pid int, path string) error {
	for _, p := range append(proc.Below(pid), pid) {
		links, _ := filepath.Glob("/proc/" + strconv.Itoa(p) + "/fd/*") // none if it has ended
		for _, link := range links {
			if to, err := os.Readlink(link); err != nil || to != path {
				continue
			}
			number, err := strconv.Atoi(filepath.Base(link))
			if err != nil {
				return err
			}
			if err := direct(p, number); err != nil {
				return fmt.Errorf("pipes: descriptor %d of process %d: %w", number, p, err)
			}
		}
	}
	return nil
}

// direct sets O_DIRECT, by which pipes keep writes apart, on a descriptor of another
// process, and has its writer wait, which package os does not.
func direct(pid, number int) error {
	process, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err
	}
	defer unix.Close(process)
	fd, err := unix.PidfdGetfd(process, number, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFL, flags&^unix.O_NONBLOCK|unix.O_DIRECT)
	}
	return err
}
