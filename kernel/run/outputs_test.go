package run

import (
	"strings"
	"testing"

	"github.com/gossl/gossl/kernel/notebook"
	"github.com/gossl/gossl/kernel/wire"
)

func TestOutputsRefuseNonsense(t *testing.T) {
	o := outputs{displays: map[string][]*output{}}
	for kind, want := range map[string]string{"stream": "content of the kernel's stream", "comm_msg": ""} {
		m, err := wire.New(kind, nil, map[string]any{"text": 7})
		if err != nil {
			t.Fatal(err)
		}
		_, err = o.add(m)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: error %v, want %q", kind, err, want)
		}
	}
	if len(o.cell) != 0 {
		t.Errorf("%d outputs, want none", len(o.cell))
	}
}

func TestOverwrittenLines(t *testing.T) {
	tests := []struct{ printed, want string }{
		{"10%\r20%\r100%\ndone\n", "100%\ndone\n"},
		{"a\nbb\rc", "a\nc"},
		{"a\r\nb\r\n", "a\r\nb\r\n"},
		{"a\r", "a\r"},
		{"a\r\rb", "b"},
		{"\ra\n\rb", "a\nb"},
	}
	for _, test := range tests {
		o := outputs{}
		for _, char := range test.printed { // however the kernel cuts it up
			o.stream("stdout", string(char))
		}
		got := final(o.cell)
		if len(got) != 1 || got[0].Type != notebook.Stream || got[0].Text != test.want {
			t.Errorf("%q: %+v, want %q", test.printed, got, test.want)
		}
	}
}
