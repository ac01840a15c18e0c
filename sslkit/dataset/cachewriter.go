package dataset

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"os"

	"github.com/gossl/gossl/internal/atomicfile"
)

// A cacheError is a failure to write a cache, not to read images.
type cacheError struct{ err error }

func (e *cacheError) Error() string { return e.err.Error() }
func (e *cacheError) Unwrap() error { return e.err }

// write decodes the images of a listing straight into the cache's file and
// returns them. The file is written under another name until it is complete,
// so that nobody sees half of it, whoever else writes it too.
func (c *cache) write(ctx context.Context, l *listing, opts FolderOptions) (*decoded, error) {
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return nil, &cacheError{err}
	}
	file, err := atomicfile.Create(c.path())
	if err != nil {
		return nil, &cacheError{err}
	}
	defer file.Discard() // does nothing if all went well
	found, err := l.decode(ctx, opts, cacheSink{file.File})
	if err != nil {
		return nil, err
	}
	if err := c.finish(file, found); err != nil {
		return nil, &cacheError{err}
	}
	if err := c.clean(); err != nil {
		opts.warn("dataset: %s: the cache cannot be kept small: %v", l.dir, err)
	}
	return found, nil
}

// cacheSink is the sink at the beginning of a file. Pixels are written rather
// than copied to a mapping, for a full disk is then an error and not a crash.
type cacheSink struct{ file *os.File }

func (s cacheSink) begin(bytes int) error {
	if err := s.file.Truncate(0); err != nil {
		return &cacheError{err}
	}
	if err := reserve(s.file, bytes); err != nil {
		return &cacheError{err}
	}
	return nil
}

func (s cacheSink) put(pixels []uint8, offset int) error {
	if _, err := s.file.WriteAt(pixels, int64(offset)); err != nil {
		return &cacheError{err}
	}
	return nil
}

// finish completes a file that has all pixels, gives it its name, and lets the
// images take their pixels from it.
func (c *cache) finish(file *atomicfile.File, found *decoded) error {
	images := found.images
	index := cacheIndex{
		Folder:  fileName(c.from),
		Key:     c.key,
		Classes: fileNames(images.Classes),
		Skipped: fileNames(images.Skipped),
		Cut:     fileNames(found.cut),
		Files:   fileNames(images.Files),
		Labels:  images.Labels,
		Sums:    found.sums,
	}
	for i := range images.Labels {
		height, width := images.Size(i)
		index.Heights = append(index.Heights, height)
		index.Widths = append(index.Widths, width)
	}
	tail, err := json.Marshal(index)
	if err != nil {
		return err
	}
	length, sum := len(tail), crc32.Checksum(tail, castagnoli)
	tail = binary.LittleEndian.AppendUint64(tail, uint64(length))
	tail = binary.LittleEndian.AppendUint32(tail, sum)
	tail = append(tail, cacheMagic...)

	bytes := images.bytes(images.Len())
	if _, err := file.WriteAt(tail, int64(bytes)); err != nil {
		return err
	}
	pixels, err := mapFile(file.File, bytes)
	if err != nil {
		return err
	}
	if err := file.Replace(); err != nil {
		unmap(pixels)
		return err
	}
	images.Pixels = pixels
	images.keepSums(found.prints)
	return nil
}
