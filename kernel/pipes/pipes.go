// Package pipes reads what cells and commands write, in the order in which they
// write it, whichever of stdout, stderr and the pipe for displays they write to.
//
// A pipe does not say when it was written to. So each of them holds one write at
// a time: whoever writes again waits until the write before has been read. Then
// the order in which pipes become ready, which epoll keeps, is the order of the
// writes.
package pipes

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Stream is where a process writes text to, by Jupyter's name.
type Stream string

const (
	Stdout Stream = "stdout"
	Stderr Stream = "stderr"
)

// Handler takes what was written. Its methods are called one at a time.
type Handler interface {
	// Text takes text, which is valid UTF-8; a character is never split.
	Text(Stream, string)
	// Shown takes the value of a cell's last expression: MIME type to text.
	Shown(*Cell, map[string]string)
	// Display takes what a cell displays, and says whether GoNB is to have a copy.
	Display(*Cell, Display) (copied bool)
	// Input takes a cell's request for input.
	Input(*Cell, Input)
	// Failed takes what went wrong with a pipe.
	Failed(error)
}

// Display is what a cell displays.
type Display struct {
	Data     map[string]any // MIME type to text or, for pictures, bytes
	Metadata map[string]any
	ID       string // of a display that later ones replace; "" for one of its own
}

// Input is a request for a line of input.
type Input struct {
	Prompt   string
	Password bool // what is typed is not to be shown
}

// Reader reads the outputs of all processes of a kernel.
type Reader struct {
	handler             Handler
	dir                 string   // in which pipes with names are made
	epoll, wakes, opens int      // descriptors: the second one interrupts waiting, the third tells of pipes that are opened
	wake                *os.File // the second one: it knows when it is closed
	ends                [2]*os.File
	sinks               map[int]func([]byte) // by the descriptor that is read
	watches             map[int]func()       // what to do when a pipe is opened, by what opens reports
	text                text
	cells               map[*Cell]bool // whose pipes are open
	gates               []*os.File
	calls               chan func()   // for the goroutine that reads
	done                chan struct{} // closed when it is to end
	ran                 chan struct{} // closed when it has ended
	buffer              []byte
}

// New returns a reader that makes named pipes below dir, and hands what it reads
// to the handler once Run is called.
func New(dir string, h Handler) (*Reader, error) {
	r := &Reader{
		handler: h, dir: dir, sinks: map[int]func([]byte){}, watches: map[int]func(){}, text: text{to: h.Text},
		cells: map[*Cell]bool{}, calls: make(chan func(), 16), done: make(chan struct{}), ran: make(chan struct{}), buffer: make([]byte, packet),
	}
	var err error
	if r.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("pipes: epoll: %w", err)
	}
	if r.wakes, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, fmt.Errorf("pipes: eventfd: %w", err)
	}
	r.wake = os.NewFile(uintptr(r.wakes), "wake")
	if r.opens, err = unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK); err != nil {
		return nil, fmt.Errorf("pipes: inotify: %w", err)
	}
	for _, fd := range []int{r.wakes, r.opens} {
		if err := r.watch(fd); err != nil {
			return nil, err
		}
	}
	for i, stream := range []Stream{Stdout, Stderr} {
		fd, end, err := unnamed()
		if err != nil {
			return nil, err
		}
		r.ends[i] = end
		if err := r.add(fd, func(data []byte) { blocking(end); r.text.put(stream, data) }); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Ends are the pipes that processes get as stdout and stderr.
func (r *Reader) Ends() []*os.File { return r.ends[:] }

// add has a descriptor read.
func (r *Reader) add(fd int, sink func([]byte)) error {
	r.sinks[fd] = sink
	return r.watch(fd)
}

// watch has epoll report a descriptor each time that something is written to it.
func (r *Reader) watch(fd int) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(fd)}
	if err := unix.EpollCtl(r.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		return fmt.Errorf("pipes: epoll: %w", err)
	}
	return nil
}

// Run reads until Close is called.
func (r *Reader) Run() {
	defer close(r.ran)
	events := make([]unix.EpollEvent, 8)
	for {
		n, err := unix.EpollWait(r.epoll, events, r.text.wait())
		if err != nil && !errors.Is(err, unix.EINTR) {
			r.handler.Failed(fmt.Errorf("pipes: epoll: %w", err))
			return
		}
		r.take(events[:max(n, 0)])
		r.text.tick(time.Now())
		if r.over() {
			return
		}
	}
}

// over makes the calls that wait, and says whether there is nothing more to do.
func (r *Reader) over() bool {
	for {
		select {
		case <-r.done:
			return true
		case call := <-r.calls: // several may share one wake
			call()
		default:
			return false
		}
	}
}

// take reads the pipes that were reported, a write each.
func (r *Reader) take(events []unix.EpollEvent) {
	for _, event := range events {
		switch fd := int(event.Fd); fd {
		case r.wakes:
			_, _ = unix.Read(fd, r.buffer) // its count is of no interest
		case r.opens:
			r.opened()
		default:
			r.read(fd)
		}
	}
}

// read reads what a pipe holds.
func (r *Reader) read(fd int) {
	n, err := unix.Read(fd, r.buffer)
	for errors.Is(err, unix.EINTR) {
		n, err = unix.Read(fd, r.buffer)
	}
	if sink := r.sinks[fd]; n > 0 && sink != nil { // nil: it was closed in the meantime
		sink(r.buffer[:n])
	}
}

// rounds is how often a pipe is read at most that somebody goes on writing to.
const rounds = 256

// Drain returns when everything that was written before the call has been handed
// on. Final says that a character that is not whole yet will not become so.
func (r *Reader) Drain(final bool) {
	r.Do(func() {
		events := make([]unix.EpollEvent, 8)
		for range rounds {
			n, err := unix.EpollWait(r.epoll, events, 0)
			if n == 0 || err != nil && !errors.Is(err, unix.EINTR) {
				break
			}
			r.take(events[:max(n, 0)])
		}
		r.text.flush()
		if final {
			r.text.end()
		}
	})
}

// Do has a function called by the goroutine that reads, and waits for it.
func (r *Reader) Do(f func()) {
	finished := make(chan struct{})
	select {
	case r.calls <- func() { f(); close(finished) }:
	case <-r.done:
		return
	}
	r.interrupt()
	select {
	case <-finished:
	case <-r.ran: // it is not called any more
	}
}

// interrupt has the goroutine that reads look around.
func (r *Reader) interrupt() {
	one := [8]byte{1} // little-endian; a full counter wakes as well
	_, _ = r.wake.Write(one[:])
}

// Close ends Run, which must have been called, and closes all pipes: what was not read is lost.
func (r *Reader) Close() {
	close(r.done)
	r.interrupt()
	<-r.ran
	for c := range r.cells {
		c.close()
	}
	for fd := range r.sinks {
		_ = unix.Close(fd) // was for reading
	}
	for _, file := range append(r.gates, r.ends[0], r.ends[1], r.wake) {
		_ = file.Close() // nobody reads it any more
	}
	for _, fd := range []int{r.epoll, r.opens} {
		_ = unix.Close(fd) // holds nothing
	}
}
