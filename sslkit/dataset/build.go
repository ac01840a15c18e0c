package dataset

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gossl/gossl/sslkit/internal/par"
	"golang.org/x/sync/semaphore"
)

// A sink takes the pixels of images as they are decoded, in any order.
type sink interface {
	begin(bytes int) error                // with the number of pixel bytes to come; forgets those before
	put(pixels []uint8, offset int) error // from several goroutines at a time
}

// memory is the sink that keeps them there.
type memory struct{ pixels []uint8 }

func (m *memory) begin(bytes int) error {
	m.pixels = make([]uint8, bytes)
	return nil
}

func (m *memory) put(pixels []uint8, offset int) error {
	copy(m.pixels[offset:], pixels)
	return nil
}

// nowhere is the sink for pixels that nobody wants.
type nowhere struct{}

func (nowhere) begin(int) error        { return nil }
func (nowhere) put([]uint8, int) error { return nil }

// castagnoli is the polynomial of checksums, for which processors have an
// instruction.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// decodeLimit is how many bytes the files that are decoded at the same time may
// take. One that takes more is decoded alone.
const decodeLimit = 256 << 20

// decoded is what became of a listing: images without pixels, and what else a
// cache has to know.
type decoded struct {
	images *Images
	sums   []uint32 // a checksum of each image's bytes in Pixels
	prints []uint32 // likewise, of its pixels: see [Images.Fingerprint]
	cut    []string // files of which only the middle is kept
}

// decode puts the pixels of all images, or of as many as are wanted, into a sink.
//
// Where an image goes depends on the sizes of all, which the headers of files
// tell first. If a file then turns out to be corrupt and is to be left out, the
// others have to be decoded anew, for other places.
func (l *listing) decode(ctx context.Context, opts FolderOptions, to sink) (*decoded, error) {
	corrupt := slices.Clone(l.broken)
	for {
		rest, empty := l.without(corrupt)
		rest = rest.first(opts.Limit)
		more, err := rest.measure(ctx, opts)
		if err != nil {
			return nil, err
		}
		if len(more) > 0 {
			corrupt = append(corrupt, more...)
			continue
		}
		switch {
		case len(corrupt) > 0 && !opts.SkipCorrupt:
			to = nowhere{} // this only looks for more
		case empty != "":
			return nil, fmt.Errorf("no image of %s is left: %w", empty, l.corrupt(corrupt))
		}
		found := rest.decoded(opts)
		more, err = rest.fill(ctx, opts, found, to)
		if err != nil {
			return nil, err
		}
		corrupt = append(corrupt, more...)
		if len(corrupt) > 0 && !opts.SkipCorrupt {
			return nil, l.corrupt(corrupt)
		}
		if len(more) == 0 {
			for _, file := range l.corrupt(corrupt).Files {
				found.images.Skipped = append(found.images.Skipped, file.Name)
			}
			return found, nil
		}
	}
}

// measure finds out the sizes of all images whose size is not known, from the
// headers of their files, and returns the files that have none.
func (l *listing) measure(ctx context.Context, opts FolderOptions) ([]CorruptFile, error) {
	var files []*imageFile
	for _, file := range l.files {
		if file.header == (header{}) {
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		return nil, nil
	}
	damages := make([]*damage, len(files))
	counter := newMeter(opts.Progress, "looking at "+filepath.Base(l.dir), int64(len(files)))
	err := parallel(ctx, len(files), counter, func() func(int) error {
		var reader fileReader
		return func(i int) (err error) {
			files[i].header, err = reader.header(l.path(files[i]), opts.Upright)
			if errors.As(err, &damages[i]) {
				return nil
			}
			return err
		}
	})
	return damaged(files, damages), err
}

// damaged lists the files that have a damage.
func damaged(files []*imageFile, damages []*damage) []CorruptFile {
	var corrupt []CorruptFile
	for i, d := range damages {
		if d != nil {
			corrupt = append(corrupt, CorruptFile{Name: files[i].name, Err: d.reason})
		}
	}
	return corrupt
}

// decoded returns the images of a listing with known sizes, without pixels.
func (l *listing) decoded(opts FolderOptions) *decoded {
	images := &Images{
		Labels:  make([]int32, len(l.files)),
		Classes: l.classes,
		Files:   make([]string, len(l.files)),
	}
	found := &decoded{images: images}
	sizes := make([]Frame, len(l.files))
	for i, file := range l.files {
		images.Labels[i], images.Files[i] = file.class, file.name
		p := opts.plan(file.header)
		sizes[i] = p.frame()
		if p.cut() {
			found.cut = append(found.cut, file.name)
		}
	}
	images.arrange(sizes)
	return found
}

// fill decodes all files into a sink, with a checksum for each image. It returns
// the files that turned out to be corrupt, whose pixels are missing.
func (l *listing) fill(ctx context.Context, opts FolderOptions, found *decoded, to sink) ([]CorruptFile, error) {
	images := found.images
	if err := to.begin(images.bytes(len(l.files))); err != nil {
		return nil, err
	}
	found.sums, found.prints = make([]uint32, len(l.files)), make([]uint32, len(l.files))
	damages := make([]*damage, len(l.files))
	room := semaphore.NewWeighted(decodeLimit)
	counter := newMeter(opts.Progress, "decoding "+filepath.Base(l.dir), int64(len(l.files)))
	err := parallel(ctx, len(l.files), counter, func() func(int) error {
		var reader fileReader
		var stored, buffer []uint8
		return func(i int) error {
			file := l.files[i]
			memory := min(file.header.memory, decodeLimit)
			if err := room.Acquire(ctx, memory); err != nil {
				return err
			}
			pixels, err := reader.pixels(l.path(file), opts.plan(file.header))
			room.Release(memory)
			if errors.As(err, &damages[i]) {
				return nil
			} else if err != nil {
				return err
			}
			from, end := images.Span(i)
			stored = resize(stored, end-from)
			images.Pack(stored, pixels, i)
			found.sums[i] = crc32.Checksum(stored, castagnoli)
			found.prints[i], buffer = images.sumOf(stored, i, buffer)
			return to.put(stored, from)
		}
	})
	return damaged(l.files, damages), err
}

// progressEvery is the least time between two calls of a [Progress].
const progressEvery = 200 * time.Millisecond

// A meter counts work done by many goroutines and tells a [Progress] of it.
type meter struct {
	report Progress // may be nil
	what   string
	total  int64
	done   atomic.Int64

	calling sync.Mutex // held while report runs
	last    time.Time  // it ran
}

func newMeter(report Progress, what string, total int64) *meter {
	return &meter{report: report, what: what, total: total, last: time.Now()}
}

// add counts n more.
func (m *meter) add(n int64) {
	m.done.Add(n)
	if m.report == nil || !m.calling.TryLock() {
		return
	}
	defer m.calling.Unlock()
	if now := time.Now(); now.Sub(m.last) >= progressEvery {
		m.last = now
		m.report(m.what, m.done.Load(), m.total)
	}
}

// end tells of all that was done. Nobody may add to it any more.
func (m *meter) end() {
	if m.report != nil {
		m.report(m.what, m.done.Load(), m.total)
	}
}

// parallel is [par.Do] whose pieces m counts.
func parallel(ctx context.Context, n int, m *meter, start func() func(i int) error) error {
	err := par.Do(ctx, n, func() func(int) error {
		work := start()
		return func(i int) error {
			err := work(i)
			if err == nil {
				m.add(1)
			}
			return err
		}
	})
	m.end()
	if ctx.Err() != nil { // it may have been ended by what m reports to
		return ctx.Err()
	}
	return err
}
