package recipe

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/optim"
)

// Diff returns how b differs from a: for each field that does, in the order of
// the fields of [Recipe], a line "path: old → new" with the paths of the JSON
// form, such as
//
//	method.SimSiam.projector.layers: 2 → 3
//	lr.from: 0.24 → 0.06
//
// A field that only one of them has is none in the other. With different methods,
// backbones or optimizers, a line gives their names, and fields that are called the same are
// compared. Diff is "" for equal recipes.
func Diff(a, b Recipe) string {
	before, err := flatten(a)
	if err != nil {
		return fmt.Sprintf("no comparison: the old recipe: %v", err)
	}
	after, err := flatten(b)
	if err != nil {
		return fmt.Sprintf("no comparison: the new recipe: %v", err)
	}
	others := names(b)
	for i, one := range names(a) {
		if other := others[i]; one != other {
			before, after = withoutName(before, one), withoutName(after, other)
		}
	}
	var lines []string
	for _, path := range union(before, after) {
		if one, other := value(before, path), value(after, path); one != other {
			lines = append(lines, fmt.Sprintf("%s: %s → %s", path, one, other))
		}
	}
	return strings.Join(lines, "\n")
}

// A field is one number, string or truth value of a recipe.
type field struct{ path, value string }

// flatten lists the fields of a recipe.
func flatten(r Recipe) ([]field, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	fields, err := walk(decoder, "", nil)
	if err != nil {
		return nil, err
	}
	fields = append(names(r), fields...)
	slices.SortStableFunc(fields, func(a, b field) int { return cmp.Compare(place(a.path), place(b.path)) })
	return fields, nil
}

// names are those of the types of a recipe's backbone, method and optimizer.
func names(r Recipe) []field {
	return []field{{"backbone", backbone.Name(r.Backbone)}, {"method", method.Name(r.Method)}, {"optim", optim.Name(r.Optim)}}
}

// place is the number of the field of [Recipe] that a path begins with.
func place(path string) int {
	key := path
	if end := strings.IndexAny(path, ".["); end >= 0 {
		key = path[:end]
	}
	recipe := reflect.TypeFor[Recipe]()
	for i := range recipe.NumField() {
		if recipe.Field(i).Tag.Get("json") == key {
			return i
		}
	}
	return -1 // the version of the form, which is no field of Recipe
}

// walk appends the fields of the JSON value that comes next.
func walk(d *json.Decoder, path string, fields []field) ([]field, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case nil: // a list of nothing
		return fields, nil
	case string:
		return append(fields, field{path, strconv.Quote(t)}), nil
	case json.Delim:
		for i := 0; d.More(); i++ {
			inside := fmt.Sprintf("%s[%d]", path, i)
			if t == '{' {
				key, err := d.Token()
				if err != nil {
					return nil, err
				}
				inside = strings.TrimPrefix(fmt.Sprintf("%s.%s", path, key), ".")
			}
			if fields, err = walk(d, inside, fields); err != nil {
				return nil, err
			}
		}
		_, err = d.Token() // the closing bracket
		return fields, err
	}
	return append(fields, field{path, fmt.Sprint(token)}), nil
}

// withoutName takes one of names out of the paths of the fields below it.
func withoutName(fields []field, name field) []field {
	for i := range fields {
		if rest, ok := strings.CutPrefix(fields[i].path, name.path+"."+name.value+"."); ok {
			fields[i].path = name.path + "." + rest
		}
	}
	return fields
}

// union lists the paths of both, in the order of a; those of b alone stand behind
// the path that they follow in b.
func union(a, b []field) []string {
	var paths []string
	for _, f := range a {
		paths = append(paths, f.path)
	}
	at := 0
	for _, f := range b {
		if i := slices.Index(paths, f.path); i >= 0 {
			at = i
		} else {
			paths = slices.Insert(paths, at, f.path)
		}
		at++
	}
	return paths
}

const none = "none" // a string would have quotes

// value is that of a field, or none.
func value(fields []field, path string) string {
	for _, f := range fields {
		if f.path == path {
			return f.value
		}
	}
	return none
}
