package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/gossl/gossl/internal/atomicfile"
)

// shardBytes is how many bytes of pixels a shard has, but the last one: as much as
// is lost if decoding is ended. It is a multiple of any system's pages. Only tests
// change it.
var shardBytes = 256 << 20

// A shard is a file with a part of the pixels of images: first bytes of [Images]'
// Pixels, then a CRC-32C for the piece of each image that is in it and a sum of the
// whole image (4 bytes each, little-endian), a CRC-32C of these, the shard's key, and
// shardMagic. An image may lie in two shards, or in more.
type shard struct {
	path       string
	key        [16]byte
	from, to   int // bytes of Pixels
	first, end int // images that have some of them
	bad        bool

	// Of each image, nil unless the file is there:
	sums   []uint32 // CRC-32C of its piece
	prints []uint32 // see decoded
}

// shardMagic ends every shard. Another number is another format, or another way to
// decode.
const shardMagic = "sslkit images 3\n"

// cutShards returns the shards of images, without pixels, that a listing's files become.
func cutShards(dir string, l *listing, images *Images) []*shard {
	var shards []*shard
	total := images.bytes(len(l.files))
	first, end := 0, 0
	for from := 0; from < total; from += shardBytes {
		s := &shard{from: from, to: min(from+shardBytes, total)}
		for ; first < len(l.files); first++ {
			if _, to := images.Span(first); to > s.from {
				break
			}
		}
		for ; end < len(l.files); end++ {
			if begin, _ := images.Span(end); begin >= s.to {
				break
			}
		}
		s.first, s.end = first, end
		s.key = s.keyOf(l, images)
		s.path = filepath.Join(dir, hex.EncodeToString(s.key[:]))
		shards = append(shards, s)
		end = max(first, end-1) // the last image may go on in the next shard
	}
	return shards
}

// keyOf is a hash of all that the shard's bytes depend on, besides the cache's folder:
// its files, and where their pixels are.
func (s *shard) keyOf(l *listing, images *Images) (key [16]byte) {
	what := sha256.New()
	begin, _ := images.Span(s.first)
	fmt.Fprintln(what, shardMagic, s.to-s.from, s.from-begin, images.Side)
	row := make([]byte, 0, 8+4+4+1)
	for i := s.first; i < s.end; i++ {
		height, width := images.Size(i)
		row = binary.LittleEndian.AppendUint64(row[:0], uint64(l.files[i].id()))
		row = binary.LittleEndian.AppendUint32(row, uint32(height))
		row = binary.LittleEndian.AppendUint32(row, uint32(width))
		what.Write(append(row, byte(l.files[i].header.turn)))
	}
	copy(key[:], what.Sum(nil))
	return key
}

// lock is which of the cache's locks the shard has.
func (s *shard) lock() int64 {
	return 1 + int64(binary.LittleEndian.Uint64(s.key[:])>>2)
}

// piece returns where the piece of image i that is in the shard begins and ends in
// the image.
func (s *shard) piece(images *Images, i int) (from, to int) {
	begin, end := images.Span(i)
	return max(s.from, begin) - begin, min(s.to, end) - begin
}

// tailBytes is how many bytes of the file are no pixels.
func (s *shard) tailBytes() int { return 8*(s.end-s.first) + 4 + len(s.key) + len(shardMagic) }

// load reads what the shard's file has but pixels. An error says why it is of no use.
func (s *shard) load() error {
	file, err := os.Open(s.path)
	if err != nil {
		return err // has the path
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err // has the path
	}
	tail := make([]byte, s.tailBytes())
	if !info.Mode().IsRegular() || info.Size() != int64(s.to-s.from+len(tail)) {
		return fmt.Errorf("%s: truncated, or no part of a cache", s.path)
	}
	if _, err := file.ReadAt(tail, int64(s.to-s.from)); err != nil {
		return err // has the path
	}
	sums := tail[:8*(s.end-s.first)]
	rest := tail[len(sums):]
	if crc32.Checksum(sums, castagnoli) != binary.LittleEndian.Uint32(rest) || string(rest[4:]) != string(s.key[:])+shardMagic {
		return fmt.Errorf("%s: damaged: its end is wrong", s.path)
	}
	s.sums, s.prints = make([]uint32, s.end-s.first), make([]uint32, s.end-s.first)
	for k := range s.sums {
		s.sums[k], s.prints[k] = binary.LittleEndian.Uint32(sums[8*k:]), binary.LittleEndian.Uint32(sums[8*k+4:])
	}
	return nil
}

// make makes the shard's file, unless another process has. It is written under
// another name until it is complete, so that nobody sees half of it. It returns the
// files that turned out to be corrupt; of these there is no shard.
func (s *shard) make(ctx context.Context, d *decoding) ([]CorruptFile, error) {
	if !s.bad && s.load() == nil {
		d.counter.add(int64(s.end - s.first))
		return nil, nil
	}
	file, err := atomicfile.Create(s.path)
	if err != nil {
		return nil, &cacheError{err}
	}
	defer file.Discard() // does nothing if all went well
	if err := reserve(file.File, s.to-s.from+s.tailBytes()); err != nil {
		return nil, &cacheError{err}
	}
	s.sums, s.prints = make([]uint32, s.end-s.first), make([]uint32, s.end-s.first)
	corrupt, err := d.do(ctx, s.first, s.end, func(i int, stored []uint8, print uint32) error {
		begin, end := s.piece(d.images, i)
		s.sums[i-s.first], s.prints[i-s.first] = crc32.Checksum(stored[begin:end], castagnoli), print
		from, _ := d.images.Span(i)
		return s.write(file.File, stored[begin:end], from+begin-s.from)
	})
	if err != nil || len(corrupt) > 0 {
		return corrupt, err
	}
	if err := errors.Join(s.write(file.File, s.tail(), s.to-s.from), file.Replace()); err != nil {
		return nil, &cacheError{err}
	}
	return nil, nil
}

// write writes a part of the shard. Pixels are written rather than copied to a
// mapping, for a full disk is then an error and not a crash.
func (s *shard) write(file *os.File, data []byte, at int) error {
	if _, err := file.WriteAt(data, int64(at)); err != nil {
		return &cacheError{err}
	}
	return nil
}

// tail returns what follows the pixels.
func (s *shard) tail() []byte {
	tail := make([]byte, 0, s.tailBytes())
	for k := range s.sums {
		tail = binary.LittleEndian.AppendUint32(tail, s.sums[k])
		tail = binary.LittleEndian.AppendUint32(tail, s.prints[k])
	}
	tail = binary.LittleEndian.AppendUint32(tail, crc32.Checksum(tail, castagnoli))
	tail = append(tail, s.key[:]...)
	return append(tail, shardMagic...)
}

// A shardReader reads one piece of a shard after another. It is for one goroutine.
type shardReader struct {
	shard  *shard
	file   *os.File
	buffer []byte
}

// check compares the checksum of image i's piece in a shard. Pieces should come in
// their order.
func (r *shardReader) check(s *shard, i int, images *Images) error {
	if r.shard != s {
		r.close()
		file, err := os.Open(s.path)
		if err != nil {
			return err // has the path
		}
		r.shard, r.file = s, file
	}
	begin, end := s.piece(images, i)
	from, _ := images.Span(i)
	r.buffer = resize(r.buffer, end-begin)
	if _, err := r.file.ReadAt(r.buffer, int64(from+begin-s.from)); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	if crc32.Checksum(r.buffer, castagnoli) != s.sums[i-s.first] {
		return fmt.Errorf("%s: damaged: the checksum of image %d is wrong", s.path, i)
	}
	return nil
}

func (r *shardReader) close() {
	if r.file != nil {
		r.file.Close()
	}
	r.shard, r.file = nil, nil
}
