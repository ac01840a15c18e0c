package assist

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gossl/gossl/kernel/gonb"
	"github.com/gossl/gossl/kernel/gonb/lines"
)

// A stamp tells versions of a file apart.
type stamp struct {
	modified time.Time
	size     int64
}

// The kinds of changes of files, as the Language Server Protocol numbers them.
const (
	created = 1
	changed = 2
	deleted = 3
)

// memory is what is known of earlier cells.
type memory struct {
	dir      string
	stamps   map[string]stamp // of the files that gopls loads from dir
	main     string           // the last main.go that could be parsed
	declared []declaration    // in it
	imported map[string]gonb.Import
	asked    map[use]bool // not to be found in any package, as long as no file changes
}

func newMemory(dir string) *memory {
	return &memory{dir: dir, main: "package main\n", imported: map[string]gonb.Import{}, asked: map[use]bool{}}
}

// update looks at the files again, and returns those that have changed.
func (m *memory) update() map[string]int {
	stamps := map[string]stamp{}
	entries, _ := os.ReadDir(m.dir) // a folder that is gone has no files
	for _, entry := range entries {
		name := entry.Name()
		if filepath.Ext(name) != ".go" && !slices.Contains([]string{"go.mod", "go.sum", "go.work", "go.work.sum"}, name) {
			continue
		}
		if info, err := entry.Info(); err == nil {
			stamps[name] = stamp{info.ModTime(), info.Size()}
		}
	}
	changes := map[string]int{}
	for name, now := range stamps {
		if before, ok := m.stamps[name]; !ok {
			changes[name] = created
		} else if before != now {
			changes[name] = changed
		}
	}
	for name := range m.stamps {
		if _, ok := stamps[name]; !ok {
			changes[name] = deleted
		}
	}
	m.stamps = stamps
	if len(changes) > 0 {
		clear(m.asked)
		m.readMain()
	}
	return changes
}

// readMain reads the declarations of earlier cells. GoNB may be writing them just now: what cannot be parsed is left for
// the next time.
func (m *memory) readMain() {
	text, err := readMain(m.dir)
	if err != nil || text == m.main {
		return
	}
	file, err := parse(text)
	if err != nil {
		return
	}
	m.main, m.declared = text, declarations(file)
	maps.Copy(m.imported, importsOf(file))
}

// readMain returns the file in which GoNB writes down what it remembers: another one if the last cell was a test.
func readMain(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, gonb.Files[0]))
	if os.IsNotExist(err) {
		text, err = os.ReadFile(filepath.Join(dir, gonb.Files[1]))
	}
	return lines.Bare(string(text)), err // gopls would take the directives for documentation
}

// provide imports packages whose names mean nothing else yet.
func (m *memory) provide(packages map[string]gonb.Import) {
	for name, i := range packages {
		if _, taken := m.imported[name]; !taken {
			m.imported[name] = i
		}
	}
}

// usable returns the imports that hide no declaration of an earlier cell.
func (m *memory) usable() map[string]gonb.Import {
	usable := maps.Clone(m.imported)
	for _, d := range m.declared {
		delete(usable, d.key)
	}
	return usable
}

// mainBeside returns main.go without what a cell declares anew.
func (m *memory) mainBeside(d document) string {
	return withoutNames(m.main, m.declared, func(name string) bool { return name == "main" || d.declares(name) })
}

// unknown returns those uses whose names are neither declared nor known to be of no package.
func (m *memory) unknown(uses []use) []use {
	return slices.DeleteFunc(slices.Clone(uses), func(u use) bool {
		return m.asked[u] || slices.ContainsFunc(m.declared, func(other declaration) bool { return other.key == u.name })
	})
}

// usesFile returns a file with nothing but uses, in which gopls can look for the missing imports.
func usesFile(uses []use) string {
	var b strings.Builder
	b.WriteString("package main\n\nfunc _() {\n")
	for _, u := range uses {
		b.WriteString("\t_ = " + u.name + "." + u.member + "\n")
	}
	b.WriteString("}\n")
	return b.String()
}
