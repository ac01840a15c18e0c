package notebook

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// document reads a notebook with the given cells.
func document(t *testing.T, cells string) *Document {
	t.Helper()
	name := filepath.Join(t.TempDir(), "test.ipynb")
	content := `{"cells": [` + cells + `], "metadata": {"title": "a < b"}, "nbformat": 4, "nbformat_minor": 2}`
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := ReadDocument(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// compact is the document's file on one line.
func compact(t *testing.T, d *Document) string {
	t.Helper()
	content, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]json.RawMessage
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(content)), " ")
}

func TestDocumentKeepsWhatItDoesNotKnow(t *testing.T) {
	const cells = `{ "attachments": { "a": 1.50 }, "cell_type": "markdown", "id": "a", "metadata": { "b": [ null ] }, "source": "c" }`
	want := `{ "cells": [ ` + cells + ` ], "metadata": { "title": "a < b" }, "nbformat": 4, "nbformat_minor": 5 }`
	if diff := cmp.Diff(want, compact(t, document(t, cells))); diff != "" {
		t.Errorf("document (-read +written):\n%s", diff)
	}
	const none = `{ "cells": [], "metadata": { "title": "a < b" }, "nbformat": 4, "nbformat_minor": 5 }`
	if diff := cmp.Diff(none, compact(t, document(t, ""))); diff != "" {
		t.Errorf("document without cells (-want +got):\n%s", diff)
	}
}

func TestDocumentNamesCells(t *testing.T) {
	d := document(t, `{"id": "cell-01"}, {}, {"id": "cell-01"}, {"id": "no good"}, {"id": ""}, {"id": "cell-03"}`)
	content, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cells []struct{ ID string }
	}
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, cell := range file.Cells {
		got = append(got, cell.ID)
	}
	if want := "cell-01 cell-02 cell-04 cell-05 cell-06 cell-03"; strings.Join(got, " ") != want {
		t.Errorf("names %v, want %s", got, want)
	}
}

func TestSetResult(t *testing.T) {
	const cell = `{"cell_type": "code", "id": "a", "source": "x", "execution_count": 3, "outputs": [{}],
		"metadata": {"tags": ["t"], "execution": {}, "sslkit": {"old": 1}}}`
	tests := []struct {
		name    string
		count   int
		outputs []Output
		timing  string
		want    string
	}{
		{"not executed", 0, nil, "", `"execution_count": null, "id": "a", "metadata": { "tags": [ "t" ] }, "outputs": [], "source": "x"`},
		{"executed", 1, []Output{{Type: Stream, Name: "stdout", Text: "a\nb"}}, `{"new": 2}`,
			`"execution_count": 1, "id": "a", "metadata": { "sslkit": { "new": 2 }, "tags": [ "t" ] }, ` +
				`"outputs": [ { "name": "stdout", "output_type": "stream", "text": [ "a\n", "b" ] } ], "source": "x"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := document(t, cell)
			var timing json.RawMessage
			if test.timing != "" {
				timing = json.RawMessage(test.timing)
			}
			if err := d.SetResult(0, test.count, test.outputs, "sslkit", timing); err != nil {
				t.Fatal(err)
			}
			if got := compact(t, d); !strings.Contains(got, test.want) {
				t.Errorf("document %s, want %s in it", got, test.want)
			}
		})
	}
}

func TestSetSource(t *testing.T) {
	d := document(t, `{"cell_type": "code", "id": "a", "metadata": {}, "source": "x"}`)
	if err := d.SetSource(0, "y < 1\nz"); err != nil {
		t.Fatal(err)
	}
	if got, want := compact(t, d), `"source": [ "y < 1\n", "z" ]`; !strings.Contains(got, want) {
		t.Errorf("document %s, want %s in it", got, want)
	}
	if got := d.Notebook.Cells[0].Source; got != "y < 1\nz" {
		t.Errorf("cell %q", got)
	}
}

func TestOutputs(t *testing.T) {
	raw := func(text string) json.RawMessage { return json.RawMessage(text) }
	tests := []struct {
		output Output
		want   string
	}{
		{Output{Type: Stream, Name: "stderr"}, `{"name":"stderr","output_type":"stream","text":[]}`},
		{Output{Type: Display, Data: map[string]json.RawMessage{
			"text/html": raw(`"<a>\n</a>"`), "image/svg+xml": raw(`"<svg>\n</svg>"`), "image/png": raw(`"AA\nAA"`), "application/json": raw(`{"a": "b\nc"}`),
		}}, `{"data":{"application/json":{"a":"b\nc"},"image/png":"AA\nAA","image/svg+xml":["<svg>\n","</svg>"],` +
			`"text/html":["<a>\n","</a>"]},"metadata":{},"output_type":"display_data"}`},
		{Output{Type: Result, Count: 4, Data: map[string]json.RawMessage{"text/plain": raw(`["kept"]`)}, Metadata: map[string]json.RawMessage{"a": raw("1")}},
			`{"data":{"text/plain":["kept"]},"execution_count":4,"metadata":{"a":1},"output_type":"execute_result"}`},
		{Output{Type: Error, EName: "panic", EValue: "a"}, `{"ename":"panic","evalue":"a","output_type":"error","traceback":[]}`},
	}
	for _, test := range tests {
		got, err := test.output.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want+"\n", string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.output.Type, diff)
		}
	}
	if _, err := (Output{Type: "update"}).MarshalJSON(); err == nil || !strings.Contains(err.Error(), `output type "update", want stream`) {
		t.Errorf("error %v", err)
	}
}
