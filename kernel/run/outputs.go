package run

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"github.com/gossl/gossl/kernel/notebook"
	"github.com/gossl/gossl/kernel/wire"
)

// outputs collects what the kernel publishes about cells, one cell after the other.
type outputs struct {
	displays map[string][]*output // by the name under which cells may update them
	cell     []*output            // of the running cell
	clear    bool                 // before the next output
}

// output is an output of a cell that may still grow or change.
type output struct {
	notebook.Output
	text []byte // of a stream
}

// begin begins a cell. The outputs of cells before may still be updated.
func (o *outputs) begin() { o.cell, o.clear = nil, false }

// published is the content of the messages that carry outputs.
type published struct {
	Name      string                     `json:"name"`
	Text      string                     `json:"text"`
	Data      map[string]json.RawMessage `json:"data"`
	Metadata  map[string]json.RawMessage `json:"metadata"`
	Count     int                        `json:"execution_count"`
	Wait      bool                       `json:"wait"`
	EName     string                     `json:"ename"`
	EValue    string                     `json:"evalue"`
	Traceback []string                   `json:"traceback"`
	Transient struct {
		ID string `json:"display_id"`
	} `json:"transient"`
}

// add takes a message. Those that carry no output are none of its business.
func (o *outputs) add(m *wire.Message) (published, error) {
	var p published
	kind := m.Header.Type
	if !slices.Contains([]string{"stream", "display_data", "update_display_data", "execute_result", "error", "clear_output"}, kind) {
		return p, nil
	}
	if err := json.Unmarshal(m.Content, &p); err != nil {
		return p, fmt.Errorf("run: content of the kernel's %s: %w", kind, err)
	}
	switch kind {
	case "update_display_data":
		o.update(p)
		return p, nil
	case "clear_output":
		if o.clear = p.Wait; !p.Wait {
			o.empty()
		}
		return p, nil
	}
	if o.clear {
		o.clear = false
		o.empty()
	}
	if kind == "stream" {
		o.stream(p.Name, p.Text)
		return p, nil
	}
	added := &output{Output: notebook.Output{
		Type: kind, Data: p.Data, Metadata: p.Metadata, Count: p.Count,
		EName: p.EName, EValue: p.EValue, Traceback: p.Traceback,
	}}
	o.cell = append(o.cell, added)
	if id := p.Transient.ID; id != "" {
		o.update(p)
		o.displays[id] = append(o.displays[id], added)
	}
	return p, nil
}

// update changes all displays of a name.
func (o *outputs) update(p published) {
	for _, display := range o.displays[p.Transient.ID] {
		display.Data, display.Metadata = p.Data, p.Metadata
	}
}

// empty removes the cell's outputs.
func (o *outputs) empty() {
	gone := o.cell
	o.cell = nil
	for id, displays := range o.displays {
		o.displays[id] = slices.DeleteFunc(displays, func(d *output) bool { return slices.Contains(gone, d) })
	}
}

// stream appends to a stream.
func (o *outputs) stream(name, text string) {
	if n := len(o.cell); n == 0 || o.cell[n-1].Type != notebook.Stream || o.cell[n-1].Name != name {
		o.cell = append(o.cell, &output{Output: notebook.Output{Type: notebook.Stream, Name: name}})
	}
	last := o.cell[len(o.cell)-1]
	last.text = append(last.text, text...)
}

// overwritten is the part of a line that a carriage return lets the rest overwrite.
var overwritten = regexp.MustCompile(`[^\n]*\r([^\n\r])`)

// final returns outputs as they are in the end.
func final(cell []*output) []notebook.Output {
	all := make([]notebook.Output, len(cell))
	for i, o := range cell {
		all[i] = o.Output
		if o.Type == notebook.Stream {
			all[i].Text = overwritten.ReplaceAllString(string(o.text), "$1")
		}
	}
	return all
}
