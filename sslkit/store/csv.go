package store

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/gossl/gossl/sslkit/embedding"
)

// csvKnown are the columns before those of the features.
var csvKnown = []string{"file", "label", "class"}

func writeCSV(s *embedding.Set, out io.Writer) error {
	w := csv.NewWriter(out)
	record := make([]string, len(csvKnown)+s.Dim)
	copy(record, csvKnown)
	for d := range s.Dim {
		record[len(csvKnown)+d] = "f" + strconv.Itoa(d)
	}
	if err := w.Write(record); err != nil {
		return err
	}
	for i := range s.Len() {
		clear(record[:len(csvKnown)])
		if s.Files != nil {
			record[0] = s.Files[i]
		}
		if s.Labels != nil {
			record[1] = strconv.Itoa(int(s.Labels[i]))
		}
		if s.Classes != nil {
			record[2] = s.Classes[s.Labels[i]]
		}
		for c, cell := range record[:len(csvKnown)] {
			// Readers of CSV make one line feed of the two.
			if strings.Contains(cell, "\r\n") {
				return fmt.Errorf("image %d: CSV cannot keep the line break in %s %q; Parquet can", i, csvKnown[c], cell)
			}
		}
		for d, value := range s.Row(i) {
			// The shortest number that is read back as the same float32.
			record[len(csvKnown)+d] = strconv.FormatFloat(float64(value), 'g', -1, 32)
		}
		if err := w.Write(record); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// A csvReader reads a table line by line.
type csvReader struct {
	*csv.Reader
	set     *embedding.Set
	classes map[int32]string // of the lines so far
}

func readCSV(file *os.File) (*embedding.Set, error) {
	if err := checkLastLine(file); err != nil {
		return nil, err
	}
	text, err := withoutMark(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return nil, err
	}
	r := csvReader{Reader: csv.NewReader(text), set: &embedding.Set{}, classes: map[int32]string{}}
	r.ReuseRecord = true
	header, err := r.Read()
	if err == io.EOF {
		return nil, errors.New("empty")
	}
	if err != nil {
		return nil, short(err)
	}
	if err := r.header(header); err != nil {
		return nil, err
	}
	for {
		record, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, short(err)
		}
		if err := r.line(record); err != nil {
			return nil, err
		}
	}
	s := r.set
	s.Classes = namesOf(r.classes, nil)
	if !hasText(s.Files) {
		s.Files = nil
	}
	return s, nil
}

// withoutMark leaves out the byte-order mark that spreadsheets write before UTF-8.
func withoutMark(text *bufio.Reader) (*bufio.Reader, error) {
	begin, _ := text.Peek(3) // a shorter file is an error soon
	switch {
	case string(begin) == "\xef\xbb\xbf":
		_, err := text.Discard(3)
		return text, err
	case strings.HasPrefix(string(begin), "\xff\xfe"), strings.HasPrefix(string(begin), "\xfe\xff"):
		return nil, errors.New("the text is UTF-16, want UTF-8: in a spreadsheet, save it as CSV UTF-8")
	}
	return text, nil
}

// checkLastLine returns an error unless the file ends with a line feed: the last
// number may then have lost digits.
func checkLastLine(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	var end [1]byte
	if _, err := file.ReadAt(end[:], info.Size()-1); err != nil {
		return err
	}
	if end[0] != '\n' {
		return errors.New("truncated: the last line does not end")
	}
	return nil
}

// short is an error of the csv package without what ours says anyway.
func short(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("line %d, column %d: %w", parse.Line, parse.Column, parse.Err)
	}
	return err
}

// header checks the names of the columns, and learns the number of features.
func (r *csvReader) header(names []string) error {
	for c, name := range names {
		want := "f" + strconv.Itoa(c-len(csvKnown))
		if c < len(csvKnown) {
			want = csvKnown[c]
		}
		if name != want {
			return r.wrong(c, "the column is called %q, want %q", name, want)
		}
	}
	if len(names) <= len(csvKnown) {
		return fmt.Errorf("line 1: %d columns, want file, label, class, f0, f1 and so on", len(names))
	}
	r.set.Dim = len(names) - len(csvKnown)
	return nil
}

// wrong is an error about a cell of the last line that was read.
func (r *csvReader) wrong(cell int, format string, args ...any) error {
	line, column := r.FieldPos(cell)
	return fmt.Errorf("line %d, column %d: %s", line, column, fmt.Sprintf(format, args...))
}

// line adds the image of a line to the set.
func (r *csvReader) line(record []string) error {
	s := r.set
	s.Files = append(s.Files, strings.Clone(record[0])) // the record's cells share one string
	if err := r.label(record[1], record[2]); err != nil {
		return err
	}
	for c := len(csvKnown); c < len(record); c++ {
		value, err := strconv.ParseFloat(record[c], 32)
		if err != nil || math.IsInf(float64(float32(value)), 0) || math.IsNaN(value) {
			return r.wrong(c, "%q, want a finite number", record[c])
		}
		s.Features = append(s.Features, float32(value))
	}
	return nil
}

// label takes the cells label and class of a line.
func (r *csvReader) label(cell, class string) error {
	s := r.set
	first := len(s.Files) == 1
	switch {
	case cell == "" && class != "":
		return r.wrong(1, "no label for the class %q", class)
	case cell == "" && s.Labels == nil:
		return nil
	case cell == "":
		return r.wrong(1, "no label, but lines before have one")
	case s.Labels == nil && !first:
		return r.wrong(1, "label %q, but lines before have none", cell)
	}
	label, err := strconv.ParseInt(cell, 10, 32)
	if err != nil || label < 0 || label >= embedding.MostClasses {
		return r.wrong(1, "label %q, want a whole number from 0 to %d", cell, embedding.MostClasses-1)
	}
	if before, seen := r.classes[int32(label)]; !seen {
		r.classes[int32(label)] = strings.Clone(class)
	} else if before != class {
		return r.wrong(2, "class %q of label %d, which was %q before", class, label, before)
	}
	s.Labels = append(s.Labels, int32(label))
	return nil
}

// hasText says whether one of the cells has.
func hasText(cells []string) bool {
	for _, cell := range cells {
		if cell != "" {
			return true
		}
	}
	return false
}
