package named_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/internal/named"
)

// A Shape has types of its own.
type Shape interface{ Area() float64 }

type Square struct {
	Side float64 `json:"side"`
}

type Circle struct {
	Radius float64 `json:"radius"`
}

type Line struct{ Square }

func (s Square) Area() float64 { return s.Side * s.Side }
func (c Circle) Area() float64 { return 3 * c.Radius * c.Radius }

func shapes() *named.Kind[Shape] {
	return named.New(func() []Shape { return []Shape{Square{}, Circle{}} })
}

func TestWriteAndRead(t *testing.T) {
	k := shapes()
	for want, v := range map[string]Shape{`{"Square":{"side":2}}`: Square{2}, `{"Circle":{"radius":0}}`: Circle{}} {
		text, err := k.Write(v)
		if err != nil || string(text) != want {
			t.Errorf("%+v is written as %s, error %v, want %s", v, text, err, want)
		}
		read, err := k.Read(text)
		if err != nil || read != v {
			t.Errorf("%s is read as %+v, error %v", text, read, err)
		}
	}
	if _, err := k.Write(nil); err == nil || !strings.Contains(err.Error(), "named_test: no shape is set") {
		t.Errorf("nothing is written: error %v", err)
	}
	if name := named.Name(nil); name != "" {
		t.Errorf("nothing is named %q", name)
	}
}

func TestReadErrors(t *testing.T) {
	for text, want := range map[string]struct{ text, name string }{
		`{"square": {}}`:             {`unknown shape "square": want one of Square, Circle, or one of the program's own that named_test.Register was called with`, "square"},
		`{"Square": 3}`:              {"named_test: Square:", "Square"},
		`{"Square": {"side": "a"}}`:  {"named_test: Square:", "Square"},
		`{"Square": {"angle": 3}}`:   {`"angle"`, "Square"},
		`{}`:                         {`want one shape by name, as {"Square": {…}}`, ""},
		`{"Square": {}, "Other": 1}`: {"want one shape by name", ""},
		`"Square"`:                   {"want one shape by name", ""},
		``:                           {"want one shape by name", ""},
	} {
		v, err := shapes().Read([]byte(text))
		if v != nil || err == nil || !strings.Contains(err.Error(), want.text) {
			t.Errorf("%s: %v, error %v, want one about %q", text, v, err, want.text)
		}
		var unknown *named.ReadError
		if errors.As(err, &unknown) != (want.name != "") || unknown != nil && unknown.Name != want.name {
			t.Errorf("%s: %+v, want it to be about a shape %q", text, unknown, want.name)
		}
	}
	var syntax *json.UnmarshalTypeError
	if _, err := shapes().Read([]byte(`{"Square": {"side": "a"}}`)); !errors.As(err, &syntax) || syntax.Field != "side" {
		t.Errorf("error %v does not hold that of package json", err)
	}
}

// A Dot has its methods on a pointer.
type Dot struct {
	X int `json:"x"`
}

func (*Dot) Area() float64 { return 0 }

func TestPointers(t *testing.T) {
	k := shapes()
	k.Register(&Dot{})
	text, err := k.Write(&Dot{3})
	if want := `{"Dot":{"x":3}}`; err != nil || string(text) != want {
		t.Fatalf("%s, error %v, want %s", text, err, want)
	}
	read, err := k.Read(text)
	if dot, ok := read.(*Dot); err != nil || !ok || dot.X != 3 {
		t.Errorf("%s is read as %+v, error %v", text, read, err)
	}
}

func TestRegister(t *testing.T) {
	k := shapes()
	for range 2 { // a second time does no harm
		k.Register(Line{})
	}
	if diff := cmp.Diff([]Shape{Square{}, Circle{}, Line{}}, k.Known()); diff != "" {
		t.Errorf("known shapes (-want +got):\n%s", diff)
	}
	if v, err := k.Read([]byte(`{"Line": {"side": 3}}`)); err != nil || v != (Line{Square{3}}) {
		t.Errorf("read %+v, error %v", v, err)
	}
	defer func() {
		if failure, ok := recover().(error); !ok || !strings.Contains(failure.Error(), "Register: there is a shape Square already") {
			t.Errorf("two shapes of one name: %v", failure)
		}
	}()
	type Square struct{ Line }
	k.Register(Square{})
}
