package store

import (
	"errors"
	"fmt"
	"io"
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
