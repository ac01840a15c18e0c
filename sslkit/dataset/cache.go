package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gossl/gossl/internal/place"
)

// A cache is the file that keeps the decoded images of one folder, read with
// one set of options. It begins with the pixels, as [Images] has them; then
// come a cacheIndex as JSON and a footer of fixed size: the JSON's length (8
// bytes), its CRC-32C (4 bytes), both little-endian, and cacheMagic.
type cache struct {
	dir  string // of all caches
	name string // what the names of this cache's files begin with
	key  string // of the files and options that it should be made from
	from string // the folder
}

// cacheMagic ends every cache file. Another number is another format, or
// another way to decode.
const cacheMagic = "sslkit images 2\n"

const cacheFooter = 8 + 4 + len(cacheMagic) // bytes

// A cacheIndex is all about images but their pixels.
type cacheIndex struct {
	Folder  fileName // for people who wonder what the file is
	Key     string
	Classes []fileName
	Skipped []fileName
	Cut     []fileName `json:",omitempty"`

	// Of each image:
	Files   []fileName
	Labels  []int32
	Heights []int
	Widths  []int
	Sums    []uint32 // CRC-32C of its bytes in Pixels
}

// newCache returns the cache of a listing. Its key changes with whatever may
// change the pixels; SkipCorrupt does not, for nothing is kept of a folder with
// corrupt files unless they are skipped.
func newCache(l *listing, opts FolderOptions) *cache {
	what := sha256.New()
	fmt.Fprintf(what, "%q %d %d %t\n", l.dir, opts.shortSide(), opts.Limit, opts.Upright)
	if opts.Unlabelled {
		fmt.Fprintln(what, "unlabelled")
	}
	name := hex.EncodeToString(what.Sum(nil)[:8])
	fmt.Fprintf(what, "%q\n", cacheMagic)
	for _, file := range l.files {
		fmt.Fprintf(what, "%q %d %d\n", file.name, file.bytes, file.modified.UnixNano())
	}
	for _, file := range l.broken {
		fmt.Fprintf(what, "%q\n", file.Name)
	}
	return &cache{
		dir:  place.Images(place.Home()),
		name: name + "-",
		key:  hex.EncodeToString(what.Sum(nil)),
		from: l.dir,
	}
}

func (c *cache) path() string { return filepath.Join(c.dir, c.name+c.key[:16]) }

// read returns the images in the cache, or nil if there are none. An error says
// why a file that is there is of no use.
func (c *cache) read(ctx context.Context, opts FolderOptions) (*decoded, error) {
	file, err := os.Open(c.path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err // has the path
	}
	defer file.Close()
	index, images, err := c.readIndex(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Name(), err)
	}
	if len(images.Skipped) > 0 && !opts.SkipCorrupt {
		return nil, nil // reading the folder will say so
	}
	if images.Pixels, err = mapFile(file, images.bytes(images.Len())); err != nil {
		return nil, fmt.Errorf("%s: %w", file.Name(), err)
	}
	prints, err := c.check(ctx, opts, file, images, index.Sums)
	if err != nil {
		unmap(images.Pixels)
		return nil, err
	}
	images.keepSums(prints)
	now := time.Now()
	_ = os.Chtimes(file.Name(), now, now) // it was used: others go first
	return &decoded{images: images, sums: index.Sums, cut: plainNames(index.Cut)}, nil
}

// check compares the checksums of all images. It reads the file rather than its
// mapping, whose pages would count as the process's memory. It returns the sums
// that a fingerprint is made of.
func (c *cache) check(ctx context.Context, opts FolderOptions, file *os.File, images *Images, sums []uint32) ([]uint32, error) {
	prints := make([]uint32, images.Len())
	counter := newMeter(opts.Progress, "checking "+filepath.Base(c.from), int64(images.Len()))
	err := parallel(ctx, images.Len(), counter, func() func(int) error {
		var stored, buffer []uint8
		return func(i int) error {
			from, to := images.Span(i)
			stored = resize(stored, to-from)
			if _, err := file.ReadAt(stored, int64(from)); err != nil {
				return fmt.Errorf("%s: %w", file.Name(), err)
			}
			if crc32.Checksum(stored, castagnoli) != sums[i] {
				return fmt.Errorf("%s: damaged: the checksum of image %d is wrong", file.Name(), i)
			}
			prints[i], buffer = images.sumOf(stored, i, buffer)
			return nil
		}
	})
	return prints, err
}

// readIndex returns what the file says about the images, and the images without
// pixels.
func (c *cache) readIndex(file *os.File) (*cacheIndex, *Images, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	end := info.Size() - int64(cacheFooter)
	if !info.Mode().IsRegular() {
		return nil, nil, errors.New("is not a file")
	}
	if end < 0 {
		return nil, nil, errors.New("truncated")
	}
	footer := make([]byte, cacheFooter)
	if _, err := file.ReadAt(footer, end); err != nil {
		return nil, nil, err
	}
	length := binary.LittleEndian.Uint64(footer)
	if string(footer[12:]) != cacheMagic || length > uint64(end) {
		return nil, nil, errors.New("truncated, or not a cache of images")
	}
	text := make([]byte, length)
	if _, err := file.ReadAt(text, end-int64(length)); err != nil && err != io.EOF {
		return nil, nil, err
	}
	if crc32.Checksum(text, castagnoli) != binary.LittleEndian.Uint32(footer[8:]) {
		return nil, nil, errors.New("damaged: the checksum of the index is wrong")
	}
	index := &cacheIndex{}
	if err := json.Unmarshal(text, index); err != nil {
		return nil, nil, fmt.Errorf("damaged: %w", err)
	}
	if index.Key != c.key {
		return nil, nil, errors.New("a cache of other images")
	}
	images, err := index.images(end - int64(length))
	return index, images, err
}

// images returns the images without pixels, which take that many bytes.
func (x *cacheIndex) images(bytes int64) (*Images, error) {
	n := len(x.Labels)
	if n == 0 || len(x.Files) != n || len(x.Heights) != n || len(x.Widths) != n || len(x.Sums) != n {
		return nil, errors.New("damaged: the index is incomplete")
	}
	sizes := make([]Frame, n)
	for i, label := range x.Labels {
		if most := max(1, len(x.Classes)) - 1; label < 0 || int(label) > most {
			return nil, fmt.Errorf("damaged: image %d has label %d, want 0 to %d", i, label, most)
		}
		if err := checkSize(x.Heights[i], x.Widths[i]); err != nil {
			return nil, fmt.Errorf("damaged: image %d: %w", i, err)
		}
		sizes[i] = Frame{Height: x.Heights[i], Width: x.Widths[i]}
	}
	images := &Images{
		Labels: x.Labels, Classes: plainNames(x.Classes), Files: plainNames(x.Files), Skipped: plainNames(x.Skipped),
	}
	images.arrange(sizes)
	if want := images.bytes(n); int64(want) != bytes {
		return nil, fmt.Errorf("damaged: %d bytes of pixels, want %d", bytes, want)
	}
	return images, nil
}
