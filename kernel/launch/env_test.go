package launch

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/event"
)

var testPaths = Paths{Bin: "/run/bin", Temp: "/run/tmp", Socket: "/run/front", Cells: "/run/cells"}

func TestEnviron(t *testing.T) {
	environ := Environ([]string{"HOME=/home", "PATH=/old", "PATH=/usr/bin:/bin", "TMPDIR=/tmp"}, testPaths)
	for name, want := range map[string]string{
		"HOME": "/home", "PATH": "/run/bin:/usr/bin:/bin", "TMPDIR": "/run/tmp",
		PathVar: "/usr/bin:/bin", TempVar: "/tmp", BinVar: "/run/bin", GoNBTempVar: "/run/tmp",
		CellsVar: "/run/cells", event.Socket: "/run/front",
	} {
		if got := lookup(environ, name); got != want {
			t.Errorf("%s=%q, want %q", name, got, want)
		}
	}
}

func TestRestored(t *testing.T) {
	tests := []struct {
		name           string
		environ, extra []string // of the front, and what the user sets later
		path           string
		temp           []string
	}{
		{"unchanged", []string{"PATH=/bin", "TMPDIR=/tmp"}, nil, "/bin", []string{"/tmp"}},
		{"no TMPDIR", []string{"PATH=/bin"}, nil, "/bin", nil},
		{"user's PATH", []string{"PATH=/bin"}, []string{"PATH=/mine:/run/bin:/bin"}, "/mine:/bin", nil},
		{"user's TMPDIR", []string{"PATH=/bin", "TMPDIR=/tmp"}, []string{"TMPDIR=/mine"}, "/bin", []string{"/mine"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			environ := last(append(Environ(test.environ, testPaths), test.extra...))
			want := []string{"PATH=" + test.path}
			for _, temp := range test.temp {
				want = append(want, "TMPDIR="+temp)
			}
			if diff := cmp.Diff(want, restored(environ)); diff != "" {
				t.Errorf("environment (-want +got):\n%s", diff)
			}
		})
	}
}

// last keeps the last value of each variable, as processes get them, PATH first.
func last(environ []string) (list []string) {
	for _, name := range []string{"PATH", "TMPDIR", PathVar, TempVar, BinVar, GoNBTempVar, CellsVar, event.Socket} {
		list = append(list, name+"="+lookup(environ, name))
	}
	return list
}
