package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/gossl/gossl/sslkit/embedding"
)

// wantReadError reads a file and wants an error that names it and says this.
func wantReadError(t *testing.T, path, want string) {
	t.Helper()
	s, err := Read(path)
	if err == nil || s != nil || !strings.HasPrefix(err.Error(), "store: read "+path+": ") || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want %q", err, want)
	}
}

func TestReadCSVErrors(t *testing.T) {
	const header = "file,label,class,f0,f1\n"
	for _, test := range []struct{ text, want string }{
		{"\n\n", "empty"},
		{"file,label,class\n", "line 1: 3 columns, want file, label, class, f0, f1 and so on"},
		{"file,class,label,f0\n", `line 1, column 6: the column is called "class", want "label"`},
		{"file,label,class,f1\n", `line 1, column 18: the column is called "f1", want "f0"`},
		{header, "no images"},
		{header + "a,0,cat,1,2", "truncated: the last line does not end"},
		{header + "a,0,cat,1,2\nb,1,dog,3\n", "line 3, column 1: wrong number of fields"},
		{header + "a,0,cat,1,2\nb,1,\"dog,3,4\n", `line 3, column 14: extraneous or missing " in quoted-field`},
		{header + "a,0,cat,1,2\nb,1,dog,3,x\n", `line 3, column 11: "x", want a finite number`},
		{header + "a,0,cat,1,NaN\n", `line 2, column 11: "NaN", want a finite number`},
		{header + "a,0,cat,1,\n", `line 2, column 11: "", want a finite number`},
		{header + "a,0,cat,1e39,2\n", `line 2, column 9: "1e39", want a finite number`},
		{header + "a,0,cat,1,2\nb,0,dog,1,2\n", `line 3, column 5: class "dog" of label 0, which was "cat" before`},
		{header + "a,0,cat,1,2\nb,,,1,2\n", "line 3, column 3: no label, but lines before have one"},
		{header + "a,,,1,2\nb,0,,1,2\n", `line 3, column 3: label "0", but lines before have none`},
		{header + "a,,cat,1,2\n", `line 2, column 3: no label for the class "cat"`},
		{header + "a,-1,cat,1,2\n", `line 2, column 3: label "-1", want a whole number from 0 to 1048575`},
		{header + "a,0.5,cat,1,2\n", `line 2, column 3: label "0.5", want a whole number`},
		{header + "a,2000000000,cat,1,2\n", `line 2, column 3: label "2000000000", want a whole number`},
		{"\xff\xfef\x00\n", "the text is UTF-16"},
		{header + "\xff,0,cat,1,2\n", `file of image 0: its name "\xff" is not UTF-8`},
	} {
		wantReadError(t, writeText(t, "x.csv", test.text), test.want)
	}
}

// npyText is an NPY file with this header and float32 numbers.
func npyText(version byte, header string, numbers ...float32) string {
	var text bytes.Buffer
	text.WriteString("\x93NUMPY" + string([]byte{version, 0}))
	if version == 1 {
		binary.Write(&text, binary.LittleEndian, uint16(len(header)+1))
	} else {
		binary.Write(&text, binary.LittleEndian, uint32(len(header)+1))
	}
	text.WriteString(header + "\n")
	binary.Write(&text, binary.LittleEndian, numbers)
	return text.String()
}

const npyDict = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }"

func TestReadNPY(t *testing.T) {
	for name, text := range map[string]string{
		"version 1": npyText(1, fmt.Sprintf(npyDict, "<f4", "False", "(2, 3)"), 1, 2, 3, 4, 5, 6),
		"version 2": npyText(2, fmt.Sprintf(npyDict, "<f4", "False", "(2, 3)"), 1, 2, 3, 4, 5, 6),
		"columns":   npyText(1, fmt.Sprintf(npyDict, "<f4", "True", "(2, 3)"), 1, 4, 2, 5, 3, 6),
	} {
		got, err := Read(writeText(t, "x.npy", text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		sameSet(t, name, &embedding.Set{Features: []float32{1, 2, 3, 4, 5, 6}, Dim: 3}, got)
	}
}

func TestReadNPYErrors(t *testing.T) {
	nan := npyText(1, fmt.Sprintf(npyDict, "<f4", "False", "(1, 1)")) + "\x00\x00\xc0\x7f"
	for _, test := range []struct{ text, want string }{
		{"\x93NUMPY\x01", "truncated: it ends within the header"},
		{npyText(1, fmt.Sprintf(npyDict, "<f4", "False", "(2, 3)"))[:40], "damaged or truncated: the header makes no sense"},
		{"\x93NUMPY\x02\x00\xff\xff\xff\xff{}", "damaged: the header has an impossible length"},
		{"\x93NUMPX" + npyText(1, "{}")[6:], "not a valid NumPy file format"},
		{npyText(1, "{}"), "invalid dictionary format"},
		{npyText(1, "'descr': 'fortran_order': 'shape': }"), "damaged or truncated: the header makes no sense"},
		{npyText(1, fmt.Sprintf(npyDict, "<f4", "False", "(6,)"), 1, 2, 3, 4, 5, 6), "an array of shape [6], want [images, dim]"},
		{npyText(1, fmt.Sprintf(npyDict, "<f4", "False", "(1, 1, 1)"), 1), "an array of shape [1 1 1], want [images, dim]"},
		{npyText(1, fmt.Sprintf(npyDict, "<f4", "False", "(0, 3)")), "an array of shape [0 3], want [images, dim]"},
		{npyText(1, fmt.Sprintf(npyDict, "<f4", "False", "(-1, 3)"), 1, 2, 3), "an array of shape [-1 3], want [images, dim]"},
		{npyText(1, fmt.Sprintf(npyDict, "<i8", "False", "(1, 1)"), 1, 2), `an array of "<i8", want "<f4" (float32) or "<f8" (float64)`},
		{npyText(1, fmt.Sprintf(npyDict, "<f4", "False", "(4000000000, 4000000000)"), 1), "truncated: "},
		{npyText(1, fmt.Sprintf(npyDict, "<f4", "False", "(2, 40)"), make([]float32, 79)...), "truncated: it ends within the 80 numbers"},
		{npyText(1, fmt.Sprintf(npyDict, "<f4", "False", "(2, 3)"), 1, 2, 3, 4, 5, 6, 7), "more bytes than 2×3 numbers take"},
		{nan, "image 0: feature 0 is NaN, want a finite number"},
	} {
		wantReadError(t, writeText(t, "x.npy", test.text), test.want)
	}
	text := npyText(1, fmt.Sprintf(npyDict, "<f4", "False", "(2, 1)"), 1, 2)
	for _, test := range []struct{ beside, want string }{
		{"{", ".json: unexpected end of JSON input"},
		{`{"labels": [0.5]}`, ".json: json: cannot unmarshal number 0.5"},
		{`{"labels": [0]}`, ".json: embedding: 1 labels for 2 images"},
		{`{"labels": [0, 1], "classes": ["a"]}`, ".json: embedding: image 1: label 1, want 0 to 0"},
	} {
		path := writeText(t, "x.npy", text)
		if err := os.WriteFile(path+".json", []byte(test.beside), 0o644); err != nil {
			t.Fatal(err)
		}
		wantReadError(t, path, test.want)
	}
}

// parquetFile writes rows of any type.
func parquetFile[T any](t *testing.T, rows ...T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := parquet.WriteFile(path, rows); err != nil {
		t.Fatal(err)
	}
	return path
}

// Files of others may have other types, and less or more in them.
func TestReadParquetOfOthers(t *testing.T) {
	type row struct {
		Other   string    `parquet:"other"`
		Label   int64     `parquet:"label"`
		Feature []float64 `parquet:"feature"` // repeated, without a list around
	}
	got, err := Read(parquetFile(t, row{"x", 1, []float64{0.1, 2}}, row{"y", 0, []float64{3, 4}}))
	if err != nil {
		t.Fatal(err)
	}
	sameSet(t, "other columns", &embedding.Set{Features: []float32{0.1, 2, 3, 4}, Dim: 2, Labels: []int32{1, 0}}, got)
}

func TestReadParquetErrors(t *testing.T) {
	type features struct {
		Feature []float32 `parquet:"feature,list"`
	}
	type labelled struct {
		Label   *int64    `parquet:"label,optional"`
		Class   *string   `parquet:"class,optional"`
		Feature []float32 `parquet:"feature,list"`
	}
	type named struct {
		Name string `parquet:"name"`
	}
	type numbers struct {
		Feature float32 `parquet:"feature"`
	}
	type texts struct {
		Feature []string `parquet:"feature,list"`
	}
	type floats struct {
		Label   float64   `parquet:"label"`
		Feature []float32 `parquet:"feature,list"`
	}
	one, huge, negative, cat, dog, row := int64(1), int64(1<<40), int64(-1), "cat", "dog", []float32{1, 2}
	for _, test := range []struct{ path, want string }{
		{parquetFile[features](t), "features of 0 numbers"},
		{parquetFile(t, named{"x"}), "no column feature; there are name"},
		{parquetFile(t, numbers{1}), "column feature: it does not hold lists of floats"},
		{parquetFile(t, texts{[]string{"x"}}), "column feature: it does not hold lists of floats"},
		{parquetFile(t, floats{1, row}), "column label: it does not hold whole numbers"},
		{parquetFile(t, features{row}, features{row[:1]}, features{row}), "row 1, column feature: 1 numbers, but 2 in row 0"},
		{parquetFile(t, features{row}, features{row[:1]}), "row 1, column feature: 1 numbers, but 2 in row 0"},
		{parquetFile(t, features{row}, features{}), "row 1, column feature: a number is missing"},
		{parquetFile(t, labelled{&one, nil, row}, labelled{nil, nil, row}), "row 1, column label: some rows have a label and others have none"},
		{parquetFile(t, labelled{nil, nil, row}, labelled{&one, nil, row}), "row 1, column label: some rows have a label and others have none"},
		{parquetFile(t, labelled{&huge, nil, row}), "row 0, column label: 1099511627776, want 0 to 1048575"},
		{parquetFile(t, labelled{&negative, nil, row}), "row 0, column label: -1, want 0 to 1048575"},
		{parquetFile(t, labelled{nil, &cat, row}), "column class: names for 1 images, but labels for 0"},
		{parquetFile(t, labelled{&one, &cat, row}, labelled{&one, &dog, row}), `row 1, column class: "dog" of label 1, which was "cat" before`},
	} {
		wantReadError(t, test.path, test.want)
	}
}

// A spreadsheet writes a mark before the text, and other ends of lines.
func TestReadCSVOfASpreadsheet(t *testing.T) {
	s, err := Read(writeText(t, "x.csv", "\xef\xbb\xbffile,label,class,f0\r\na,0,cat,1.5\r\n"))
	if err != nil || s.Len() != 1 || s.Files[0] != "a" || s.Classes[0] != "cat" || s.Features[0] != 1.5 {
		t.Errorf("read %+v, error %v", s, err)
	}
}
