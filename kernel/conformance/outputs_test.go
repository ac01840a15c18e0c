package conformance

import (
	"strings"
	"testing"
)

func TestManyLines(t *testing.T) {
	k := start(t)
	o := k.OK("w := bufio.NewWriter(os.Stdout)\nfor i := range 100000 {\n\tfmt.Fprintln(w, i)\n}\nw.Flush()")
	if lines := strings.Split(o.Stdout, "\n"); len(lines) != 100001 || lines[99999] != "99999" {
		t.Errorf("%d lines of 100,000", len(lines)-1)
	}
}

func TestLargePicture(t *testing.T) {
	k := start(t)
	o := k.OK(`picture := make([]byte, 8<<20)
for i := range picture {
	picture[i] = byte(i * 7 / 3)
}
gonbui.DisplayPng(picture)`)
	if len(o.Displays) != 1 || len(o.Displays[0]["image/png"]) < 8<<20*4/3 {
		t.Errorf("%d displays", len(o.Displays))
	}
}
