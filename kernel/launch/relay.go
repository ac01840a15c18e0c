package launch

import (
	"context"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/janpfeifer/gonb/gonbui/protocol"
)

const (
	chunk  = 64 << 10 // bytes, as much as a pipe holds
	queued = 16 << 20 // bytes that wait for GoNB, at most
)

// item is something that a cell wrote.
type item struct {
	to      sink
	data    []byte                // for a stream
	display *protocol.DisplayData // for GoNB's pipe
	size    int64
}

// sink is where GoNB takes what cells write.
type sink interface {
	// put writes an item.
	put(item)
	// settle waits a little for GoNB to deal with what was put.
	settle()
}

// relay passes on what a cell writes to several pipes. GoNB reads its pipes side
// by side; so that prints and displays stay in the order in which they arrived,
// the relay goes from one pipe to the next when GoNB has dealt with the first.
type relay struct {
	items   chan item
	room    *semaphore.Weighted
	readers sync.WaitGroup
	files   []*os.File    // that are read
	done    chan struct{} // closed when everything is passed on
}

func newRelay() *relay {
	return &relay{items: make(chan item, 256), room: semaphore.NewWeighted(queued), done: make(chan struct{})}
}

// read has a goroutine read a pipe.
func (r *relay) read(file *os.File, reader func(io.Reader)) {
	r.files = append(r.files, file)
	r.readers.Go(func() { reader(&source{file: file}) })
}

// stream returns a reader for read that sends what it reads to a sink.
func (r *relay) stream(to sink) func(io.Reader) {
	return func(from io.Reader) {
		buffer := make([]byte, chunk)
		for {
			n, err := from.Read(buffer)
			if n > 0 {
				r.send(item{to: to, data: append([]byte(nil), buffer[:n]...), size: int64(n)})
			}
			if err != nil {
				return // the cell has closed it, or ended
			}
		}
	}
}

// send queues an item, when there is room.
func (r *relay) send(i item) {
	i.size = min(i.size, queued)
	_ = r.room.Acquire(context.Background(), i.size) // fails with its context only
	r.items <- i
}

// run passes items on until all pipes that are read have ended.
func (r *relay) run() {
	go func() {
		r.readers.Wait()
		close(r.items)
	}()
	var last sink
	for i := range r.items {
		if last != nil && last != i.to {
			last.settle()
		}
		last = i.to
		i.to.put(i)
		r.room.Release(i.size)
	}
	close(r.done)
}

// end ends reading at a time, even if somebody holds the other ends of the pipes.
func (r *relay) end(at time.Time) {
	for _, file := range r.files {
		if err := file.SetReadDeadline(at); err != nil {
			report(err)
		}
	}
}

// settleTime is how long a stream waits for GoNB to read.
const settleTime = 50 * time.Millisecond

// stream is GoNB's pipe for a cell's stdout or stderr.
type stream struct {
	file   *os.File
	tail   *tail // takes a copy, if not nil
	broken bool  // GoNB has closed it
}

func (s *stream) put(i item) {
	if s.tail != nil {
		s.tail.add(i.data)
	}
	if !s.broken {
		_, err := s.file.Write(i.data)
		s.broken = err != nil // GoNB has ended: the cell need not notice
	}
}

func (s *stream) settle() {
	for start := time.Now(); !s.broken && unread(s.file) > 0 && time.Since(start) < settleTime; {
		time.Sleep(20 * time.Microsecond)
	}
}

// tailSize is how many bytes of stderr the front is told.
const tailSize = 64 << 10

// tail keeps the end of what is written.
type tail struct {
	mu   sync.Mutex
	data []byte
}

func (t *tail) add(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.data = append(t.data, p...); len(t.data) > 2*tailSize {
		t.data = append([]byte(nil), t.data[len(t.data)-tailSize:]...)
	}
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.data[max(0, len(t.data)-tailSize):])
}
