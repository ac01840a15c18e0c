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

// castagnoli is the polynomial of checksums, for which processors have an
// instruction.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// decodeLimit is how many bytes the files that are decoded at the same time may
// take. One that takes more is decoded alone.
const decodeLimit = 256 << 20

// decoded is what became of a listing: images, and what else there is to know.
type decoded struct {
	images *Images
	prints []uint32 // a checksum of each image's pixels: see [Images.Fingerprint]
	cut    []string // files of which only the middle is kept
}

// build lets fill decode the images of a listing, or as many as are wanted, into
// pixels whose places are known: fill returns the files that turned out to be
// corrupt.
//
// Where an image goes depends on the sizes of all, which the headers of files tell
// first. If a file then turns out to be corrupt and is to be left out, fill is called
// again, for other places. keep is told once in a while that more is known of the
// files; it may be nil.
func (l *listing) build(ctx context.Context, opts FolderOptions, keep func(), fill func(*listing, *decoded) ([]CorruptFile, error)) (*decoded, error) {
	for {
		rest := l.first(opts.Limit)
		corrupt, err := rest.measure(ctx, opts, keep)
		if err != nil {
			return nil, err
		}
		if len(corrupt) > 0 {
			l.leaveOut(corrupt)
			continue
		}
		if empty := l.empty(); empty != "" && opts.SkipCorrupt {
			return nil, fmt.Errorf("no image of %s is left: %w", empty, l.corruptError())
		}
		found := rest.decoded(opts)
		if corrupt, err = fill(rest, found); err == nil {
			err = ctx.Err() // it may have been ended by whoever hears of progress
		}
		if err != nil {
			return nil, err
		}
		l.leaveOut(corrupt)
		if len(l.corrupt) > 0 && !opts.SkipCorrupt {
			return nil, l.corruptError()
		}
		if len(corrupt) == 0 {
			for _, file := range l.corruptError().Files {
				found.images.Skipped = append(found.images.Skipped, file.Name)
			}
			return found, nil
		}
	}
}

// measureAtOnce is how many files are looked at before somebody may keep what they
// said.
const measureAtOnce = 1 << 15

// measure finds out the sizes of all images whose size is not known, from the
// headers of their files, and returns the files that have none.
func (l *listing) measure(ctx context.Context, opts FolderOptions, keep func()) ([]CorruptFile, error) {
	var unknown []int32
	for i := range l.files {
		if l.files[i].header == (header{}) {
			unknown = append(unknown, int32(i))
		}
	}
	if len(unknown) == 0 {
		return nil, nil
	}
	var corrupt corruptList
	counter := newMeter(opts.Progress, "looking at "+filepath.Base(l.dir), int64(len(unknown)))
	for some := range slices.Chunk(unknown, measureAtOnce) {
		err := parallel(ctx, len(some), counter, func() func(int) error {
			var reader fileReader
			return func(i int) (err error) {
				file := &l.files[some[i]]
				file.header, err = reader.header(l.path(file), opts.Upright)
				return corrupt.note(file, err)
			}
		})
		if keep != nil {
			keep()
		}
		if err != nil {
			return nil, err
		}
	}
	counter.end()
	return corrupt.files, ctx.Err()
}

// A corruptList has files that several goroutines find.
type corruptList struct {
	finding sync.Mutex
	files   []CorruptFile
}

// note returns an error of a file unless it is a damage, of which it takes note.
func (c *corruptList) note(file *imageFile, err error) error {
	if err == nil {
		return nil
	}
	file.header = header{} // whatever came before the error
	var broken *damage
	if !errors.As(err, &broken) {
		return err
	}
	c.finding.Lock()
	defer c.finding.Unlock()
	c.files = append(c.files, CorruptFile{Name: file.name, Err: broken.reason})
	return nil
}

// decoded returns the images of a listing with known sizes, without pixels.
func (l *listing) decoded(opts FolderOptions) *decoded {
	images := &Images{
		Labels:  make([]int32, len(l.files)),
		Classes: l.classes,
		Files:   make([]string, len(l.files)),
	}
	found := &decoded{images: images, prints: make([]uint32, len(l.files))}
	sizes := make([]Frame, len(l.files))
	for i := range l.files {
		file := &l.files[i]
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

// readToMemory decodes the images of a listing.
func (l *listing) readToMemory(ctx context.Context, opts FolderOptions) (*decoded, error) {
	return l.build(ctx, opts, nil, func(rest *listing, found *decoded) ([]CorruptFile, error) {
		n := len(rest.files)
		bytes := found.images.bytes(n)
		if most := memorySize(); most > 0 && bytes > most {
			return nil, fmt.Errorf("%s: the pixels of %d images take %s, more than the %s of memory: let the cache keep them, "+
				"or read fewer or smaller ones by FolderOptions.Limit or ShortSide", l.dir, n, gigabytes(bytes), gigabytes(most))
		}
		found.images.Pixels = make([]uint8, bytes)
		d := newDecoding(rest, opts, found.images, n)
		defer d.counter.end()
		return d.do(ctx, 0, n, func(i int, stored []uint8, print uint32) error {
			from, end := found.images.Span(i)
			copy(found.images.Pixels[from:end], stored)
			found.prints[i] = print
			return nil
		})
	})
}

// A decoding decodes the files of a listing as some images, which have their
// places.
type decoding struct {
	list    *listing
	opts    FolderOptions
	images  *Images
	room    *semaphore.Weighted
	counter *meter
}

func newDecoding(l *listing, opts FolderOptions, images *Images, total int) *decoding {
	counter := newMeter(opts.Progress, "decoding "+filepath.Base(l.dir), int64(total))
	return &decoding{l, opts, images, semaphore.NewWeighted(decodeLimit), counter}
}

// do decodes the images from first on, and gives each to put, from several goroutines
// at a time: its bytes as Pixels has them, which change afterwards, and their sum. It
// returns the files that turned out to be corrupt.
func (d *decoding) do(ctx context.Context, first, end int, put func(i int, stored []uint8, print uint32) error) ([]CorruptFile, error) {
	var corrupt corruptList
	err := parallel(ctx, end-first, d.counter, func() func(int) error {
		var reader fileReader
		var stored, buffer []uint8
		return func(i int) error {
			i += first
			file := &d.list.files[i]
			memory := int64(file.header.memory)
			if err := d.room.Acquire(ctx, memory); err != nil {
				return err
			}
			pixels, err := reader.pixels(d.list.path(file), d.opts.plan(file.header))
			d.room.Release(memory)
			if err != nil {
				return corrupt.note(file, err)
			}
			from, to := d.images.Span(i)
			stored = resize(stored, to-from)
			d.images.Pack(stored, pixels, i)
			var print uint32
			print, buffer = d.images.sumOf(stored, i, buffer)
			return put(i, stored, print)
		}
	})
	return corrupt.files, err
}

// gigabytes writes a number of bytes.
func gigabytes(bytes int) string { return fmt.Sprintf("%.3g GB", float64(bytes)/1e9) }

// progressEvery is the least time between two calls of a [Progress].
const progressEvery = 200 * time.Millisecond

// A meter counts work done by many goroutines and tells a [Progress] of it.
type meter struct {
	report Progress // may be nil
	what   string
	total  int64 // 0 if nobody knows
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
		m.report(m.what, m.done.Load(), max(m.total, m.done.Load()))
	}
}

// parallel is [par.Do] whose pieces m counts. There may be more of them afterwards.
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
	if ctx.Err() != nil { // it may have been ended by what m reports to
		return ctx.Err()
	}
	return err
}
