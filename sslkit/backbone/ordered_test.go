package backbone

import (
	"bytes"
	"encoding/json"
)

// orderedNumbers are the numbers of a JSON object in the file's order.
type orderedNumbers []struct {
	name  string
	value float64
}

func (o *orderedNumbers) UnmarshalJSON(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if _, err := decoder.Token(); err != nil { // {
		return err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		var value float64
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		*o = append(*o, struct {
			name  string
			value float64
		}{name.(string), value})
	}
	return nil
}
