package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/gossl/gossl/sslkit/embedding"
)

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
