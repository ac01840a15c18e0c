package gonb

import (
	"strings"
	"testing"
)

// GoNB's call of flag.Parse goes where flag is the user's, and nothing else.
func TestFreeFlag(t *testing.T) {
	const call = "flag.Parse()"
	for _, c := range []struct {
		source string
		gone   bool
	}{
		{"var (\n\tflag = true\n)\n\nfunc main() { flag.Parse() }\n", true},
		{"var (\n\ta, flag = f()\n)\n\nfunc main() { flag.Parse(); x() }\n", true},
		{"const flag = 1\nfunc main() {\n\tflag.Parse()\n\tx()\n}\n", true},
		{"type flag int\nfunc main() {\n\tflag.Parse()\n}\n", true},
		{"func flag() {}\nfunc main() {\n\tflag.Parse()\n}\n", true},
		{"import \"flag\"\nfunc main() {\n\tflag.Parse()\n\tvar flag = true\n}\n", false},
		{"import \"flag\"\nfunc (t T) flag() {}\nfunc main() {\n\tflag.Parse()\n}\n", false},
		{"import \"flag\"\nfunc main() {\n\tflag.Parse()\n}\n", false},
		{"import \"flag\"\nvar (\n\tflags = 1\n)\nfunc main() {\n\tflag.Parse()\n}\n", false},
		{"var (\n\tflag = 1\n)\nfunc main() {\n\tx()\n\tflag.Parse()\n}\n", false},
		{"var (\n\tflag = 1\n)\nfunc main() {}\n", false},
		{"var (\n\tflag = 1\n)\nfunc main() {", false},
	} {
		before := "package main\n\n" + c.source
		want := before
		if c.gone {
			want = strings.Replace(before, call, strings.Repeat(" ", len(call)), 1)
		}
		got := []byte(before)
		if TakesFlag(got) {
			got = FreeFlag(got)
		}
		if string(got) != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}
