package dataset

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"os"
	"slices"
	"time"

	"github.com/gossl/gossl/internal/atomicfile"
)

// sizes are what the headers of a folder's files said, so that they need not be
// opened again, and which files are no images. Their file begins with sizesMagic and
// a sizesIndex as JSON, each in a line; then come the files, sorted, of sizeRecord
// bytes each, and a CRC-32C of everything before.
type sizes struct {
	path  string
	known []sizeOf // what the file said
	fresh bool     // more is known than the file says
	kept  time.Time
}

// A sizeOf is what is known of a file: its id and header.
type sizeOf struct {
	id     fileID
	header header
}

const (
	sizesMagic = "sslkit sizes 1\n"
	sizeRecord = 8 + 3*4 + 1
)

// A sizesIndex is what is not the same of each file.
type sizesIndex struct {
	Folder  string // for people who wonder what the cache is of
	Files   int
	Corrupt reasons
}

// load reads the file, if there is one, and tells a listing what it says. A damaged
// file is as good as none: it is made anew.
func (s *sizes) load(l *listing) error {
	data, err := os.ReadFile(s.path)
	if absent(err) {
		return nil
	}
	if err != nil {
		return err // has the path
	}
	index, records, ok := readSizes(data)
	if !ok {
		return errors.New(s.path + ": damaged: files are looked at again")
	}
	for row := range slices.Chunk(records, sizeRecord) {
		var h header
		h.height, h.width = int32(binary.LittleEndian.Uint32(row[8:])), int32(binary.LittleEndian.Uint32(row[12:]))
		h.memory, h.turn = int32(binary.LittleEndian.Uint32(row[16:])), turn(row[20])
		s.known = append(s.known, sizeOf{fileID(binary.LittleEndian.Uint64(row)), h})
	}
	s.kept = time.Now()
	s.tell(l, index.Corrupt)
	return nil
}

// readSizes takes a file apart.
func readSizes(data []byte) (index sizesIndex, records []byte, ok bool) {
	text, found := bytes.CutPrefix(data, []byte(sizesMagic))
	if !found || len(text) < 4 {
		return index, nil, false
	}
	end := len(data) - 4
	if crc32.Checksum(data[:end], castagnoli) != binary.LittleEndian.Uint32(data[end:]) {
		return index, nil, false
	}
	line, records, found := bytes.Cut(text[:len(text)-4], []byte("\n"))
	if !found || json.Unmarshal(line, &index) != nil || len(records) != index.Files*sizeRecord {
		return index, nil, false
	}
	return index, records, true
}

// tell gives a listing's files their headers, and leaves out those that are corrupt.
func (s *sizes) tell(l *listing, corrupt reasons) {
	var out []CorruptFile
	for i := range l.files {
		file := &l.files[i]
		id := file.id()
		if reason, found := corrupt[id]; found {
			out = append(out, CorruptFile{Name: file.name, Err: errors.New(reason)})
		} else if at, found := slices.BinarySearchFunc(s.known, id, byID); found {
			file.header = s.known[at].header
		}
	}
	l.leaveOut(out)
}

func byID(a sizeOf, id fileID) int { return cmp.Compare(a.id, id) }

// sizesEvery is how much time passes between two times that sizes are kept while
// files are looked at: a million take 20 MB.
const sizesEvery = 30 * time.Second

// keepSome notes that more is known of a listing's files, and writes it if that was
// not done for a while.
func (s *sizes) keepSome(l *listing) error {
	s.fresh = true
	if time.Since(s.kept) < sizesEvery {
		return nil
	}
	return s.keep(l)
}

// keep writes what is known of a listing's files, unless the file says it.
func (s *sizes) keep(l *listing) error {
	if !s.fresh {
		return nil
	}
	s.fresh, s.kept = false, time.Now()
	known := make([]sizeOf, 0, len(l.files))
	for i := range l.files {
		if file := &l.files[i]; file.header != (header{}) {
			known = append(known, sizeOf{file.id(), file.header})
		}
	}
	slices.SortFunc(known, func(a, b sizeOf) int { return cmp.Compare(a.id, b.id) })
	index, err := json.Marshal(sizesIndex{Folder: l.dir, Files: len(known), Corrupt: l.reasons})
	if err != nil {
		return err
	}
	data := append([]byte(sizesMagic), index...)
	data = slices.Grow(append(data, '\n'), len(known)*sizeRecord+4)
	for _, k := range known {
		data = binary.LittleEndian.AppendUint64(data, uint64(k.id))
		data = binary.LittleEndian.AppendUint32(data, uint32(k.header.height))
		data = binary.LittleEndian.AppendUint32(data, uint32(k.header.width))
		data = binary.LittleEndian.AppendUint32(data, uint32(k.header.memory))
		data = append(data, byte(k.header.turn))
	}
	data = binary.LittleEndian.AppendUint32(data, crc32.Checksum(data, castagnoli))
	return atomicfile.Write(s.path, data)
}
