package value

import (
	"cmp"
	"reflect"
	"slices"
)

// mapping writes the entries of the least and the greatest keys of a map, or some
// entries where keys have no order.
func (w *writer) mapping(v reflect.Value, depth int) {
	e, n := edge(depth), v.Len()
	compare := order(v.Type().Key().Kind())
	if compare == nil {
		i := 0
		for at := v.MapRange(); i < min(n, 2*e) && at.Next(); i++ {
			if i > 0 {
				w.text(" ")
			}
			w.entry(at.Key(), at.Value(), depth)
		}
		if n > i {
			w.text(" … " + count(n-i) + " more")
		}
		return
	}
	keys := ends(v, e, compare)
	for i, key := range keys {
		if i > 0 {
			w.text(" ")
		}
		if i == e && n > 2*e {
			w.text("… " + count(n-2*e) + " more … ")
		}
		w.entry(key, v.MapIndex(key), depth)
	}
}

func (w *writer) entry(key, value reflect.Value, depth int) {
	w.value(key, depth+1)
	w.text(":")
	if !value.IsValid() { // NaN is a key that is never found
		w.text("…")
		return
	}
	w.value(value, depth+1)
}

// order compares keys of a kind; nil if there is no order.
func order(kind reflect.Kind) func(a, b reflect.Value) int {
	switch {
	case kind == reflect.String:
		return func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) }
	case reflect.Int <= kind && kind <= reflect.Int64:
		return func(a, b reflect.Value) int { return cmp.Compare(a.Int(), b.Int()) }
	case reflect.Uint <= kind && kind <= reflect.Uintptr:
		return func(a, b reflect.Value) int { return cmp.Compare(a.Uint(), b.Uint()) }
	case kind == reflect.Float32 || kind == reflect.Float64:
		return func(a, b reflect.Value) int { return cmp.Compare(a.Float(), b.Float()) }
	}
	return nil
}

// ends are the e least and the e greatest keys of a map in order, or all if there
// are no more than these. It looks at each key once and keeps those alone.
func ends(v reflect.Value, e int, compare func(a, b reflect.Value) int) []reflect.Value {
	var least, greatest []reflect.Value
	key := reflect.New(v.Type().Key()).Elem()
	exported := v.CanInterface()
	copied := func() reflect.Value {
		if !exported {
			return key
		}
		c := reflect.New(key.Type()).Elem()
		c.Set(key)
		return c
	}
	for at := v.MapRange(); at.Next(); {
		if exported {
			key.SetIterKey(at)
		} else {
			key = at.Key() // a copy
		}
		if len(least) < e || compare(key, least[len(least)-1]) < 0 {
			k := copied()
			i, _ := slices.BinarySearchFunc(least, k, compare)
			least = slices.Insert(least, i, k)
			if len(least) <= e {
				continue
			}
			k, least = least[e], least[:e]
			greatest = keep(greatest, k, e, compare)
			continue
		}
		if len(greatest) < e || compare(key, greatest[0]) > 0 {
			greatest = keep(greatest, copied(), e, compare)
		}
	}
	return append(least, greatest...)
}

// keep adds a key to the n greatest so far.
func keep(greatest []reflect.Value, key reflect.Value, n int, compare func(a, b reflect.Value) int) []reflect.Value {
	i, _ := slices.BinarySearchFunc(greatest, key, compare)
	greatest = slices.Insert(greatest, i, key)
	return greatest[max(0, len(greatest)-n):]
}
