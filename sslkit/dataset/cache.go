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
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gossl/gossl/internal/atomicfile"
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

// cacheAbandoned is how long ago a file that is not complete was last written to
// if the process that wrote it has died.
const cacheAbandoned = 24 * time.Hour

// cacheLimit is how many GB the files of the cache may take together.
const cacheLimit = 50

// cacheFile is what the names of the cache's files look like.
var cacheFile = regexp.MustCompile(`^[0-9a-f]{16}-[0-9a-f]{16}$`)

// limit returns how many bytes the cache's files may take.
func (c *cache) limit() (int64, error) {
	const name, gigabyte = "SSLKIT_IMAGE_CACHE", 1e9
	text := os.Getenv(name)
	if text == "" {
		return cacheLimit * gigabyte, nil
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || !(value >= 0 && value <= 1e9) {
		return cacheLimit * gigabyte, fmt.Errorf("%s is %q: want a number of GB", name, text)
	}
	return int64(value * gigabyte), nil
}

// clean removes what the cache held of former states of the folder, what
// processes that died have left, and, if it is larger than it may be, what was not
// used for longest. The cache's own file stays. What cannot be removed does, too.
func (c *cache) clean() error {
	type file struct {
		path string
		used time.Time
		size int64
	}
	var files []file
	total := int64(0)
	entries, err := os.ReadDir(c.dir)
	for _, entry := range entries {
		path := filepath.Join(c.dir, entry.Name())
		info, err := entry.Info()
		switch {
		case err != nil || !info.Mode().IsRegular(): // gone, or not ours
		case atomicfile.IsPending(entry.Name()), filepath.Ext(entry.Name()) == ".tmp": // as older versions call what is being written
			if time.Since(info.ModTime()) > cacheAbandoned {
				os.Remove(path)
			}
		case path == c.path():
			total += info.Size()
		case strings.HasPrefix(entry.Name(), c.name):
			os.Remove(path)
		case cacheFile.MatchString(entry.Name()):
			total += info.Size()
			files = append(files, file{path, info.ModTime(), info.Size()})
		}
	}
	limit, wrong := c.limit()
	if wrong != nil {
		err = wrong
	}
	slices.SortFunc(files, func(a, b file) int { return a.used.Compare(b.used) })
	for _, file := range files {
		if total <= limit {
			break
		}
		if os.Remove(file.path) == nil {
			total -= file.size
		}
	}
	return err
}

// A fileName is a name in JSON, whatever its bytes: a string, or, if it is not
// UTF-8, which JSON cannot hold, an array with its bytes in base64.
type fileName string

// MarshalJSON implements [json.Marshaler].
func (n fileName) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(n)) {
		return json.Marshal(string(n))
	}
	return json.Marshal([1][]byte{[]byte(n)})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (n *fileName) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err == nil {
		*n = fileName(text)
		return nil
	}
	var bytes [][]byte
	if err := json.Unmarshal(data, &bytes); err != nil || len(bytes) != 1 {
		return fmt.Errorf("%s is no name", data)
	}
	*n = fileName(bytes[0])
	return nil
}

func fileNames(names []string) []fileName { return convertNames[fileName](names) }

func plainNames(names []fileName) []string { return convertNames[string](names) }

// convertNames keeps the difference between no names and none.
func convertNames[To, From ~string](names []From) []To {
	if names == nil {
		return nil
	}
	converted := make([]To, len(names))
	for i, name := range names {
		converted[i] = To(name)
	}
	return converted
}
