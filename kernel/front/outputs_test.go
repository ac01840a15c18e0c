package front

import "testing"

func TestFirst(t *testing.T) {
	k := start(t)
	o := k.OK("//cell print hello\\n")
	t.Logf("%+v", o)
	t.Logf("%+v", k.OK("!echo hi"))
	if err := k.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e := k.ended(); e != "" {
		t.Error(e)
	}
}
