package lines

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
)

// Package is one that cells can import.
type Package struct{ Name, Path, Dir string }

var (
	undefined = lazy(`^undefined: ([\pL_][\pL\d_]*)(?:\.([\pL_][\pL\d_]*)(?: \(but have [\pL\d_]+\))?)?$`)
	selected  = lazy(`^\.([\pL_][\pL\d_]*)`)
	notInStd  = lazy(`^package (\S+) is not in std(?: \(.*\))?$`)
	noModule  = lazy(`^no required module provides package ([^\s;]+)(?:; to add it:)?$`)
)

// meant makes of an error about something that is not there one that says what the
// user may have meant. It is true for an error that only another one has caused:
// goimports takes an import out if one of its names is not in the package.
func (e *explainer) meant(p *problem) (caused bool) {
	if m := notInStd().FindStringSubmatch(p.message); m != nil {
		p.message = fmt.Sprintf("package %s is neither in Go's library nor in a module of this notebook", m[1]) + e.nearPath(m[1])
		return false
	}
	if m := noModule().FindStringSubmatch(p.message); m != nil {
		p.message = fmt.Sprintf("package %s is in no module of this notebook", m[1]) + e.nearPath(m[1])
		return false
	}
	m := undefined().FindStringSubmatch(p.message)
	if m == nil {
		return false
	}
	name, member := m[1], m[2]
	if member == "" && p.col > 0 {
		if rest := []rune(p.source); p.col-1+len([]rune(name)) <= len(rest) {
			if s := selected().FindStringSubmatch(string(rest[p.col-1+len([]rune(name)):])); s != nil {
				member = s[1]
			}
		}
	}
	if member == "" {
		if near := gonb.Nearest(name, e.declared()); near != "" {
			p.message += ": do you mean " + near + "?"
		}
		return false
	}
	message, there := e.member(name, member)
	if message != "" {
		p.message = message
	}
	return there
}

// member says what is wrong with a name of a package; nothing, if it is there.
func (e *explainer) member(name, member string) (message string, there bool) {
	called := e.named(name)
	if len(called) == 0 {
		var names []string
		for _, p := range e.packages() {
			names = append(names, p.Name)
		}
		names = append(names, e.declared()...)
		if near := gonb.Nearest(name, names); near != "" {
			return fmt.Sprintf("undefined: %s: do you mean %s?", name, near), false
		}
		return fmt.Sprintf("undefined: %s: nothing is declared by this name, and no package that can be imported has it", name), false
	}
	var paths []string
	for _, p := range called {
		paths = append(paths, p.Path)
		names := p.exported()
		if slices.Contains(names, member) {
			return fmt.Sprintf("undefined: %s: import %s", name, p.Path), true
		}
		for _, other := range names {
			if strings.EqualFold(other, member) {
				return fmt.Sprintf("package %s exports no %s: do you mean %s.%s?", p.Path, member, name, other), false
			}
		}
	}
	for _, p := range called {
		if near := gonb.Nearest(member, p.exported()); near != "" {
			return fmt.Sprintf("package %s has no %s: do you mean %s.%s?", p.Path, member, name, near), false
		}
	}
	return fmt.Sprintf("package %s has no %s", strings.Join(paths, " or "), member), false
}

// named are the packages of a name: those that cells import, if there are any.
func (e *explainer) named(name string) []Package {
	var all, imported []Package
	imports := e.index.Imports()
	for _, p := range e.packages() {
		if p.Name != name {
			continue
		}
		all = append(all, p)
		if slices.Contains(imports, p.Path) {
			imported = append(imported, p)
		}
	}
	if len(imported) > 0 {
		return imported
	}
	return all
}

// nearPath asks whether another import path is meant.
func (e *explainer) nearPath(path string) string {
	var paths []string
	for _, p := range e.packages() {
		if filepath.Dir(p.Path) == filepath.Dir(path) {
			paths = append(paths, filepath.Base(p.Path))
		}
	}
	if near := gonb.Nearest(filepath.Base(path), paths); near != "" {
		return ": do you mean " + filepath.Join(filepath.Dir(path), near) + "?"
	}
	return ""
}

// declared are the names that cells declare.
func (e *explainer) declared() []string {
	e.index.describe()
	var names []string
	for _, keys := range e.index.declares {
		for _, key := range keys {
			if kind, name, _ := strings.Cut(key, " "); !strings.Contains(name, "~") && (kind != token.FUNC.String() || name != "main" && name != "init") {
				names = append(names, name)
			}
		}
	}
	return names
}

// Imports are the paths that cells import.
func (x *Index) Imports() []string {
	var paths []string
	for _, c := range x.Cells {
		for _, path := range gonb.ImportPaths(c.Code) {
			if !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// exported are the names that a package exports, for whatever system.
func (p Package) exported() []string {
	files, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
	if err != nil {
		return nil // a folder with odd characters
	}
	var names []string
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil || strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := gonb.ParseFile(string(text), parser.SkipObjectResolution)
		if err != nil || file.Name.Name != p.Name {
			continue
		}
		for _, n := range file.Names() {
			if n.IsExported() && !n.Method() {
				names = append(names, n.Name)
			}
		}
	}
	return names
}
