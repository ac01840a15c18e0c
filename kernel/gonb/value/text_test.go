package value

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"
)

type point struct {
	X, Y int
	in   any
}

type named string

func (n named) String() string { return "<" + string(n) + ">" }

type loud struct{ text string }

func (l loud) Error() string { return strings.Repeat(l.text, 20_000) }

// What is not long is written as fmt does.
func TestTextIsFmts(t *testing.T) {
	n := 5
	loop := map[string]any{}
	for _, v := range []any{
		1, -2.5, true, 'a', 1i, nil, point{1, 2, "a"}, &point{1, 2, nil}, []point{{}, {Y: 1}}, map[string]int{"b": 2, "a": 1},
		[]byte("bytes"), [3]string{"a", "", "c"}, []string(nil), map[int]bool(nil), (*point)(nil), &n, struct{}{}, named("x"),
		[]named{"a"}, map[named]named{"k": "v"}, point{in: named("hidden")}, time.Second, []error{fmt.Errorf("e")}, math.NaN(),
		big.NewInt(7), []any{nil, 1, "s", &n}, make(chan int), uintptr(3), loop, time.Unix(0, 0).UTC(), reflect.TypeFor[int](),
		make([]int, manyEntries-1), map[float64]int{math.NaN(): 1}, []*big.Int{big.NewInt(1)},
	} {
		if got, want := textOf(v), fmt.Sprintf("%+v", v); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if got := textOf("a\n\"b\""); got != `"a\n\"b\""` {
		t.Errorf("a string is %s", got)
	}
	if got := textOf(reflect.ValueOf(3)); got != "3" {
		t.Errorf("a reflect.Value is %s", got)
	}
}

// What is long says how much is left out.
func TestTextIsShort(t *testing.T) {
	zeros := func(n int) string { return strings.TrimSuffix(strings.Repeat("0 ", n), " ") }
	million := map[int]int{}
	for i := range 1_000_000 {
		million[i-3] = i
	}
	byPoint := map[[1]int]bool{}
	for i := range 2000 {
		byPoint[[1]int{i}] = true
	}
	type page struct {
		Title, Text string
		Values      []float64
	}
	var cycle []any
	cycle = append(cycle, cycle, nil)
	cycle[0] = cycle
	for _, c := range []struct {
		value any
		want  string
	}{
		{make([]float64, 100_000), "[" + zeros(10) + " … 99,980 more … " + zeros(10) + "]"},
		{&[2000]int{}, "&[" + zeros(5) + " … 1,990 more … " + zeros(5) + "]"},
		{million, "map[-3:0 -2:1 -1:2 0:3 1:4 2:5 3:6 4:7 5:8 6:9 … 999,980 more … 999987:999990 999988:999991 999989:999992 999990:999993 " +
			"999991:999994 999992:999995 999993:999996 999994:999997 999995:999998 999996:999999]"},
		{page{"t", strings.Repeat("é", 100_000), nil}, "{Title:t Text:" + strings.Repeat("é", 750) + " … 99,000 more characters … " + strings.Repeat("é", 250) + " Values:[]}"},
		{strings.Repeat("a", 20_000), `"` + strings.Repeat("a", 7500) + `" … 10,000 more characters … "` + strings.Repeat("a", 2500) + `"`},
		{loud{"x"}, strings.Repeat("x", 7500) + " … 10,000 more characters … " + strings.Repeat("x", 2500)},
		{struct{ in []int }{make([]int, 3000)}, "{in:[" + zeros(5) + " … 2,990 more … " + zeros(5) + "]}"},
		{struct{ m map[string]int }{map[string]int{strings.Repeat("k", 20_000): 1}}, "{m:map[" + strings.Repeat("k", 750) + " … 19,000 more characters … " + strings.Repeat("k", 250) + ":1]}"},
		{[]any{make([]int, 2000), named("n"), nil, &page{}}, "[[" + zeros(5) + " … 1,990 more … " + zeros(5) + "] <n> <nil> 0x"},
		{cycle, "[[[["},
	} {
		if got := textOf(c.value); got != c.want && !(strings.HasSuffix(c.want, "0x") || strings.HasSuffix(c.want, "[[[")) || !strings.HasPrefix(got, c.want) {
			t.Errorf("got  %.300s\nwant %.300s", got, c.want)
		}
	}
	if got := textOf(byPoint); !strings.HasSuffix(got, " … 1,980 more]") || strings.Count(got, ":true") != 20 {
		t.Errorf("a map without an order is %s", got)
	}
}

// However deep a value is, its text has a size.
func TestTextIsBounded(t *testing.T) {
	deep := [][][][]string{}
	for range 40 {
		deep = append(deep, [][][]string{})
		for range 40 {
			row := make([][]string, 40)
			for i := range row {
				row[i] = []string{strings.Repeat("x", 900), strings.Repeat("y", 900)}
			}
			last := len(deep) - 1
			deep[last] = append(deep[last], row)
		}
	}
	if got := len(textOf(deep)); got > 2*enough {
		t.Errorf("%d bytes", got)
	}
}

// A value is shortened before it is written: this takes minutes otherwise.
func TestTextIsQuick(t *testing.T) {
	begin := time.Now()
	large := make([][]float64, 1_000_000)
	row := make([]float64, 1_000_000)
	for i := range large {
		large[i] = row
	}
	if got := textOf(large); !strings.Contains(got, "999,980 more") {
		t.Errorf("%.300s", got)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}
