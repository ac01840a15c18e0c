package notebook

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Output types.
const (
	Stream  = "stream"         // Name, Text
	Display = "display_data"   // Data, Metadata
	Result  = "execute_result" // Data, Metadata, Count
	Error   = "error"          // EName, EValue, Traceback
)

// Output is one output of a code cell. Its type says which fields count.
type Output struct {
	Type      string
	Name      string // stdout or stderr
	Text      string
	Data      map[string]json.RawMessage // by MIME type
	Metadata  map[string]json.RawMessage
	Count     int
	EName     string
	EValue    string
	Traceback []string
}

// MarshalJSON writes an output as nbformat 4 wants it.
func (o Output) MarshalJSON() ([]byte, error) {
	v := map[string]any{"output_type": o.Type}
	switch o.Type {
	case Stream:
		v["name"], v["text"] = o.Name, multiline(o.Text)
	case Result, Display:
		v["data"], v["metadata"] = bundle(o.Data), o.Metadata
		if o.Metadata == nil {
			v["metadata"] = struct{}{}
		}
		if o.Type == Result {
			v["execution_count"] = o.Count
		}
	case Error:
		v["ename"], v["evalue"], v["traceback"] = o.EName, o.EValue, append([]string{}, o.Traceback...)
	default:
		return nil, fmt.Errorf("notebook: output type %q, want %s, %s, %s or %s", o.Type, Stream, Display, Result, Error)
	}
	return encode(v)
}

// bundle splits texts into lines, as Jupyter does for the sake of diffs.
func bundle(data map[string]json.RawMessage) map[string]any {
	v := map[string]any{}
	for kind, value := range data {
		v[kind] = value
		var text string
		lines := strings.HasPrefix(kind, "text/") || kind == "image/svg+xml" || kind == "application/javascript"
		if lines && json.Unmarshal(value, &text) == nil {
			v[kind] = multiline(text)
		}
	}
	return v
}
