package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/internal/par"
)

// ahead is how many batches of a streamed source wait on the device.
const ahead = 2

// A Reader gives one set after another, for the batches of an order of images.
// It is for one goroutine.
type Reader struct {
	source *Source
	left   int // batches that Next has not returned yet
	late   int // those that Next had to wait for
	waited time.Duration

	// Of a streamed source:
	current []*tensors.Tensor
	ready   chan result   // closed when no more will come
	stop    chan struct{} // closed when no more is wanted
}

type result struct {
	set []*tensors.Tensor
	err error
}

// Read starts to make sets for an order of images, cut into batches of equal
// size. The reader must be closed.
func (s *Source) Read(order []int32, batch int) (*Reader, error) {
	if batch < 1 || len(order)%batch != 0 {
		return nil, fmt.Errorf("feed: %d images cannot be cut into batches of %d", len(order), batch)
	}
	for _, i := range order {
		if i < 0 || int(i) >= s.Len() {
			return nil, fmt.Errorf("feed: image %d is asked for, there are %d", i, s.Len())
		}
	}
	r := &Reader{source: s, left: len(order) / batch}
	if s.Mode() == Streamed {
		r.ready, r.stop = make(chan result, ahead-1), make(chan struct{})
		go r.work(slices.Clone(order), batch, r.stop)
	}
	return r, nil
}

// Next returns the set of the next batch. It stays valid until Next or Close is
// called.
func (r *Reader) Next() ([]*tensors.Tensor, error) {
	if r.left == 0 {
		return nil, errors.New("feed: there are no more batches")
	}
	r.left--
	if r.source.Mode() == Resident {
		return r.source.set, nil
	}
	free(r.current)
	next := r.take()
	r.current = next.set
	if next.err != nil {
		r.left = 0
		return nil, next.err
	}
	return next.set, nil
}

// take returns the next result, and notes whether it was there already.
func (r *Reader) take() result {
	select {
	case next := <-r.ready:
		return next
	default:
	}
	start := time.Now()
	next := <-r.ready
	r.late++
	r.waited += time.Since(start)
	return next
}

// Waited is how many batches Next had to wait for, and how long: the first one, as a
// rule, and others only if the host takes longer to make them than whoever takes them
// needs. While they stay at that, images cost a device nothing.
func (r *Reader) Waited() (batches int, time time.Duration) { return r.late, r.waited }

// Close ends the reader's work and releases its sets. It can be called twice.
func (r *Reader) Close() {
	r.left = 0
	if r.stop == nil {
		return
	}
	close(r.stop)
	r.stop = nil
	for unused := range r.ready {
		free(unused.set)
	}
	free(r.current)
}

// work makes the sets, until all are made, one cannot be, or stop is closed.
func (r *Reader) work(order []int32, batch int, stop <-chan struct{}) {
	defer close(r.ready)
	d := newDesk(r.source, batch)
	for indices := range slices.Chunk(order, batch) {
		set, err := d.set(indices)
		select {
		case r.ready <- result{set, err}:
		case <-stop:
			free(set)
			return
		}
		if err != nil {
			return
		}
	}
}

// A desk is where the images of a batch are put together.
type desk struct {
	source *Source
	pixels []uint8
	room   int     // how many of the pixels' bytes are for images; spare ones follow
	frames []int32 // [batch, 3]; empty if the images have one size
	from   []int   // [batch]: where in pixels each image begins
}

// newDesk returns a desk for any batch of the source's images that has none twice.
// Where images have several sizes, there is room for a batch of the largest, so that
// all sets have one shape.
func newDesk(s *Source, batch int) *desk {
	d := &desk{source: s, from: make([]int, batch), room: s.form.room(batch)}
	d.pixels = make([]uint8, d.room+s.form.spare())
	if s.form.Frames != nil {
		d.frames = make([]int32, 3*batch)
	}
	return d
}

// set makes the set of the images with these indices.
func (d *desk) set(indices []int32) ([]*tensors.Tensor, error) {
	f := &d.source.form
	at := 0
	for k, i := range indices {
		d.from[k] = at
		if f.Frames != nil {
			size := f.Frames[i]
			copy(d.frames[3*k:], []int32{int32(at / (3 * f.Side)), int32(size.Height), int32(size.Width)})
		}
		from, to := f.Span(int(i))
		at += to - from
		if at > d.room {
			return nil, fmt.Errorf("feed: a batch of %d images holds one of them twice", len(indices))
		}
	}
	d.source.copy(d.pixels, indices, d.from)
	return d.source.upload(d.pixels, d.frames)
}

// copy copies images into pixels, where from says, several at a time: some may have
// to be read from a disk, or to be shrunk.
func (s *Source) copy(pixels []uint8, indices []int32, from []int) {
	_ = par.Each(context.Background(), len(indices), func(k int) { // nothing stops it
		i := int(indices[k])
		first, end := s.form.Span(i)
		s.form.put(pixels[from[k]:][:end-first], s.images, i)
	})
}
