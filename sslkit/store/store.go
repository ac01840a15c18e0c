// Package store keeps the features of images in files that other tools read:
// Parquet for tables of any size, CSV for spreadsheets, NPY for NumPy. [Write]
// and [Read] choose the format by the name of the file. What is read equals what
// was written, to the bit.
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
	"path/filepath"
	"strings"

	"github.com/gossl/gossl/internal/atomicfile"
	"github.com/gossl/gossl/sslkit/embedding"
)

// A format is a kind of file that holds a set.
type format struct {
	write func(s *embedding.Set, path string) error
	read  func(file *os.File) (*embedding.Set, error) // its errors do not name the file
}

var formats = map[string]format{
	".parquet": {writeFile(writeParquet), readParquet},
	".csv":     {writeCSVFile, readCSVFile},
	".npy":     {writeNPY, readNPY},
}

// Write writes a set to a file, in the format that the end of its name says:
//
//	.parquet  a row for each image: file and class (strings), label (32-bit
//	          integer), feature (list of 32-bit floats). What is unknown is
//	          null. The names of all classes, and the features' origin, stand in
//	          the file's metadata, as JSON under sslkit.classes and sslkit.origin.
//	.csv      a header file,label,class,f0,f1,… and a row for each image. What
//	          is unknown is empty. Names of classes that no image has are not
//	          kept: a table of images has no place for them. If the origin is
//	          known, NAME.csv.json beside it is an object with it.
//	.npy      a NumPy array of float32, [images, dim], and beside it NAME.npy.json,
//	          an object with files, labels, classes and origin, each null if unknown.
//
// An origin is written with a hash of the features, so that it is not believed of
// others that some tool puts into their place.
//
// The file appears when it is complete; until then the one that was there stays.
// It returns the error of [embedding.Set.Validate], and those of the file system.
func Write(path string, s *embedding.Set) error {
	format, err := formatOf(path)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := s.Validate(); err != nil {
		return fmt.Errorf("store: write %s: %w", path, err)
	}
	if err := format.write(s, path); err != nil {
		return fmt.Errorf("store: write %s: %w", path, err)
	}
	return nil
}

// Read returns the set in a file that [Write] or another tool has written.
// Files of others need not have all that ours have: a Parquet file needs the
// column feature, a list of 32-bit or 64-bit floats (which are rounded), and an
// NPY file nothing beside it. A Parquet file's other columns are ignored; a CSV file
// has none but those of [Write]. Where nothing is said of the origin, or it is that
// of other features, the set has none.
//
// Errors name the file and where in it: row and column, or line and column in CSV.
func Read(path string) (*embedding.Set, error) {
	format, err := formatOf(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err) // has the path
	}
	defer file.Close()
	s, err := readWhole(format, file)
	if err != nil {
		return nil, fmt.Errorf("store: read %s: %w", path, err)
	}
	return s, nil
}

func readWhole(f format, file *os.File) (*embedding.Set, error) {
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a file")
	case info.Size() == 0:
		return nil, errors.New("empty")
	}
	s, err := f.read(file)
	if err != nil {
		return nil, err
	}
	return s, s.Validate()
}

func formatOf(path string) (format, error) {
	f, known := formats[strings.ToLower(filepath.Ext(path))]
	if !known {
		return format{}, fmt.Errorf("%s: want a name that ends in .parquet, .csv or .npy", path)
	}
	return f, nil
}

// writeFile makes of a function that writes a set one that replaces a file.
func writeFile(write func(s *embedding.Set, w io.Writer) error) func(s *embedding.Set, path string) error {
	return func(s *embedding.Set, path string) error {
		return atomicfile.WriteBy(path, func(w io.Writer) error { return write(s, w) })
	}
}

// namesOf returns the names of classes that rows of a table give: for each label
// the name that rows with it have. extra names those that no row has. It is nil
// if no class has a name.
func namesOf(rows map[int32]string, extra []string) []string {
	highest := int32(len(extra)) - 1
	named := false
	for label, name := range rows {
		highest = max(highest, label)
		named = named || name != ""
	}
	if !named && extra == nil {
		return nil
	}
	names := make([]string, highest+1)
	copy(names, extra)
	for label, name := range rows {
		if name != "" {
			names[label] = name
		}
	}
	return names
}

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
