package value

import (
	"fmt"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// How much of a value is shown.
const (
	manyEntries = 1000   // of which all are shown, in all of the value
	longText    = 10_000 // characters that are shown of a text
	longPart    = 1_000  // the same within a larger value
	enough      = 20_000 // bytes, from where on parts are only counted
	deepest     = 20
)

// edges are how many entries at either end of a collection are shown, by depth.
var edges = [...]int{10, 5, 3}

// textOf is a value as fmt's %+v writes it, but a text in quotes. What is long is
// shortened, and says how much is left out; it is never written first.
func textOf(v any) string {
	if s, ok := v.(string); ok {
		return quoted(s)
	}
	if r, ok := v.(reflect.Value); ok && r.IsValid() {
		return text(r)
	}
	return text(reflect.ValueOf(v))
}

func text(v reflect.Value) string {
	if !v.IsValid() {
		return "<nil>"
	}
	if left := manyEntries; fits(v, &left, 0) {
		return cut(fmt.Sprintf("%+v", v), longText)
	}
	var w writer
	w.value(v, 0)
	return string(w)
}

// quoted is a Go string; of a long one both ends.
func quoted(s string) string {
	head, more, tail := parts(s, longText)
	if more == 0 {
		return strconv.Quote(s)
	}
	return strconv.Quote(head) + " … " + count(more) + " more characters … " + strconv.Quote(tail)
}

// cut is a text, or both ends of a long one.
func cut(s string, limit int) string {
	head, more, tail := parts(s, limit)
	if more == 0 {
		return s
	}
	return head + " … " + count(more) + " more characters … " + tail
}

// parts are the ends of a text that has more characters than the limit.
func parts(s string, limit int) (head string, more int, tail string) {
	if len(s) <= limit {
		return s, 0, ""
	}
	n := utf8.RuneCountInString(s)
	if n <= limit {
		return s, 0, ""
	}
	from, to := 0, len(s)
	for range limit / 4 * 3 {
		_, size := utf8.DecodeRuneInString(s[from:])
		from += size
	}
	for range limit / 4 {
		_, size := utf8.DecodeLastRuneInString(s[:to])
		to -= size
	}
	return s[:from], n - limit/4*4, s[to:]
}

// count is a number with commas between its thousands.
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// fits says whether a value is small enough to be written whole, and takes its
// entries from left.
func fits(v reflect.Value, left *int, depth int) bool {
	if *left--; *left < 0 || depth > deepest {
		return false
	}
	switch v.Kind() {
	case reflect.String:
		*left -= v.Len() / 10
	case reflect.Array, reflect.Slice:
		for i := range min(v.Len(), manyEntries+1) {
			if !fits(v.Index(i), left, depth+1) {
				return false
			}
		}
	case reflect.Map:
		if v.Len() > *left {
			return false
		}
		for at := v.MapRange(); at.Next(); {
			if !fits(at.Key(), left, depth+1) || !fits(at.Value(), left, depth+1) {
				return false
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !fits(v.Field(i), left, depth+1) {
				return false
			}
		}
	case reflect.Interface:
		return v.IsNil() || fits(v.Elem(), left, depth+1)
	case reflect.Pointer:
		return depth > 0 || v.IsNil() || fits(v.Elem(), left, depth+1)
	}
	return *left >= 0
}
