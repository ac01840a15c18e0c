package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"syscall"
	"time"

	"github.com/gossl/gossl/internal/place"
)

// A cache is a folder that keeps the decoded images of one folder, read with one
// set of options: what its files' headers said, in sizes, and the pixels, as
// [Images] has them, cut into files of the same size, the shards. A shard is named
// after what it holds. So decoding goes on where it was ended, what did not change
// is not decoded again, and several processes may work at one cache: each makes
// shards that nobody else is making.
type cache struct {
	dir    string // of the cache
	from   string // the folder
	opts   FolderOptions
	locks  *locks // nil if the cache cannot be written, which broken says
	broken error
	sizes  sizes
	shards []*shard // of the images
	made   bool     // shards were
}

// newCache returns the cache of a listing. SkipCorrupt is none of its options, for
// shards hold no corrupt files.
func newCache(l *listing, opts FolderOptions) *cache {
	what := sha256.New()
	fmt.Fprintf(what, "%q %d %d %t %t\n", l.dir, opts.shortSide(), opts.Limit, opts.Upright, opts.Unlabelled)
	dir := filepath.Join(place.Images(place.Home()), hex.EncodeToString(what.Sum(nil)[:8]))
	return &cache{dir: dir, from: l.dir, opts: opts, sizes: sizes{path: filepath.Join(dir, "sizes")}}
}

// A cacheError is a failure to keep images, not to read them.
type cacheError struct{ err error }

func (e *cacheError) Error() string { return e.err.Error() }
func (e *cacheError) Unwrap() error { return e.err }

// read returns the images of a listing, from shards of which it makes those that are
// not there.
func (c *cache) read(ctx context.Context, l *listing, opts FolderOptions) (*decoded, error) {
	if c.locks, c.broken = openLocks(ctx, c.dir); c.broken == nil {
		defer c.locks.close()
	}
	if err := c.sizes.load(l); err != nil {
		opts.warn("dataset: %s: %v", l.dir, err)
	}
	keep := func() { c.cannotKeep(c.sizes.keepSome(l)) }
	found, err := l.build(ctx, opts, keep, func(rest *listing, found *decoded) ([]CorruptFile, error) {
		c.cannotKeep(c.sizes.keep(l))
		return c.fill(ctx, rest, found)
	})
	c.cannotKeep(c.sizes.keep(l)) // if work was ended, or there is more to know of corrupt files
	if err != nil {
		return nil, err
	}
	images := found.images
	if images.Pixels, err = mapShards(c.shards, images.bytes(images.Len())); err != nil {
		return nil, &cacheError{err}
	}
	images.keep(c.shards, found.prints)
	now := time.Now()
	_ = os.Chtimes(c.sizes.path, now, now) // it was used: others go first
	if c.made {
		if err := c.clean(); err != nil {
			opts.warn("dataset: %s: the cache cannot be kept small: %v", l.dir, err)
		}
	}
	return found, nil
}

// absent tells whether the error says that a file is not there.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) }

// cannotKeep remembers why the cache cannot be written, if there is an error.
func (c *cache) cannotKeep(err error) {
	if c.broken == nil {
		c.broken = err
	}
}

// fill makes the shards of images that are not there yet.
func (c *cache) fill(ctx context.Context, l *listing, found *decoded) ([]CorruptFile, error) {
	c.shards = cutShards(c.dir, l, found.images)
	if err := c.check(ctx, found.images); err != nil {
		return nil, err
	}
	var missing []*shard
	bytes, images := 0, 0
	for _, s := range c.shards {
		if s.sums == nil {
			missing = append(missing, s)
			bytes, images = bytes+s.to-s.from, images+s.end-s.first
		}
	}
	if len(missing) > 0 {
		if c.broken != nil {
			return nil, &cacheError{c.broken}
		}
		c.made = true
		c.removeStale()
		if err := c.checkRoom(bytes); err != nil {
			return nil, &cacheError{err}
		}
		d := newDecoding(l, c.opts, found.images, images)
		corrupt, err := c.make(ctx, d, missing)
		if err != nil || len(corrupt) > 0 {
			c.sizes.fresh = len(corrupt) > 0
			return corrupt, err
		}
	}
	for _, s := range c.shards {
		copy(found.prints[s.first:s.end], s.prints)
	}
	return nil, nil
}

// checkRoom returns an error if the disk has no room for so many bytes.
func (c *cache) checkRoom(bytes int) error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(c.dir, &disk); err != nil {
		return nil // writing will say so
	}
	if free := int(disk.Bavail) * int(disk.Bsize); bytes > free {
		return fmt.Errorf("%s: the pixels take %s, and the disk has room for %s: %w", c.dir, gigabytes(bytes), gigabytes(free), syscall.ENOSPC)
	}
	return nil
}

// waitFor is how long to wait before looking again whether another process has
// made a shard.
const waitFor = 100 * time.Millisecond

// make makes shards, but for those that other processes make, for which it waits. It
// returns the corrupt files, whose shards there are none of.
func (c *cache) make(ctx context.Context, d *decoding, shards []*shard) ([]CorruptFile, error) {
	var corrupt []CorruptFile
	for len(shards) > 0 {
		var others []*shard
		for _, s := range shards {
			if !c.locks.try(s.lock()) {
				others = append(others, s)
				continue
			}
			more, err := s.make(ctx, d)
			c.locks.unlock(s.lock())
			if err != nil {
				return nil, err
			}
			corrupt = append(corrupt, more...)
		}
		if len(others) == len(shards) {
			if c.opts.Progress != nil {
				c.opts.Progress("waiting for another process that decodes "+filepath.Base(c.from), 0, 0)
			}
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(waitFor):
			}
		}
		shards = others
	}
	d.counter.end()
	return corrupt, nil
}

// checkLimit is how many bytes of shards are compared with their checksums at a
// start. Only tests change it.
var checkLimit = 4 << 30

// check finds out which shards are there, and compares the checksums of the images
// in them: of all, or of as many, spread over all, as checkLimit says, others each
// time.
func (c *cache) check(ctx context.Context, images *Images) error {
	var there []*shard
	var damage error
	for _, s := range c.shards {
		switch err := s.load(); {
		case err == nil:
			there = append(there, s)
		case !absent(err):
			s.bad, damage = true, err
		}
	}
	err := c.checkPieces(ctx, there, images, func(s *shard, err error) { s.bad, damage = true, err })
	if err != nil {
		return err
	}
	bad := 0
	for _, s := range c.shards {
		if s.bad {
			s.sums = nil
			bad++
		}
	}
	if bad > 0 {
		c.opts.warn("dataset: %s: decoding again what is in %d of %d files of the cache, which cannot be used: %v", c.from, bad, len(c.shards), damage)
	}
	return nil
}

// checkPieces compares checksums, and tells damaged of shards where they differ, one
// at a time. It reads files rather than mappings, whose pages would count as the
// process's memory.
func (c *cache) checkPieces(ctx context.Context, shards []*shard, images *Images, damaged func(*shard, error)) error {
	ends := make([]int, len(shards)) // of each shard's pieces among those of all
	pieces, bytes := 0, 0
	for k, s := range shards {
		pieces, bytes = pieces+s.end-s.first, bytes+s.to-s.from
		ends[k] = pieces
	}
	step := max(1, (bytes+checkLimit-1)/checkLimit)
	start := rand.IntN(step)
	count := max(0, pieces-start+step-1) / step
	if count == 0 {
		return nil
	}
	counter := newMeter(c.opts.Progress, "checking "+filepath.Base(c.from), int64(count))
	var telling sync.Mutex
	err := parallel(ctx, count, counter, func() func(int) error {
		var reader shardReader
		return func(k int) error {
			piece := start + k*step
			at := sort.SearchInts(ends, piece+1)
			s := shards[at]
			if err := reader.check(s, s.end-(ends[at]-piece), images); err != nil {
				telling.Lock()
				defer telling.Unlock()
				damaged(s, err)
			}
			return nil
		}
	})
	counter.end()
	return errors.Join(err, ctx.Err())
}
