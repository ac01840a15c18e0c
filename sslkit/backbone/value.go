package backbone

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// A Value holds a backbone of any type, and writes it as JSON with its name:
// {"ResNet": {"width": 64, …}}. The fields of a ResNet alone, which is how older
// versions wrote it, are read as well.
type Value struct{ Backbone }

// MarshalJSON implements [json.Marshaler].
func (v Value) MarshalJSON() ([]byte, error) {
	if v.Backbone == nil {
		return nil, fmt.Errorf("backbone: no backbone is set")
	}
	return json.Marshal(map[string]Backbone{Name(v.Backbone): v.Backbone})
}

// UnmarshalJSON implements [json.Unmarshaler]. Unknown backbones and unknown
// fields are errors.
func (v *Value) UnmarshalJSON(text []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return fmt.Errorf("backbone: %.80s: want one backbone by name, as {\"ResNet\": {…}}", text)
	}
	for name, raw := range fields {
		if len(fields) == 1 && bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
			return v.read(name, raw)
		}
	}
	var net ResNet
	if err := strictly(text, &net); err != nil {
		return fmt.Errorf("backbone: ResNet: %w", err)
	}
	net.Splits = max(net.Splits, 1) // before there were splits
	v.Backbone = net
	return nil
}

func (v *Value) read(name string, raw []byte) error {
	var names []string
	for _, b := range known() {
		names = append(names, Name(b))
		if Name(b) != name {
			continue
		}
		value := reflect.New(reflect.TypeOf(b))
		if err := strictly(raw, value.Interface()); err != nil {
			return fmt.Errorf("backbone: %s: %w", name, err)
		}
		v.Backbone = value.Elem().Interface().(Backbone)
		return nil
	}
	return fmt.Errorf("backbone: unknown backbone %q: want one of %s, or one that the program registers", name, strings.Join(names, ", "))
}

func strictly(text []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(to)
}
