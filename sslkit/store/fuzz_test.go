package store

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gossl/gossl/sslkit/embedding"
)

// Whatever a file holds, it is an error or a set that can be kept again.
func fuzzRead(f *testing.F, extension string) {
	for _, s := range []*embedding.Set{small(), {Features: []float32{1, 2}, Dim: 1}} {
		path := filepath.Join(f.TempDir(), "set"+extension)
		if err := Write(path, s); err != nil {
			f.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		first, err := Read(writeText(t, "x"+extension, string(text)))
		if err != nil {
			return
		}
		path := filepath.Join(t.TempDir(), "again"+extension)
		if err := Write(path, first); err != nil {
			t.Fatal(err)
		}
		second, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		sameSet(t, "again", first, second)
	})
}

func FuzzReadParquet(f *testing.F) { fuzzRead(f, ".parquet") }
func FuzzReadCSV(f *testing.F)     { fuzzRead(f, ".csv") }
func FuzzReadNPY(f *testing.F)     { fuzzRead(f, ".npy") }
