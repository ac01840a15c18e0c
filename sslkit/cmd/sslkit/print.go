package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/store"
)

// A record is an image as programs read it.
type record struct {
	Image      int      `json:"image"` // row in the file of features
	Similarity *float32 `json:"similarity,omitempty"`
	Class      string   `json:"class,omitempty"`
	File       string   `json:"file,omitempty"`
}

func newRecord(s *embedding.Set, image int) record {
	r := record{Image: image, Class: s.Class(image)}
	if s.Files != nil {
		r.File = s.Files[image]
	}
	return r
}

func newRecords(s *embedding.Set, neighbours []embedding.Neighbour) []record {
	records := make([]record, len(neighbours))
	for i, n := range neighbours {
		records[i] = newRecord(s, n.Image)
		records[i].Similarity = &n.Similarity
	}
	return records
}

// name is what people call the image.
func (r record) name() string {
	if r.File == "" {
		return "image " + strconv.Itoa(r.Image)
	}
	return printable(r.File)
}

// cells are a row of a table. similarity stands for what the record has none of.
func (r record) cells(similarity string) []string {
	if r.Similarity != nil {
		similarity = fmt.Sprintf("%.4f", *r.Similarity)
	}
	return []string{similarity, strconv.Itoa(r.Image), printable(r.Class), printable(r.File)}
}

// recordTitles are what stands above cells.
var recordTitles = []string{"similarity", "image", "class", "file"}

// printable quotes text that would move a terminal's cursor.
func printable(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// printTable writes rows of cells below their titles.
func printTable(w io.Writer, titles []string, rows [][]string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{titles}, rows...) {
		fmt.Fprintln(table, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	return table.Flush()
}

func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// open reads a file of features and prepares it for questions.
func open(path string) (*embedding.Set, *embedding.Index, error) {
	s, err := store.Read(path)
	if err != nil {
		return nil, nil, err
	}
	x, err := embedding.NewIndex(s)
	return s, x, err
}
