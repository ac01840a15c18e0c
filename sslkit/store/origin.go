package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"

	"github.com/gossl/gossl/internal/atomicfile"
	"github.com/gossl/gossl/sslkit/embedding"
)

// An origin is what a file says of where its features come from. Other tools may
// write other features below the same words, so it says, too, which ones it is about.
type origin struct {
	embedding.Origin
	Features string `json:"features"` // hash of the numbers
}

// newOrigin returns what a file should say of a set, nil if nothing is known.
func newOrigin(s *embedding.Set) *origin {
	if s.Origin == nil {
		return nil
	}
	return &origin{*s.Origin, hashed(s.Features)}
}

// about gives a set its origin if that is about its features.
func (o *origin) about(s *embedding.Set) {
	if o != nil && o.Features == hashed(s.Features) {
		known := o.Origin
		s.Origin = &known
	}
}

func hashed(features []float32) string {
	sum := sha256.New()
	var bytes [4096]byte
	for start := 0; start < len(features); start += len(bytes) / 4 {
		part := features[start:min(start+len(bytes)/4, len(features))]
		for i, value := range part {
			binary.LittleEndian.PutUint32(bytes[4*i:], math.Float32bits(value))
		}
		sum.Write(bytes[:4*len(part)])
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

// csvBeside ends the name of the file beside a CSV file.
const csvBeside = ".json"

// A csvAbout is what the file beside a CSV file says, which readers of tables do
// not look at.
type csvAbout struct {
	Origin *origin `json:"origin"`
}

// writeCSVFile writes the file beside first, if there is anything to say: where it
// alone is new, its hash is not that of the table.
func writeCSVFile(s *embedding.Set, path string) error {
	if o := newOrigin(s); o != nil {
		err := atomicfile.WriteBy(path+csvBeside, func(w io.Writer) error { return json.NewEncoder(w).Encode(csvAbout{o}) })
		if err != nil {
			return err
		}
	}
	return atomicfile.WriteBy(path, func(w io.Writer) error { return writeCSV(s, w) })
}

func readCSVFile(file *os.File) (*embedding.Set, error) {
	s, err := readCSV(file)
	if err != nil {
		return nil, err
	}
	path := file.Name() + csvBeside
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, nil
	case err != nil:
		return nil, err // has the path
	}
	var beside csvAbout
	var other *json.UnmarshalTypeError
	if err := json.Unmarshal(text, &beside); errors.As(err, &other) {
		return s, nil // a file of somebody else's
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	beside.Origin.about(s)
	return s, nil
}
