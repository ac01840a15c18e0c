package gonb

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"hash/fnv"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// imports is the content of importsFile.
func (m memory) imports() string {
	if len(m.blank) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("package main\n\n")
	for _, p := range slices.Sorted(maps.Keys(m.blank)) {
		fmt.Fprintf(&b, "import _ %q\n", p)
	}
	return b.String()
}

// importDecl moves blank imports out of the cell, since GoNB keeps one of them,
// and names packages that GoNB would name otherwise.
func (r *rewriter) importDecl(d *ast.GenDecl, offset func(token.Pos) int) error {
	for _, s := range d.Specs {
		spec, ok := s.(*ast.ImportSpec)
		if !ok {
			continue
		}
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the compiler reports it
		}
		from, to := offset(spec.Pos()), offset(spec.End())
		name := ""
		switch {
		case spec.Name != nil && spec.Name.Name == "_":
			r.memory.blank[p] = true
			r.blankImport(from, to, d.Lparen.IsValid())
			continue
		case spec.Name != nil:
			name = spec.Name.Name
		default:
			if name = r.packageName(p); name != "" {
				r.insert(from, name+" ")
			} else if gonb := lastWord.FindStringSubmatch(p); gonb != nil {
				name = gonb[1]
			}
		}
		if other, ok := r.imported[name]; ok && other != p && name != "." {
			return fmt.Errorf("gonb: packages %s and %s are both imported as %s, of which GoNB would keep one: give one another name", other, p, name)
		}
		r.imported[name] = p
	}
	return nil
}

// blankImport leaves an import declaration without the import.
func (r *rewriter) blankImport(from, to int, grouped bool) {
	text := []byte(Blank(r.code[from:to]))
	if grouped {
		r.dropSemicolon(to)
	} else {
		text[0], text[len(text)-1] = '(', ')'
	}
	r.replace(from, to, string(text))
}

var (
	versioned = regexp.MustCompile(`[/.]v[0-9]+$`)
	// lastWord is what GoNB takes for the name of an imported package.
	lastWord = regexp.MustCompile(`^.*?(\w+)\s*$`)
)

// packageName is the name under which to import a package that GoNB would name
// otherwise; "" where GoNB is right, or nobody knows.
func (r *rewriter) packageName(p string) string {
	last := path.Base(p)
	if p == "C" || token.IsIdentifier(last) && !versionElement.MatchString(last) {
		return ""
	}
	name := ""
	if versioned.MatchString(p) {
		name = usualName(p)
	}
	if r.names != nil {
		if n, ok := r.names(p); ok {
			name = n
		}
	}
	gonb := lastWord.FindStringSubmatch(p)
	if !token.IsIdentifier(name) || gonb != nil && gonb[1] == name {
		return ""
	}
	return name
}

// BlankName begins the names that blank variables and constants are given.
const BlankName = "sslkit_blank_"

var blankName = regexp.MustCompile(BlankName + `\w+`)

var ours = regexp.MustCompile(`^(?:sslkit[A-Z]|` + BlankName + `[0-9a-f]{8})`)

// IsOurs says whether a name is one that the kernel, rather than the user, has put into
// the cells' package.
func IsOurs(name string) bool { return ours.MatchString(name) }

// Unblank returns text with an underscore for each name that stands for a blank one.
func Unblank(text string) string { return blankName.ReplaceAllString(text, "_") }

// blankNames are names for blank variables and constants: GoNB keeps a blank
// variable once more each time that the cell runs, and one blank constant in all.
// They depend on the declaration, so that running a cell again replaces them.
func (r *rewriter) blankNames(d *ast.GenDecl, text string, offset func(token.Pos) int) map[*ast.Ident]string {
	named := ""
	names := map[*ast.Ident]string{}
	for _, spec := range valueSpecs(d) {
		for _, n := range spec.Names {
			if n.Name != "_" {
				named = cmp.Or(named, n.Name)
			}
		}
	}
	for _, spec := range valueSpecs(d) {
		for _, n := range spec.Names {
			if n.Name != "_" {
				continue
			}
			key := named
			if d.Tok == token.VAR || key == "" {
				from := offset(spec.Pos()) - offset(d.Pos())
				key = hash(text[from : offset(spec.End())-offset(d.Pos())])
			}
			names[n] = r.blankName(key)
		}
	}
	return names
}

// blankName is a name that the cell has not given yet.
func (r *rewriter) blankName(key string) string {
	name := BlankName + key
	if r.blanks[name]++; r.blanks[name] > 1 {
		name += "_" + strconv.Itoa(r.blanks[name])
	}
	return name
}

func valueSpecs(d *ast.GenDecl) []*ast.ValueSpec {
	var all []*ast.ValueSpec
	for _, s := range d.Specs {
		if spec, ok := s.(*ast.ValueSpec); ok {
			all = append(all, spec)
		}
	}
	return all
}

func hash(text string) string {
	h := fnv.New32a()
	h.Write([]byte(text)) // never fails
	return fmt.Sprintf("%08x", h.Sum32())
}
