package launch

import (
	"io"
	"os"
	"time"
)

// sink is where what a cell writes to a pipe goes.
type sink interface {
	// put passes data on.
	put(data []byte)
	// settle waits a little for what was put to have been dealt with.
	settle()
	// close is called after the last put.
	close()
}

// hurried is from how many waiting items on the relay does not stop between pipes.
const hurried = queuedItems / 2

// relay passes on what is read. GoNB reads its pipes side by side; so that prints
// and displays stay in order, the relay goes from one pipe to the next when GoNB
// has dealt with the first.
func (a *arrivals) relay(sinks ...sink) {
	var last sink
	for i := range a.items {
		if last != nil && last != i.to && len(a.items) < hurried {
			last.settle()
		}
		last = i.to
		i.to.put(i.data)
		a.room.Release(int64(len(i.data)))
	}
	for _, s := range sinks {
		s.close()
	}
}

// settleTime is how long a stream waits for GoNB to read.
const settleTime = 50 * time.Millisecond

// tailSize is how many bytes of stderr the front is told.
const tailSize = 64 << 10

// stream is GoNB's pipe for a cell's stdout or stderr.
type stream struct {
	file   *os.File
	broken bool   // GoNB has closed it
	end    []byte // of what was put, at least tailSize
}

func (s *stream) put(data []byte) {
	if s.end = append(s.end, data...); len(s.end) > 4*tailSize {
		s.end = append([]byte(nil), s.tail()...)
	}
	if !s.broken {
		_, err := s.file.Write(data)
		s.broken = err != nil // GoNB has ended, and this process is told by a signal
	}
}

func (s *stream) tail() string { return string(s.end[max(0, len(s.end)-tailSize):]) }

func (s *stream) settle() {
	for start := time.Now(); !s.broken && s.unread() > 0 && time.Since(start) < settleTime; {
		time.Sleep(20 * time.Microsecond)
	}
}

func (s *stream) unread() (n int) {
	conn, err := s.file.SyscallConn()
	if err == nil {
		err = conn.Control(func(fd uintptr) { n = unread(int(fd)) })
	}
	if err != nil {
		return 0 // it is closed
	}
	return n
}

func (s *stream) close() {}

// feed is a reader of what it is given piece by piece. A function that reads from
// it takes turns with the giver: it stands still but for put and close.
type feed struct {
	pieces chan []byte
	hungry chan struct{} // the function wants a piece; closed when it has returned
	rest   []byte
	over   bool // the function has returned
}

func newFeed(read func(io.Reader)) *feed {
	f := &feed{pieces: make(chan []byte), hungry: make(chan struct{})}
	go func() {
		defer close(f.hungry)
		read(f)
	}()
	f.await()
	return f
}

func (f *feed) await() {
	_, hungry := <-f.hungry
	f.over = !hungry
}

func (f *feed) put(data []byte) {
	if !f.over {
		f.pieces <- data
		f.await()
	}
}

func (f *feed) close() {
	close(f.pieces)
	if !f.over {
		f.await()
	}
}

// Read is for the function.
func (f *feed) Read(p []byte) (int, error) {
	if len(f.rest) == 0 {
		f.hungry <- struct{}{}
		piece, ok := <-f.pieces
		if !ok {
			return 0, io.EOF
		}
		f.rest = piece
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}
