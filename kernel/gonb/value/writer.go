package value

import (
	"fmt"
	"reflect"
)

// writer writes a large value, shortened.
type writer []byte

func (w *writer) text(s string) { *w = append(*w, s...) }

// value writes what fmt's %+v would, with less of it.
func (w *writer) value(v reflect.Value, depth int) {
	if len(*w) > enough || depth > deepest {
		w.text("…")
		return
	}
	if v.CanInterface() {
		switch v.Interface().(type) {
		case fmt.Formatter, fmt.Stringer, error:
			w.text(cut(fmt.Sprintf("%+v", v), limit(depth)))
			return
		}
	}
	switch v.Kind() {
	case reflect.String:
		w.text(cut(v.String(), limit(depth)))
	case reflect.Array, reflect.Slice:
		w.text("[")
		w.entries(v.Len(), depth, func(i int) { w.value(v.Index(i), depth+1) })
		w.text("]")
	case reflect.Map:
		w.text("map[")
		w.mapping(v, depth)
		w.text("]")
	case reflect.Struct:
		w.fields(v, depth)
	case reflect.Interface:
		if v.IsNil() {
			w.text("<nil>")
			return
		}
		w.value(v.Elem(), max(depth, 1))
	case reflect.Pointer:
		switch {
		case v.IsNil():
			w.text("<nil>")
		case depth == 0:
			w.text("&")
			w.value(v.Elem(), depth+1)
		default:
			w.text(fmt.Sprintf("%#x", v.Pointer()))
		}
	default:
		w.text(fmt.Sprintf("%+v", v))
	}
}

func limit(depth int) int {
	if depth == 0 {
		return longText
	}
	return longPart
}

func (w *writer) fields(v reflect.Value, depth int) {
	w.text("{")
	for i := range v.NumField() {
		if i > 0 {
			w.text(" ")
		}
		w.text(v.Type().Field(i).Name + ":")
		w.value(v.Field(i), depth+1)
	}
	w.text("}")
}

// edge is how many entries are shown at either end.
func edge(depth int) int { return edges[min(depth, len(edges)-1)] }

// entries writes the ends of a collection of n entries.
func (w *writer) entries(n, depth int, write func(i int)) {
	e := edge(depth)
	for i := 0; i < n; i++ {
		if i > 0 {
			w.text(" ")
		}
		if i == e && n > 2*e {
			i = n - e
			w.text("… " + count(n-2*e) + " more … ")
		}
		write(i)
	}
}
