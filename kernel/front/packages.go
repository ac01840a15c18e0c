package front

import (
	"slices"
	"strings"

	"github.com/gossl/gossl/kernel/assist"
	"github.com/gossl/gossl/kernel/gonb/lines"
)

// common are patterns of packages that cells are likely to use, beside those that they import.
var common = []string{"std", assist.Library + "/...", "github.com/janpfeifer/gonb/gonbui/...", "github.com/gomlx/gomlx/..."}

// packages asks the go command for packages that cells can import: one of them may be
// meant by a name that is not declared. front.mu may be held.
func (f *front) packages() []lines.Package {
	args := slices.Concat([]string{"list", "-find", "-e", "-f", "{{.Name}}\t{{.ImportPath}}\t{{.Dir}}", "--"}, common, f.index.Imports())
	out, _ := f.goCommand(f.dir.work, args...) // what it found counts, whatever else is wrong
	var found []lines.Package
	for line := range strings.Lines(out) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != 3 || fields[0] == "main" || internal(fields[1]) {
			continue
		}
		found = append(found, lines.Package{Name: fields[0], Path: fields[1], Dir: fields[2]})
	}
	return found
}

// internal says whether cells cannot import a path.
func internal(path string) bool {
	elements := strings.Split(path, "/")
	return slices.Contains(elements, "internal") || slices.Contains(elements, "vendor")
}
