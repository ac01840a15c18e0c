package pipes

import "io"

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

// put has the function read data, which it has done when put returns.
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
