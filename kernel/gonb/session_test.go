package gonb

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// step is a cell of a session.
type step struct {
	code    string
	fails   bool   // the build
	refused string // what the error says; "": none
	imports string // importsFile
}

// sessions are cells that follow each other.
var sessions = map[string][]step{
	"blank imports stay": {
		{code: `import _ "image/png"`, imports: file("image/png")},
		{code: "import _ \"image/gif\"\n%%", imports: file("image/gif", "image/png")},
		{code: "x++", imports: file("image/gif", "image/png")},
	},
	"a bad blank import does not stay": {
		{code: `import _ "a"`, imports: file("a")},
		{code: `import _ "bad"`, fails: true, imports: file("a", "bad")},
		{code: "x++", imports: file("a")},
	},
	"reset forgets, even if the build fails": {
		{code: `import _ "a"` + "\n" + method("A[T]"), imports: file("a")},
		{code: "%reset\nbad", fails: true},
		{code: method("B[T]")},
	},
	"reset of go.mod does not": {
		{code: `import _ "a"`, imports: file("a")},
		{code: "%reset go.mod", imports: file("a")},
	},
	"rm forgets": {
		{code: `import _ "a"` + "\n" + method("A[T]"), imports: file("a")},
		{code: "//gonb:%rm _"},
		{code: method("B[T]"), refused: "method Len of B"},
		{code: "% remove unknown~Len"},
		{code: method("B[T]")},
	},
	"methods of generic values": {
		{code: method("A[T]")},
		{code: method("A[T]")},
		{code: method("B[K, V]"), refused: "would lose that of A: give one of them a pointer receiver, as in func (x *B[…]) Len"},
		{code: method("*B[K, V]") + "\n" + method("C") + "\n" + method("*D")},
		{code: method("A[T]")},
	},
	"methods in one cell": {
		{code: method("A[T]") + "\n" + method("B[T]"), refused: "method Len of B"},
		{code: method("B[T]")},
	},
	"a method that is not built does not stay": {
		{code: method("A[T]"), fails: true},
		{code: method("B[T]")},
	},
}

// file is the content of importsFile.
func file(paths ...string) string {
	return "package main\n\nimport _ \"" + strings.Join(paths, "\"\nimport _ \"") + "\"\n"
}

func method(receiver string) string { return "func (x " + receiver + ") Len() int { return 1 }" }

func TestSession(t *testing.T) {
	for name, steps := range sessions {
		t.Run(name, func(t *testing.T) {
			s := NewSession()
			for _, c := range steps {
				got, err := s.Rewrite(c.code)
				if c.refused != "" {
					if err == nil || !strings.Contains(err.Error(), c.refused) || !strings.HasPrefix(err.Error(), "gonb: ") {
						t.Errorf("%q: error %v, want %q in it", c.code, err, c.refused)
					}
					continue
				}
				if err != nil {
					t.Fatalf("%q: %v", c.code, err)
				}
				if diff := cmp.Diff(c.imports, got.Files[importsFile]); diff != "" {
					t.Errorf("%q: -want +got:\n%s", c.code, diff)
				}
				s.Built(!c.fails)
			}
		})
	}
}

func TestNotBuilt(t *testing.T) {
	s := NewSession()
	if _, err := s.Rewrite(`import _ "a"`); err != nil {
		t.Fatal(err)
	}
	got, err := s.Rewrite("x++") // the first cell failed before its build
	if err != nil {
		t.Fatal(err)
	}
	if text := got.Files[importsFile]; text != "" {
		t.Errorf("a cell that was never built leaves %q", text)
	}
	s.Built(true)
	s.Built(true)
	if s.kept.blank == nil {
		t.Error("a second call of Built loses the session")
	}
}

func TestPackageName(t *testing.T) {
	s := NewSession()
	s.PackageName = func(path string) (string, bool) {
		name, ok := map[string]string{"a.b/c/v2": "other", "a.b/go-d": "e", "a.b/x-y": "y", "a.b/k/v3": "func"}[path]
		return name, ok
	}
	for path, want := range map[string]string{
		"a.b/c/v2": "other ", "math/rand/v2": "rand ", "a.b/go-d": "e ", "a.b/x-y": "", "a.b/k/v3": "", "fmt": "", "C": "",
	} {
		got, err := s.Rewrite(`import "` + path + `"`)
		if err != nil {
			t.Fatal(err)
		}
		if want := "import " + want + `"` + path + `"`; got.Code != want {
			t.Errorf("got %s, want %s", got.Code, want)
		}
	}
}

func TestFiles(t *testing.T) {
	s := NewSession()
	s.Module = func() string { return "gonb_x" }
	for code, shows := range map[string]bool{"x": true, "x++": false, "func f() {}": false} {
		got, err := s.Rewrite(code)
		if err != nil {
			t.Fatal(err)
		}
		s.Built(true)
		show, ok := got.Files[ShowFile]
		if !ok {
			t.Fatalf("%q: files %v do not say what must not exist", code, got.Files)
		}
		if has := strings.Contains(show, `"gonb_x/sslkit_value"`); has != shows || (got.Files["sslkit_value/value.go"] != "") != shows {
			t.Errorf("%q: %q and %d files, want them: %t", code, show, len(got.Files), shows)
		}
	}
	if got, err := s.Rewrite("%%bash\nls"); err != nil || got.Files != nil {
		t.Errorf("a cell that is not Go has files %v, error %v", got.Files, err)
	}
}
