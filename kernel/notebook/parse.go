package notebook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// byteOrderMark begins a file that an editor of another system has saved.
var byteOrderMark = []byte("\ufeff")

// parse reads the content of a notebook file, and says what is wrong with one that is none.
func parse(content []byte) (Notebook, error) {
	content = bytes.TrimPrefix(content, byteOrderMark)
	var n Notebook
	if len(bytes.TrimSpace(content)) == 0 {
		return n, errors.New("the file is empty, want a notebook")
	}
	var parts struct {
		Cells    *[]json.RawMessage `json:"cells"`
		Metadata json.RawMessage    `json:"metadata"`
		Format   int                `json:"nbformat"`
		Minor    int                `json:"nbformat_minor"`
	}
	if err := json.Unmarshal(content, &parts); err != nil {
		return n, fmt.Errorf("not a notebook, which is a JSON object with nbformat and cells: %w", err)
	}
	n.Format, n.FormatMinor = parts.Format, parts.Minor
	switch {
	case n.Format == 0:
		return n, errors.New("not a notebook: it has no nbformat, want 4")
	case n.Format < 4:
		return n, fmt.Errorf("nbformat %d, want 4: open it in JupyterLab and save it, or run `jupyter nbconvert --to notebook --inplace` on it", n.Format)
	case n.Format > 4:
		return n, fmt.Errorf("nbformat %d, want 4", n.Format)
	case parts.Cells == nil:
		return n, errors.New("not a notebook: it has no list of cells")
	}
	if parts.Metadata != nil {
		if err := json.Unmarshal(parts.Metadata, &n.Metadata); err != nil {
			return n, fmt.Errorf("metadata: %w", err)
		}
	}
	n.Cells = make([]Cell, len(*parts.Cells))
	for i, raw := range *parts.Cells {
		if string(raw) == "null" {
			return n, fmt.Errorf("cell %d of %d is null", i+1, len(n.Cells))
		}
		if err := json.Unmarshal(raw, &n.Cells[i]); err != nil {
			return n, fmt.Errorf("cell %d of %d: %w", i+1, len(n.Cells), err)
		}
	}
	return n, nil
}
