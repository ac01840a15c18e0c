package dataset

import (
	"context"
	"hash/crc32"
	"sync"
)

// sumsLimit is how many bytes of pixels are summed up anew each time: more of a
// mapped file would be memory that nobody needs. Only tests change it.
var sumsLimit = 64 << 20

// kept has the sums of images from the cache, by the place of their first pixel,
// which stays theirs until the process ends.
var kept sync.Map // *uint8 to []uint32

// keepSums remembers the sums of the images that begin at a mapping's start.
func (m *Images) keepSums(sums []uint32) {
	if len(m.Pixels) > sumsLimit {
		kept.Store(&m.Pixels[0], sums)
	}
}

// sums returns a CRC-32C of each image's pixels.
func (m *Images) sums() []uint32 {
	if known, ok := m.keptSums(); ok {
		return known
	}
	sums := make([]uint32, m.Len())
	_ = parallel(context.Background(), len(sums), newMeter(nil, "", 0), func() func(int) error {
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
	n := m.Len()
	if len(m.Pixels) <= sumsLimit {
		return nil, false
	}
	known, ok := kept.Load(&m.Pixels[0])
	if !ok || len(known.([]uint32)) < n {
		return nil, false
	}
	sums := known.([]uint32)[:n]
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
