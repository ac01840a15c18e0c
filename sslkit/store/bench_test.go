package store

import (
	"path/filepath"
	"strings"
	"testing"
)

func BenchmarkWrite(b *testing.B) { benchmarkFiles(b, true) }
func BenchmarkRead(b *testing.B)  { benchmarkFiles(b, false) }

func benchmarkFiles(b *testing.B, write bool) {
	s := blobs(10_000, 512, 10, 1)
	for _, extension := range extensions {
		b.Run("format="+strings.TrimPrefix(extension, "."), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "set"+extension)
			if err := Write(path, s); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(4 * len(s.Features)))
			for b.Loop() {
				var err error
				if write {
					err = Write(path, s)
				} else {
					_, err = Read(path)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
