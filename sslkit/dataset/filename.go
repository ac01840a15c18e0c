package dataset

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// A fileName is a name in JSON, whatever its bytes: a string, or, if it is not
// UTF-8, which JSON cannot hold, an array with its bytes in base64.
type fileName string

// MarshalJSON implements [json.Marshaler].
func (n fileName) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(n)) {
		return json.Marshal(string(n))
	}
	return json.Marshal([1][]byte{[]byte(n)})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (n *fileName) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err == nil {
		*n = fileName(text)
		return nil
	}
	var bytes [][]byte
	if err := json.Unmarshal(data, &bytes); err != nil || len(bytes) != 1 {
		return fmt.Errorf("%s is no name", data)
	}
	*n = fileName(bytes[0])
	return nil
}

func fileNames(names []string) []fileName { return convertNames[fileName](names) }

func plainNames(names []fileName) []string { return convertNames[string](names) }

// convertNames keeps the difference between no names and none.
func convertNames[To, From ~string](names []From) []To {
	if names == nil {
		return nil
	}
	converted := make([]To, len(names))
	for i, name := range names {
		converted[i] = To(name)
	}
	return converted
}
