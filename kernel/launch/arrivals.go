package launch

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/sys/unix"
)

const (
	chunk = 128 << 10 // bytes that are read at a time; a pipe holds fewer, unless its size was changed
	turn  = 16        // chunks that are read from a pipe before another pipe has its turn

	// What waits to be passed on, at most. Reading early tells what came first;
	// a cell that writes faster than GoNB takes it has to wait in the end.
	queuedItems = 4096
	queuedBytes = 16 << 20
)

// item is what a cell wrote to one of its pipes.
type item struct {
	to   sink
	data []byte
}

// arrivals reads the pipes that a cell writes to, in the order in which it
// writes. Epoll lists pipes as they become ready; goroutines that wait for a pipe
// each would be woken in any order.
type arrivals struct {
	epoll, wake int          // descriptors; the second one interrupts waiting
	sinks       map[int]sink // by the descriptor that is read
	items       chan item    // what is read; closed at the end
	room        *semaphore.Weighted
	deadline    atomic.Int64 // after which reading ends, in ns since 1970; 0 for none
}

func newArrivals() (*arrivals, error) {
	a := &arrivals{sinks: map[int]sink{}, items: make(chan item, queuedItems), room: semaphore.NewWeighted(queuedBytes)}
	var err error
	if a.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("launch: epoll: %w", err)
	}
	if a.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, fmt.Errorf("launch: eventfd: %w", err)
	}
	if err := a.wait(unix.EPOLL_CTL_ADD, a.wake); err != nil {
		return nil, err
	}
	return a, nil
}

// pipe makes a pipe that is read, and returns its other end.
func (a *arrivals) pipe(to sink) (*os.File, error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return nil, fmt.Errorf("launch: pipe: %w", err)
	}
	return os.NewFile(uintptr(ends[1]), "pipe"), a.add(ends[0], to)
}

// add has a descriptor read.
func (a *arrivals) add(fd int, to sink) error {
	if err := unix.SetNonblock(fd, true); err != nil {
		return fmt.Errorf("launch: read a pipe: %w", err)
	}
	a.sinks[fd] = to
	return a.wait(unix.EPOLL_CTL_ADD, fd)
}

// wait has epoll report a descriptor each time that something is written to it.
func (a *arrivals) wait(op, fd int) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(fd)}
	if err := unix.EpollCtl(a.epoll, op, fd, &event); err != nil {
		return fmt.Errorf("launch: epoll: %w", err)
	}
	return nil
}

// run reads until all pipes have ended.
func (a *arrivals) run() {
	defer close(a.items)
	events := make([]unix.EpollEvent, 8)
	buffer := make([]byte, chunk)
	for len(a.sinks) > 0 {
		timeout := a.timeout()
		if timeout == 0 {
			a.rest(buffer)
			return
		}
		n, err := unix.EpollWait(a.epoll, events, timeout)
		if err != nil && !errors.Is(err, unix.EINTR) {
			report(fmt.Errorf("launch: epoll: %w", err))
			return
		}
		for _, event := range events[:max(n, 0)] {
			if fd := int(event.Fd); a.sinks[fd] != nil {
				a.takeTurn(fd, buffer)
			}
		}
	}
}

// timeout is how long to wait at most, in ms; -1 for ever, 0 if it is time to end.
func (a *arrivals) timeout() int {
	deadline := a.deadline.Load()
	if deadline == 0 {
		return -1
	}
	left := time.Until(time.Unix(0, deadline))
	if left <= 0 {
		return 0
	}
	return int(left/time.Millisecond) + 1
}

// takeTurn reads a pipe that was reported. A read that does not fill the buffer
// has emptied the pipe; then it will be reported again.
func (a *arrivals) takeTurn(fd int, buffer []byte) {
	for range turn {
		if a.read(fd, buffer) < len(buffer) {
			return
		}
	}
	if err := a.wait(unix.EPOLL_CTL_MOD, fd); err != nil { // reports it once more
		report(err)
	}
}

// read reads what a pipe holds, and says how much that was.
func (a *arrivals) read(fd int, buffer []byte) int {
	n, err := unix.Read(fd, buffer)
	for errors.Is(err, unix.EINTR) {
		n, err = unix.Read(fd, buffer)
	}
	if n > 0 {
		_ = a.room.Acquire(context.Background(), int64(n)) // fails with its context only
		a.items <- item{a.sinks[fd], append([]byte(nil), buffer[:n]...)}
		return n
	}
	if !errors.Is(err, unix.EAGAIN) { // everybody has closed it
		delete(a.sinks, fd)
		_ = unix.Close(fd) // was for reading
	}
	return 0
}

// rest reads what the pipes hold now, and no more, whoever goes on writing.
func (a *arrivals) rest(buffer []byte) {
	for fd := range a.sinks {
		for left := unread(fd); left > 0; {
			n := a.read(fd, buffer[:min(left, len(buffer))])
			if n == 0 {
				break
			}
			left -= n
		}
	}
}

// end ends reading at a time, even if somebody holds the other ends of the pipes.
func (a *arrivals) end(at time.Time) {
	a.deadline.Store(at.UnixNano())
	if _, err := unix.Write(a.wake, binary.NativeEndian.AppendUint64(nil, 1)); err != nil {
		report(fmt.Errorf("launch: eventfd: %w", err))
	}
}

// unread is how many bytes have been written to a pipe and not yet been read; 0 if fd is no pipe.
func unread(fd int) int {
	n, err := unix.IoctlGetInt(fd, unix.TIOCINQ)
	if err != nil {
		return 0
	}
	return n
}
