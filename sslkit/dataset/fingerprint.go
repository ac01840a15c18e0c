package dataset

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gossl/gossl/sslkit/internal/par"
)

// A Fingerprint tells whether images are the same ones, with the same labels. It
// finds what changes by accident: one changed image in four billion keeps its
// checksum, and whoever wants to can make one that does.
type Fingerprint struct {
	Images  int      `json:"images"`
	Size    string   `json:"size"`              // height×width, the smallest and the largest where they differ
	Sizes   string   `json:"sizes"`             // hash of the size of each image
	Pixels  string   `json:"pixels"`            // hash of the size and the pixels of each image
	Labels  string   `json:"labels,omitempty"`  // hash of the name of each image's class, its number if it has none; "" without classes
	Classes []string `json:"classes,omitempty"` // as the images have them; their order is not part of Labels
}

// Fingerprint returns that of the images, whatever form they lie in: a subset is
// the same by [Images.First] and by [Images.Pick].
//
// Every pixel counts, by a CRC-32C of each image on all processors: a tenth of a
// second for 60,000 images of 32×32. The pixels of a [Folder] have been summed up
// while they were decoded or the cache was checked, so that the file need not be
// read again; of a file of more than 64 MiB 16 images spread over all are looked at,
// and all of them if one has been written to since.
func (m *Images) Fingerprint() Fingerprint {
	n := m.Len()
	f := Fingerprint{Images: n}
	if n == 0 {
		return f
	}
	f.Classes = texts(m.Classes)
	sizes, pixels, labels := sha256.New(), sha256.New(), sha256.New()
	sums := m.sums()
	least, most := m.frame(0), m.frame(0)
	for i := range n {
		size := m.frame(i)
		least, most = slices.MinFunc([]Frame{least, size}, bySize), slices.MaxFunc([]Frame{most, size}, bySize)
		hashNumbers(sizes, size.Height, size.Width)
		hashNumbers(pixels, size.Height, size.Width, int(sums[i]))
		fmt.Fprintf(labels, "%q\n", m.className(m.Labels[i]))
	}
	f.Size = least.text()
	if most != least {
		f.Size += " to " + most.text()
	}
	f.Sizes, f.Pixels = short(sizes), short(pixels)
	if m.Classes != nil {
		f.Labels = short(labels)
	}
	return f
}

// String describes the images in a line.
func (f Fingerprint) String() string {
	return fmt.Sprintf("%d images of %s (%s)", f.Images, f.Size, f.Pixels)
}

// Changes says what the images have that others before them had not, in words;
// nothing if they are the same. The order of the classes is none of it.
func (f Fingerprint) Changes(before Fingerprint) []string {
	var changes []string
	switch {
	case f.Images != before.Images:
		changes = append(changes, fmt.Sprintf("%d images instead of %d", f.Images, before.Images))
	case f.Size != before.Size:
		changes = append(changes, fmt.Sprintf("images of %s pixels instead of %s", f.Size, before.Size))
	case f.Sizes != before.Sizes:
		changes = append(changes, "images of other sizes")
	case f.Pixels != before.Pixels:
		changes = append(changes, "other pixels")
	}
	gone, come := without(before.Classes, f.Classes), without(f.Classes, before.Classes)
	switch {
	case len(gone) > 0 || len(come) > 0:
		changes = append(changes, fmt.Sprintf("the classes %s instead of %s", quoted(come), quoted(gone)))
	case len(f.Classes) != len(before.Classes):
		changes = append(changes, fmt.Sprintf("%d classes instead of %d", len(f.Classes), len(before.Classes)))
	case f.Images == before.Images && f.Labels != before.Labels:
		changes = append(changes, "other labels")
	}
	return changes
}

// texts returns names with quotes around those that are not UTF-8, which files
// cannot keep as they are.
func texts(names []string) []string {
	names = slices.Clone(names)
	for i, name := range names {
		if !utf8.ValidString(name) {
			names[i] = strconv.Quote(name)
		}
	}
	return names
}

// without returns the strings of all that others has not.
func without(all, others []string) []string {
	known := map[string]bool{}
	for _, name := range others {
		known[name] = true
	}
	return slices.DeleteFunc(slices.Clone(all), func(name string) bool { return known[name] })
}

// quoted lists the first ten names.
func quoted(names []string) string {
	const most = 10
	var list []string
	for _, name := range names[:min(most, len(names))] {
		list = append(list, strconv.Quote(name))
	}
	switch {
	case len(names) == 0:
		return "none"
	case len(names) > most:
		list = append(list, fmt.Sprintf("and %d more", len(names)-most))
	}
	return strings.Join(list, ", ")
}

// frame is the size of image i.
func (m *Images) frame(i int) Frame {
	height, width := m.Size(i)
	return Frame{Height: height, Width: width}
}

// text is height×width.
func (f Frame) text() string { return fmt.Sprintf("%d×%d", f.Height, f.Width) }

// bySize compares numbers of pixels, then heights.
func bySize(a, b Frame) int {
	return cmp.Or(cmp.Compare(a.Height*a.Width, b.Height*b.Width), cmp.Compare(a.Height, b.Height))
}

// className is the name of a class, its number if it has none.
func (m *Images) className(label int32) string {
	if label >= 0 && int(label) < len(m.Classes) && m.Classes[label] != "" {
		return m.Classes[label]
	}
	return strconv.Itoa(int(label))
}

func hashNumbers(to hash.Hash, numbers ...int) {
	var bytes [8]byte
	for _, number := range numbers {
		binary.LittleEndian.PutUint64(bytes[:], uint64(number))
		to.Write(bytes[:])
	}
}

// short is enough of a hash to tell things apart.
func short(sum hash.Hash) string { return hex.EncodeToString(sum.Sum(nil)[:12]) }

// sums returns a CRC-32C of each image's pixels.
func (m *Images) sums() []uint32 {
	if known, ok := m.keptSums(); ok {
		return known
	}
	sums := make([]uint32, m.Len())
	_ = par.Do(context.Background(), len(sums), func() func(int) error {
		var buffer []uint8
		return func(i int) error {
			sums[i], buffer = m.sum(i, buffer)
			return nil
		}
	})
	return sums
}

// keptSums returns sums that were kept, unless a look at some images shows that
// pixels have changed.
func (m *Images) keptSums() ([]uint32, bool) {
	const look = 16
	if m.From != nil {
		all, ok := m.From.keptSums()
		if !ok {
			return nil, false
		}
		sums := make([]uint32, len(m.Which))
		for j, i := range m.Which {
			sums[j] = all[i]
		}
		return sums, true
	}
	n := m.Len()
	file := m.mapping()
	if file == nil || len(file.prints) < n {
		return nil, false
	}
	sums := file.prints[:n]
	var buffer []uint8
	for k := range min(look, n) {
		i := k * n / min(look, n)
		var sum uint32
		if sum, buffer = m.sum(i, buffer); sum != sums[i] {
			return nil, false
		}
	}
	return sums, true
}

// sum returns a CRC-32C of the pixels of image i, and a buffer for the next one.
func (m *Images) sum(i int, buffer []uint8) (uint32, []uint8) {
	m, i = m.source(i)
	from, to := m.Span(i)
	return m.sumOf(m.Pixels[from:to], i, buffer)
}

// sumOf is sum with the bytes of image i as Pixels has them. The longer side counts
// downwards, and what fills rows does not, so that all forms give the same.
func (m *Images) sumOf(stored []uint8, i int, buffer []uint8) (uint32, []uint8) {
	size := m.frame(i)
	switch {
	case m.Frames != nil:
		sum, row := uint32(0), 3*size.short()
		for start := 0; start < len(stored); start += 3 * m.Side {
			sum = crc32.Update(sum, castagnoli, stored[start:start+row])
		}
		return sum, buffer
	case size.Width > size.Height:
		buffer = resize(buffer, len(stored))
		alone := &Images{Frames: []Frame{size}, Side: size.short()}
		alone.Pack(buffer, stored, 0)
		stored = buffer
	}
	return crc32.Checksum(stored, castagnoli), buffer
}
