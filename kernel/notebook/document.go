package notebook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
)

// Document is a notebook file with everything in it: what is not changed is
// written as it was read.
type Document struct {
	Notebook Notebook // as it stands

	fields map[string]json.RawMessage   // but for the cells
	cells  []map[string]json.RawMessage // those of Notebook
}

// ReadDocument reads a notebook file.
func ReadDocument(name string) (*Document, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	n, err := parse(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	d := &Document{Notebook: n}
	if err := json.Unmarshal(bytes.TrimPrefix(content, byteOrderMark), &d.fields); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := json.Unmarshal(d.fields["cells"], &d.cells); err != nil {
		return nil, fmt.Errorf("%s: cells: %w", name, err)
	}
	return d, nil
}

// SetSource replaces a cell's source.
func (d *Document) SetSource(cell int, source string) error {
	d.Notebook.Cells[cell].Source = source
	return set(d.cells[cell], "source", multiline(source))
}

// SetResult replaces what executing a cell made: its outputs, its count, 0 if it was not
// executed, and one field of its metadata, nil for none.
func (d *Document) SetResult(cell, count int, outputs []Output, field string, value json.RawMessage) error {
	fields := d.cells[cell]
	metadata, err := object(fields["metadata"])
	if err != nil {
		return fmt.Errorf("notebook: cell %d: metadata: %w", cell, err)
	}
	delete(metadata, "execution") // the times of another run, by JupyterLab
	delete(metadata, field)
	if value != nil {
		metadata[field] = value
	}
	if err := set(fields, "metadata", metadata); err != nil {
		return err
	}
	fields["execution_count"] = json.RawMessage("null")
	if count > 0 {
		fields["execution_count"] = fmt.Append(nil, count)
	}
	return set(fields, "outputs", append([]Output{}, outputs...))
}

// object is a JSON object that may be missing or null.
func object(raw json.RawMessage) (map[string]json.RawMessage, error) {
	fields := map[string]json.RawMessage{}
	if raw == nil || string(raw) == "null" {
		return fields, nil
	}
	err := json.Unmarshal(raw, &fields)
	return fields, err
}

// SetLanguage notes the language_info of the kernel that executed the notebook. A notebook
// without a kernelspec gets that kernel's.
func (d *Document) SetLanguage(info json.RawMessage, kernel, display, language string) error {
	metadata, err := object(d.fields["metadata"])
	if err != nil {
		return fmt.Errorf("notebook: metadata: %w", err)
	}
	metadata["language_info"] = info
	if d.Notebook.Metadata.KernelSpec.Name == "" {
		own := New(kernel, display, language, nil).Metadata.KernelSpec
		if err := set(metadata, "kernelspec", own); err != nil {
			return err
		}
	}
	return set(d.fields, "metadata", metadata)
}

// set encodes a field.
func set(fields map[string]json.RawMessage, name string, value any) error {
	content, err := encode(value)
	if err != nil {
		return fmt.Errorf("notebook: %s: %w", name, err)
	}
	fields[name] = content
	return nil
}

// validID says whether nbformat lets a cell be called so.
func validID(id string) bool { return len(id) <= 64 && wordID.MatchString(id) }

var wordID = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

// Encode returns the notebook as Jupyter writes it, in nbformat 4.5 or later: cells
// without a name, or with another's, get one.
func (d *Document) Encode() ([]byte, error) {
	fields, taken := maps.Clone(d.fields), map[string]bool{}
	var unnamed []map[string]json.RawMessage
	for _, cell := range d.cells {
		if raw := cell["metadata"]; raw == nil || string(raw) == "null" {
			cell["metadata"] = json.RawMessage("{}")
		}
		var id string
		if json.Unmarshal(cell["id"], &id) != nil || !validID(id) || taken[id] {
			unnamed = append(unnamed, cell)
			continue
		}
		taken[id] = true
	}
	next := 0
	for _, cell := range unnamed {
		for {
			next++
			if id := fmt.Sprintf("cell-%02d", next); !taken[id] {
				cell["id"] = fmt.Appendf(nil, "%q", id)
				break
			}
		}
	}
	if err := set(fields, "cells", append([]map[string]json.RawMessage{}, d.cells...)); err != nil {
		return nil, err
	}
	fields["nbformat_minor"] = fmt.Append(nil, max(5, d.Notebook.FormatMinor))
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(fields); err != nil {
		return nil, fmt.Errorf("notebook: %w", err)
	}
	return out.Bytes(), nil
}
