package launch

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/event"
)

var testPaths = Paths{Bin: "/run/bin", Temp: "/run/tmp", Socket: "/run/front", Cells: "/run/cells", Tools: []string{"XDG_CACHE_HOME=/data/cache", "GOENV=off"}}

func TestEnviron(t *testing.T) {
	environ := Environ([]string{"HOME=/home", "PATH=/old", "PATH=/usr/bin:/bin", "TMPDIR=/tmp"}, testPaths)
	for name, want := range map[string]string{
		"HOME": "/home", "PATH": "/run/bin:/usr/bin:/bin", "TMPDIR": "/run/tmp",
		pathVar: "/usr/bin:/bin", binVar: "/run/bin",
		cellsVar: "/run/cells", toolsVar: "XDG_CACHE_HOME=/data/cache\nGOENV=off", event.Socket: "/run/front",
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
		path, temp     string
	}{
		{"unchanged", []string{"PATH=/bin", "TMPDIR=/tmp"}, nil, "/bin", "/run/tmp"},
		{"user's PATH", []string{"PATH=/bin"}, []string{"PATH=/mine:/run/bin:/bin"}, "/mine:/bin", "/run/tmp"},
		{"user's TMPDIR", []string{"PATH=/bin", "TMPDIR=/tmp"}, []string{"TMPDIR=/mine"}, "/bin", "/mine"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			environ := last(append(Environ(test.environ, testPaths), test.extra...))
			environ = append(environ, "GODEBUG=gctrace=1", "GOENV=/mine")
			want := []string{"PATH=" + test.path, "TMPDIR=" + test.temp, "GODEBUG=gctrace=1", "GOENV=/mine"}
			if diff := cmp.Diff(want, restored(environ)); diff != "" {
				t.Errorf("environment of a cell (-want +got):\n%s", diff)
			}
			want = append(want[:2], "XDG_CACHE_HOME=/data/cache", "GOENV=off", "GODEBUG=")
			if diff := cmp.Diff(want, forTools(environ)); diff != "" {
				t.Errorf("environment of a build (-want +got):\n%s", diff)
			}
		})
	}
}

// last keeps the last value of each variable, as processes get them, PATH first.
func last(environ []string) (list []string) {
	for _, name := range []string{"PATH", "TMPDIR", pathVar, binVar, cellsVar, toolsVar, event.Socket} {
		list = append(list, name+"="+lookup(environ, name))
	}
	return list
}
