package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/parquet-go/parquet-go"
)

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
