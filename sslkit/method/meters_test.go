package method_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
)

// TestMeters compares the meters of methods with what their comments say of them: 'Its
// meter "explained" …'. Runs are warned by some of them.
func TestMeters(t *testing.T) {
	described := comments(t)
	forEachMethod(t, func(t *testing.T, m method.Method) {
		m, network, c := smallFor(t, m)
		out := startRun(t, testkit.Open(t, device.Go), nn.Mode{Precision: device.F32}, m, network, c).output
		got := slices.Sorted(maps.Keys(out.Meters))
		if want := metersIn(described[method.Name(m)]); !slices.Equal(got, want) {
			t.Errorf("meters %q, its comment says %q", got, want)
		}
		if w, ok := m.(method.Watcher); ok {
			for _, watch := range w.Watched() {
				if !slices.Contains(got, watch.Meter) || !(watch.Least > 0 || watch.Most > 0) || watch.Failure == "" {
					t.Errorf("%+v is of no meter, or says nothing", watch)
				}
			}
		}
	})
}

// comments are those of the package's types.
func comments(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if d, ok := d.(*ast.GenDecl); ok && d.Tok == token.TYPE {
				all[d.Specs[0].(*ast.TypeSpec).Name.Name] = strings.Join(strings.Fields(d.Doc.Text()), " ")
			}
		}
	}
	return all
}

var (
	sentence = regexp.MustCompile(`Its meters?\b.*?\. `)
	quoted   = regexp.MustCompile(`"([^"]+)"`)
)

// metersIn are those that the sentence about meters in a comment names.
func metersIn(comment string) []string {
	var names []string
	for _, found := range quoted.FindAllStringSubmatch(sentence.FindString(comment+" "), -1) {
		names = append(names, found[1])
	}
	slices.Sort(names)
	return names
}
