package method_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/method"
)

// Mine is a program's own method: SimCLR under another name.
type Mine struct{ method.SimCLR }

func TestRegister(t *testing.T) {
	const text = `{"Mine": {"temperature": 0.5}}`
	if _, err := method.Types.Read([]byte(text)); err == nil || !strings.Contains(err.Error(), `unknown method "Mine"`) {
		t.Errorf("before it is registered: error %v", err)
	}
	for range 2 { // a second time does no harm
		method.Register(Mine{})
	}
	want := Mine{method.SimCLR{Temperature: 0.5}}
	written, err := method.Types.Write(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := method.Types.Read(written)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(method.Method(want), got); diff != "" {
		t.Errorf("written and read (-want +got):\n%s", diff)
	}
	defer func() {
		if failure, ok := recover().(error); !ok || !strings.Contains(failure.Error(), "there is a method SimCLR already") {
			t.Errorf("two methods of one name: %v", failure)
		}
	}()
	type SimCLR struct{ Mine }
	method.Register(SimCLR{})
}
