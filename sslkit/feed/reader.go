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
	fixed  bool // the sets of all batches are those of the source
	left   int  // batches that Next has not returned yet
	late   int  // those that Next had to wait for
	waited time.Duration

	next int // accelerator that Next gives the next set on

	// Unless the sets are fixed:
	current []result      // what is valid, the oldest first
	ready   chan result   // closed when no more will come
	stop    chan struct{} // closed when no more is wanted
}

// result is the sets of a batch on the accelerators that have some of it.
type result struct {
	sets [][]*tensors.Tensor
	err  error
}

func (r result) free() {
	for _, set := range r.sets {
		free(set)
	}
}

// Read starts to make sets for an order of images, cut into batches of equal
// size. The reader must be closed. Where there are several accelerators, the first batch is
// for the first of them, the second for the second, and so on round and round.
func (s *Source) Read(order []int32, batch int) (*Reader, error) {
	return s.read(order, batch, false)
}

// ReadParts is [Source.Read] for a program that all accelerators run together: what each
// gets of a streamed source is its part of every batch, see [Reader.NextParts]. A batch must
// divide into as many parts.
func (s *Source) ReadParts(order []int32, batch int) (*Reader, error) {
	if n := s.device.Count; batch%n != 0 {
		return nil, fmt.Errorf("feed: batches of %d images cannot be cut into a part for each of %d devices", batch, n)
	}
	return s.read(order, batch, true)
}

func (s *Source) read(order []int32, batch int, inParts bool) (*Reader, error) {
	if batch < 1 || len(order)%batch != 0 {
		return nil, fmt.Errorf("feed: %d images cannot be cut into batches of %d", len(order), batch)
	}
	for _, i := range order {
		if i < 0 || int(i) >= s.Len() {
			return nil, fmt.Errorf("feed: image %d is asked for, there are %d", i, s.Len())
		}
	}
	r := &Reader{source: s, left: len(order) / batch, fixed: s.mode == Resident || s.mode == Split && inParts}
	if !r.fixed {
		wait := ahead - 1
		if !inParts {
			wait = ahead*s.device.Count - 1
		}
		r.ready, r.stop = make(chan result, wait), make(chan struct{})
		go r.work(slices.Clone(order), batch, inParts, r.stop)
	}
	return r, nil
}

// Next returns the set of the next batch, on the accelerator whose turn it is. It stays valid
// until Next has been called for all accelerators and for this one again, or Close.
func (r *Reader) Next() ([]*tensors.Tensor, error) {
	on := r.next
	r.next = (on + 1) % r.source.device.Count
	sets, err := r.advance(r.source.device.Count)
	switch {
	case err != nil:
		return nil, err
	case r.fixed:
		return sets[on], nil
	}
	return sets[0], nil
}

// NextParts returns the sets of the next batch of [Source.ReadParts], one for each
// accelerator. They stay valid until NextParts or Close is called.
func (r *Reader) NextParts() ([][]*tensors.Tensor, error) { return r.advance(1) }

// advance returns the sets of the next batch, and keeps those of so many batches valid.
func (r *Reader) advance(valid int) ([][]*tensors.Tensor, error) {
	if r.left == 0 {
		return nil, errors.New("feed: there are no more batches")
	}
	r.left--
	if r.fixed {
		return r.source.sets, nil
	}
	if len(r.current) == valid {
		r.current[0].free()
		r.current = r.current[1:]
	}
	next := r.take()
	if next.err != nil {
		r.left = 0
		return nil, next.err
	}
	r.current = append(r.current, next)
	return next.sets, nil
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
		unused.free()
	}
	for _, used := range r.current {
		used.free()
	}
}

// work makes the sets, until all are made, one cannot be, or stop is closed.
func (r *Reader) work(order []int32, batch int, inParts bool, stop <-chan struct{}) {
	defer close(r.ready)
	parts, turn := 1, 0
	if inParts {
		parts = r.source.device.Count
	}
	d := newDesk(r.source, batch/parts)
	for indices := range slices.Chunk(order, batch) {
		var made result
		for part := range slices.Chunk(indices, batch/parts) {
			var set []*tensors.Tensor
			if set, made.err = d.set(turn, part); made.err != nil {
				break
			}
			made.sets = append(made.sets, set)
			turn = (turn + 1) % r.source.device.Count
		}
		select {
		case r.ready <- made:
		case <-stop:
			made.free()
			return
		}
		if made.err != nil {
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

// set makes the set of the images with these indices, on an accelerator.
func (d *desk) set(accelerator int, indices []int32) ([]*tensors.Tensor, error) {
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
	return d.source.upload(accelerator, d.pixels, d.frames)
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
