package dataset

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"
)

// What is known of files' headers survives an end in the middle, and only theirs.
func TestSizes(t *testing.T) {
	dir := t.TempDir()
	listed := func() *listing {
		l := &listing{dir: dir}
		for i := range 50 {
			l.files = append(l.files, imageFile{name: fmt.Sprintf("a/%02d.png", i), bytes: int64(i), modified: 7, turn: int32(i)})
		}
		return l
	}
	l := listed()
	for i := range 40 {
		l.files[i].header = header{height: int32(i + 1), width: 3, memory: 4, turn: turn(i % 9)}
	}
	l.leaveOut([]CorruptFile{{Name: "a/07.png", Err: fmt.Errorf("odd\nthings")}})
	kept := &sizes{path: filepath.Join(dir, "sizes")}
	if err := kept.keepSome(l); err != nil {
		t.Fatal(err)
	}
	got := listed()
	got.files[3].modified = 8
	if err := (&sizes{path: kept.path}).load(got); err != nil {
		t.Fatal(err)
	}
	if len(got.corrupt) != 1 || got.corrupt[0].Name != "a/07.png" || got.corrupt[0].Err.Error() != "odd\nthings" || len(got.files) != 49 {
		t.Errorf("corrupt are %v, %d are not", got.corrupt, len(got.files))
	}
	for k, file := range got.files {
		want := l.files[k].header
		if k == 3 {
			want = header{}
		}
		if file.header != want {
			t.Errorf("%s has the header %+v, want %+v", file.name, file.header, want)
		}
	}
	data, err := os.ReadFile(kept.path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(kept.path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	got = listed()
	if err := (&sizes{path: kept.path}).load(got); err == nil || got.files[0].header != (header{}) {
		t.Errorf("damaged: error %v", err)
	}
}

// Any bytes at all are sizes or damaged.
func FuzzSizes(f *testing.F) {
	whole := func(index string, records []byte) []byte {
		data := append([]byte(sizesMagic+index+"\n"), records...)
		return binary.LittleEndian.AppendUint32(data, crc32.Checksum(data, castagnoli))
	}
	f.Add(whole(`{"Files":1}`, make([]byte, sizeRecord)))
	f.Add(whole(`{"Files":-1}`, nil))
	f.Add(whole(`{"Files":1,"Corrupt":{"12":"odd"}}`, make([]byte, sizeRecord-1)))
	f.Add([]byte(sizesMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, data := range [][]byte{data, whole(string(data), data)} {
			if index, records, ok := readSizes(data); ok && len(records) != index.Files*sizeRecord {
				t.Fatalf("%d bytes for %d files", len(records), index.Files)
			}
		}
	})
}
