package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/parquet-go/parquet-go"
)

// A parquetRow is an image in a Parquet file.
type parquetRow struct {
	File    *string   `parquet:"file,optional,zstd"`
	Label   *int32    `parquet:"label,optional,zstd"`
	Class   *string   `parquet:"class,optional,dict,zstd"`
	Feature []float32 `parquet:"feature,list"`
}

// Keys of metadata that hold all classes, and the origin, as JSON.
const (
	parquetClasses = "sslkit.classes"
	parquetOrigin  = "sslkit.origin"
)

func writeParquet(s *embedding.Set, out io.Writer) error {
	options := []parquet.WriterOption{parquet.CreatedBy("sslkit", "1", ""), parquet.MaxRowsPerRowGroup(50_000)}
	if s.Classes != nil {
		classes, err := json.Marshal(s.Classes)
		if err != nil {
			return err
		}
		options = append(options, parquet.KeyValueMetadata(parquetClasses, string(classes)))
	}
	if o := newOrigin(s); o != nil {
		text, err := json.Marshal(o)
		if err != nil {
			return err
		}
		options = append(options, parquet.KeyValueMetadata(parquetOrigin, string(text)))
	}
	w := parquet.NewGenericWriter[parquetRow](out, options...)
	rows := make([]parquetRow, 0, 1000)
	for i := range s.Len() {
		row := parquetRow{Feature: s.Row(i)}
		if s.Files != nil {
			row.File = &s.Files[i]
		}
		if s.Labels != nil {
			row.Label = &s.Labels[i]
		}
		if s.Classes != nil {
			row.Class = &s.Classes[s.Labels[i]]
		}
		rows = append(rows, row)
		if len(rows) == cap(rows) || i == s.Len()-1 {
			if _, err := w.Write(rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	return w.Close()
}

// checkFooter returns an error unless the file ends as Parquet does: with the
// length of its metadata and a magic word. The library would believe any length.
func checkFooter(file *os.File, size int64) error {
	var end [8]byte
	if size < 2*int64(len(end)) {
		return errors.New("truncated, or not a Parquet file")
	}
	if _, err := file.ReadAt(end[:], size-int64(len(end))); err != nil {
		return err
	}
	if length := int64(binary.LittleEndian.Uint32(end[:])); string(end[4:]) != "PAR1" || length > size-int64(len(end)) {
		return errors.New("truncated, or not a Parquet file")
	}
	return nil
}

// leaf returns the column of a name: of a list, that of its elements. It is nil
// if there is none, and an error if it does not hold what is wanted.
func leaf(table *parquet.File, name, want string, list bool, kinds ...parquet.Kind) (*parquet.Column, error) {
	column := table.Root().Column(name)
	if column == nil {
		return nil, nil
	}
	for !column.Leaf() && len(column.Columns()) == 1 {
		column = column.Columns()[0]
	}
	lists := 0
	if list {
		lists = 1
	}
	if column.Leaf() && column.MaxRepetitionLevel() == lists {
		for _, kind := range kinds {
			if column.Type().Kind() == kind {
				return column, nil
			}
		}
	}
	return nil, fmt.Errorf("column %s: it does not hold %s", name, want)
}

// eachValue calls take with the values of a column.
func eachValue(column *parquet.Column, take func(parquet.Value) error) error {
	pages := column.Pages()
	defer pages.Close()
	var values [1024]parquet.Value
	for {
		page, err := pages.ReadPage()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		reader := page.Values()
		for {
			n, err := reader.ReadValues(values[:])
			for _, value := range values[:n] {
				if err := take(value); err != nil {
					return err
				}
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
			if n == 0 {
				return io.ErrNoProgress
			}
		}
		parquet.Release(page)
	}
}

// readParquet reads the columns one by one, which takes files of other tools,
// too, whose types differ a little.
func readParquet(file *os.File) (s *embedding.Set, err error) {
	defer func() {
		if cause := recover(); cause != nil { // the library panics at some damage
			s, err = nil, fmt.Errorf("damaged: %v", cause)
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if err := checkFooter(file, info.Size()); err != nil {
		return nil, err
	}
	table, err := parquet.OpenFile(file, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, err
	}
	s = &embedding.Set{}
	if err := readFeatures(s, table); err != nil {
		return nil, err
	}
	if s.Files, err = readTexts(table, "file"); err != nil {
		return nil, err
	}
	if s.Labels, err = readLabels(table); err != nil {
		return nil, err
	}
	if err := readClasses(s, table); err != nil {
		return nil, err
	}
	return s, readOrigin(s, table)
}

// readFeatures takes the column feature. Its first row decides the dimension.
func readFeatures(s *embedding.Set, table *parquet.File) error {
	column, err := leaf(table, "feature", "lists of floats", true, parquet.Float, parquet.Double)
	if err != nil {
		return err
	}
	if column == nil {
		return fmt.Errorf("no column feature; there are %s", columnNames(table))
	}
	rows, start := 0, 0 // rows begun, and where the last of them starts
	endRow := func() error {
		dim := len(s.Features) - start
		if rows == 1 {
			s.Dim = dim
		}
		if dim != s.Dim {
			return fmt.Errorf("row %d, column feature: %d numbers, but %d in row 0", rows-1, dim, s.Dim)
		}
		return nil
	}
	double := column.Type().Kind() == parquet.Double
	err = eachValue(column, func(value parquet.Value) error {
		if value.RepetitionLevel() == 0 {
			if rows > 0 {
				if err := endRow(); err != nil {
					return err
				}
			}
			rows, start = rows+1, len(s.Features)
		}
		switch {
		case rows == 0:
			return errors.New("damaged: column feature begins within a row")
		case value.IsNull():
			return fmt.Errorf("row %d, column feature: a number is missing", rows-1)
		case double:
			s.Features = append(s.Features, float32(value.Double()))
		default:
			s.Features = append(s.Features, value.Float())
		}
		return nil
	})
	if err != nil || rows == 0 {
		return err // without rows it is an empty set, which is for validate
	}
	return endRow()
}

func columnNames(table *parquet.File) string {
	var names []string
	for _, column := range table.Root().Columns() {
		names = append(names, column.Name())
	}
	return strings.Join(names, ", ")
}

// readTexts returns a column of strings, nil if it is not there or all null.
func readTexts(table *parquet.File, name string) ([]string, error) {
	column, err := leaf(table, name, "strings", false, parquet.ByteArray)
	if err != nil || column == nil {
		return nil, err
	}
	var texts []string
	known := false
	err = eachValue(column, func(value parquet.Value) error {
		known = known || !value.IsNull()
		texts = append(texts, string(value.ByteArray()))
		return nil
	})
	if !known {
		texts = nil
	}
	return texts, err
}

// readLabels returns the column label, nil if it is not there or all null.
func readLabels(table *parquet.File) ([]int32, error) {
	column, err := leaf(table, "label", "whole numbers", false, parquet.Int32, parquet.Int64)
	if err != nil || column == nil {
		return nil, err
	}
	var labels []int32
	rows := 0
	wide := column.Type().Kind() == parquet.Int64
	err = eachValue(column, func(value parquet.Value) error {
		rows++
		if value.IsNull() && labels == nil {
			return nil
		}
		var label int64
		switch {
		case value.IsNull() || len(labels) != rows-1:
			return fmt.Errorf("row %d, column label: some rows have a label and others have none", rows-1)
		case wide:
			label = value.Int64()
		default:
			label = int64(value.Int32())
		}
		if label < 0 || label >= embedding.MostClasses {
			return fmt.Errorf("row %d, column label: %d, want 0 to %d", rows-1, label, embedding.MostClasses-1)
		}
		labels = append(labels, int32(label))
		return nil
	})
	return labels, err
}

// readClasses names the classes: as the column class does, and those that no
// image has as the metadata does.
func readClasses(s *embedding.Set, table *parquet.File) error {
	texts, err := readTexts(table, "class")
	if err != nil {
		return err
	}
	var all []string
	if text, known := table.Lookup(parquetClasses); known {
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			return fmt.Errorf("metadata %s: %w", parquetClasses, err)
		}
	}
	switch {
	case texts != nil && len(texts) != len(s.Labels):
		return fmt.Errorf("column class: names for %d images, but labels for %d", len(texts), len(s.Labels))
	case s.Labels == nil:
		return nil
	}
	names := map[int32]string{}
	for i, label := range s.Labels {
		name := ""
		if texts != nil {
			name = texts[i]
		}
		if before, seen := names[label]; seen && before != name {
			return fmt.Errorf("row %d, column class: %q of label %d, which was %q before", i, name, label, before)
		}
		names[label] = name
	}
	s.Classes = namesOf(names, all)
	return nil
}

func readOrigin(s *embedding.Set, table *parquet.File) error {
	text, known := table.Lookup(parquetOrigin)
	if !known {
		return nil
	}
	var o origin
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return fmt.Errorf("metadata %s: %w", parquetOrigin, err)
	}
	o.about(s)
	return nil
}
