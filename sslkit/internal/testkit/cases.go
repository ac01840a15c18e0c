package testkit

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
)

// A Case is one case of a file of reference numbers, not yet decoded.
type Case struct {
	File, Name string
	text       json.RawMessage
}

// Cases returns the cases of every file of some kinds (see [Golden]).
func Cases(t testing.TB, kinds ...string) []Case {
	t.Helper()
	files := Golden[struct{ Cases []json.RawMessage }](t, kinds...)
	var cases []Case
	for _, file := range slices.Sorted(maps.Keys(files)) {
		for _, text := range files[file].Cases {
			c := Case{File: file, text: text}
			var header struct{ Name string }
			if err := json.Unmarshal(text, &header); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			c.Name = header.Name
			cases = append(cases, c)
		}
	}
	return cases
}

// Decode reads the case into a struct; keys that it does not name are ignored.
func (c Case) Decode(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(c.text, into); err != nil {
		t.Fatalf("%s: %s: %v", c.File, c.Name, err)
	}
}
