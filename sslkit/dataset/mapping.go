package dataset

import (
	"os"
	"sync"
	"sync/atomic"
)

// mappedLimit is how many bytes of pixels may stay in memory though they could be read
// from the cache again, and are summed up anew for each fingerprint. Only tests change
// it.
var mappedLimit = 64 << 20

// A mapping is what pixels are mapped from.
type mapping struct {
	prints []uint32 // see decoded
	each   int      // bytes of all shards but the last one
	shards []shard  // where they are
	files  []atomic.Pointer[os.File]
}

// mappings are those of pixels from the cache, by the place of the first one, which
// stays theirs until the process ends.
var mappings sync.Map // *uint8 to *mapping

// keep remembers what the images' pixels are mapped from.
func (m *Images) keep(shards []*shard, prints []uint32) {
	if len(m.Pixels) <= mappedLimit {
		return
	}
	file := &mapping{prints: prints, each: shards[0].to, files: make([]atomic.Pointer[os.File], len(shards))}
	for _, s := range shards {
		file.shards = append(file.shards, shard{path: s.path, from: s.from, to: s.to})
	}
	mappings.Store(&m.Pixels[0], file)
}

// mapping is what the images' pixels, or the first of them, are mapped from; nil if
// they are in memory, or few.
func (m *Images) mapping() *mapping {
	if len(m.Pixels) <= mappedLimit {
		return nil
	}
	file, _ := mappings.Load(&m.Pixels[0])
	found, _ := file.(*mapping)
	return found
}

// release gives back the memory of image i's pixels, if they are mapped and have not
// been written to: they are read again when somebody looks at them.
func (m *Images) release(i int) {
	m, i = m.source(i)
	if m.mapping() != nil {
		from, to := m.Span(i)
		drop(m.Pixels, from, to)
	}
}

// read reads pixels from their files, without the page faults of a mapping, and says
// whether it could.
func (p *mapping) read(to []uint8, from int) bool {
	for len(to) > 0 {
		k := from / p.each
		file := p.open(k)
		if file == nil {
			return false
		}
		n := min(len(to), p.shards[k].to-from)
		if _, err := file.ReadAt(to[:n], int64(from-p.shards[k].from)); err != nil {
			return false
		}
		to, from = to[n:], from+n
	}
	return true
}

// open returns the file of shard k, which stays open; nil if it is gone, or too many
// files are open.
func (p *mapping) open(k int) *os.File {
	if file := p.files[k].Load(); file != nil {
		return file
	}
	file, err := os.Open(p.shards[k].path)
	if err != nil {
		return nil
	}
	if !p.files[k].CompareAndSwap(nil, file) { // somebody else was faster
		file.Close()
	}
	return p.files[k].Load()
}
