package launch

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// source is the end of a pipe from which we read what a cell writes. After the
// file's read deadline it yields what the pipe held then, and ends, whoever still
// holds the other end.
type source struct {
	file *os.File
	over bool // the deadline
	left int  // bytes to read after it
}

func (s *source) Read(p []byte) (int, error) {
	if !s.over {
		n, err := s.file.Read(p)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		s.over, s.left = true, unread(s.file)
	}
	n := 0
	if s.left > 0 {
		p = p[:min(len(p), s.left)]
		err := control(s.file, func(fd int) (err error) {
			n, err = unix.Read(fd, p)
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	if n <= 0 {
		return 0, io.EOF
	}
	s.left -= n
	return n, nil
}

// unread is how many bytes have been written to a pipe and not yet been read; 0 if file is no pipe.
func unread(file *os.File) (n int) {
	err := control(file, func(fd int) (err error) {
		n, err = unix.IoctlGetInt(fd, unix.TIOCINQ)
		return err
	})
	if err != nil {
		return 0
	}
	return n
}

func control(file *os.File, call func(fd int) error) error {
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) { failed = call(int(fd)) })
	return errors.Join(err, failed)
}
