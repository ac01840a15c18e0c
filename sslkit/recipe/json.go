package recipe

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/internal/named"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/optim"
)

// version is that of the form in which recipes are written. Older ones are read:
// before there were versions the backbone was the fields of a ResNet, and optim
// those of SGD with a learning rate, which was annealed.
const version = 1

// plain has Recipe's fields without its methods.
type plain Recipe

// written is a recipe as JSON has it.
type written struct {
	Version int `json:"version"`
	plain
	Backbone json.RawMessage `json:"backbone"`
	Method   json.RawMessage `json:"method"`
	Optim    json.RawMessage `json:"optim"`
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
	if w.Optim, err = optim.Types.Write(r.Optim); err != nil {
		return nil, err
	}
	return json.Marshal(w)
}

// UnmarshalJSON implements [json.Unmarshaler]. Recipes of older versions are read,
// fields that they lack being zero; unknown fields are errors. The error of a method,
// backbone or optimizer that the program does not know says its name; the recipe
// then has all but what cannot be read.
func (r *Recipe) UnmarshalJSON(text []byte) error {
	text, err := upgraded(text)
	if err != nil {
		return err
	}
	var w written
	if err := named.Strictly(text, &w); err != nil {
		return fmt.Errorf("recipe: %w", err)
	}
	*r = Recipe(w.plain)
	var problems [3]error
	r.Method, problems[0] = method.Types.Read(w.Method)
	r.Backbone, problems[1] = backbone.Types.Read(w.Backbone)
	r.Optim, problems[2] = optim.Types.Read(w.Optim)
	return errors.Join(problems[:]...)
}

// Kept says why a recipe that is written could not be read again: its method, backbone
// or optimizer is one that the program has not registered, or has fields that JSON
// does not get. Nil if it can.
func (r Recipe) Kept() error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	var back Recipe
	if err := json.Unmarshal(text, &back); err != nil {
		return err
	}
	for _, part := range []struct {
		what, name string
		was, is    any
	}{
		{"method", method.Name(r.Method), r.Method, back.Method},
		{"backbone", backbone.Name(r.Backbone), r.Backbone, back.Backbone},
		{"optim", optim.Name(r.Optim), r.Optim, back.Optim},
	} {
		was, is := reflect.Indirect(reflect.ValueOf(part.was)), reflect.Indirect(reflect.ValueOf(part.is))
		if !reflect.DeepEqual(was.Interface(), is.Interface()) {
			return fmt.Errorf("%s: %s: JSON does not keep all of it, %+v, but %+v: want what decides numbers in exported fields",
				part.what, part.name, was, is)
		}
	}
	return nil
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
	net := backbone.ResNet{Splits: 1} // before there were splits
	if err := named.Strictly(fields["backbone"], &net); err != nil {
		return nil, fmt.Errorf("recipe: backbone: %w", err)
	}
	var sgd struct {
		optim.SGD
		LR float64 `json:"lr"`
	}
	if err := named.Strictly(fields["optim"], &sgd); err != nil {
		return nil, fmt.Errorf("recipe: optim: %w", err)
	}
	var err error
	if fields["backbone"], err = backbone.Types.Write(net); err != nil {
		return nil, err
	}
	if fields["optim"], err = optim.Types.Write(sgd.SGD); err != nil {
		return nil, err
	}
	if fields["lr"], err = json.Marshal(annealed(sgd.LR)); err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}
