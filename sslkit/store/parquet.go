package store

import (
	"encoding/json"
	"io"

	"github.com/parquet-go/parquet-go"

	"github.com/gossl/gossl/sslkit/embedding"
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
