package recipe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/method"
)

// version is that of the form in which recipes are written. Older ones are read:
// before there were versions the backbone was the fields of a ResNet.
const version = 1

// plain has Recipe's fields without its methods.
type plain Recipe

// written is a recipe as JSON has it.
type written struct {
	Version int `json:"version"`
	plain
	Backbone json.RawMessage `json:"backbone"`
	Method   json.RawMessage `json:"method"`
}

// MarshalJSON implements [json.Marshaler].
func (r Recipe) MarshalJSON() ([]byte, error) {
	w := written{Version: version, plain: plain(r)}
	var err error
	if w.Backbone, err = backbone.Types.Write(r.Backbone); err != nil {
		return nil, err
	}
	if w.Method, err = method.Types.Write(r.Method); err != nil {
		return nil, err
	}
	return json.Marshal(w)
}

// UnmarshalJSON implements [json.Unmarshaler]. Recipes of older versions are read,
// fields that they lack being zero; unknown fields are errors. The error of a method
// or backbone that the program does not know says its name; the recipe then has all
// but what cannot be read.
func (r *Recipe) UnmarshalJSON(text []byte) error {
	text, err := upgraded(text)
	if err != nil {
		return err
	}
	var w written
	if err := strictly(text, &w); err != nil {
		return fmt.Errorf("recipe: %w", err)
	}
	*r = Recipe(w.plain)
	var problems [2]error
	r.Method, problems[0] = method.Types.Read(w.Method)
	r.Backbone, problems[1] = backbone.Types.Read(w.Backbone)
	return errors.Join(problems[:]...)
}

// upgraded returns a recipe's JSON in the form of today's version.
func upgraded(text []byte) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, fmt.Errorf("recipe: %w", err)
	}
	if raw, ok := fields["version"]; ok {
		if string(raw) != fmt.Sprint(version) {
			return nil, fmt.Errorf("recipe: version %s, want at most %d: a newer sslkit has written it", raw, version)
		}
		return text, nil
	}
	var net backbone.ResNet
	if err := strictly(fields["backbone"], &net); err != nil {
		return nil, fmt.Errorf("recipe: backbone: %w", err)
	}
	net.Splits = max(net.Splits, 1) // before there were splits
	var err error
	if fields["backbone"], err = backbone.Types.Write(net); err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}

// strictly reads JSON without unknown fields.
func strictly(text []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(to)
}
