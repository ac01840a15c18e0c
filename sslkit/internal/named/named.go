// Package named writes values of several types as JSON under the names of their
// types, {"SimCLR": {"temperature": 0.5, …}}, and reads them back.
package named

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"reflect"
	"strings"
)

// Name is the name of a value's type, or of what it points to; "" of nil.
func Name(v any) string {
	if v == nil {
		return ""
	}
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// A Kind is an interface T whose types are known by name: those of a package, and
// those that a program registers.
type Kind[T any] struct {
	all        func() []T
	registered []T
}

// New returns the kind of the values of all.
func New[T any](all func() []T) *Kind[T] { return &Kind[T]{all: all} }

// what is the name of the interface as a word: "method".
func what[T any]() string { return strings.ToLower(reflect.TypeFor[T]().Name()) }

// in is the package of the interface, as errors begin.
func in[T any]() string { return path.Base(reflect.TypeFor[T]().PkgPath()) }

// Known lists a value of each type.
func (k *Kind[T]) Known() []T { return append(k.all(), k.registered...) }

// Register makes the type of a value known, and returns the value. It panics if
// another type has the name.
func (k *Kind[T]) Register(v T) T {
	for _, known := range k.Known() {
		if Name(known) != Name(v) {
			continue
		}
		if reflect.TypeOf(known) != reflect.TypeOf(v) {
			panic(fmt.Errorf("%s: Register: there is a %s %s already", in[T](), what[T](), Name(v)))
		}
		return v
	}
	k.registered = append(k.registered, v)
	return v
}

// Write returns a value as JSON under its name.
func (k *Kind[T]) Write(v T) ([]byte, error) {
	if any(v) == nil {
		return nil, fmt.Errorf("%s: no %s is set", in[T](), what[T]())
	}
	return json.Marshal(map[string]T{Name(v): v})
}

// A ReadError is about a value whose type the program does not know, or has with
// other fields.
type ReadError struct {
	Name string // of the type
	err  error
}

func (e *ReadError) Error() string { return e.err.Error() }

// Unwrap returns what is wrong.
func (e *ReadError) Unwrap() error { return e.err }

// Read returns the value that was written. Unknown types and unknown fields are a
// [ReadError].
func (k *Kind[T]) Read(text []byte) (v T, err error) {
	known := k.Known()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil || len(fields) != 1 {
		return v, fmt.Errorf("%s: %.80s: want one %s by name, as {%q: {…}}", in[T](), text, what[T](), Name(known[0]))
	}
	var names []string
	for _, one := range known {
		name := Name(one)
		names = append(names, name)
		raw, ok := fields[name]
		if !ok {
			continue
		}
		value := reflect.New(reflect.TypeOf(one))
		if err := Strictly(raw, value.Interface()); err != nil {
			return v, &ReadError{name, fmt.Errorf("%s: %s: %w", in[T](), name, err)}
		}
		return value.Elem().Interface().(T), nil
	}
	for name := range fields {
		err = &ReadError{name, fmt.Errorf("%s: unknown %s %q: want one of %s, or one of the program's own that %s.Register was called with",
			in[T](), what[T](), name, strings.Join(names, ", "), in[T]())}
	}
	return v, err
}

// Strictly reads JSON; fields that there are not in what it reads to are errors.
func Strictly(text []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(to)
}
