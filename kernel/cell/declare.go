package cell

import (
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

// imports is the content of ImportsFile.
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
func (r *rewriter) importDecl(d *ast.GenDecl, offset func(token.Pos) int) {
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
		switch {
		case spec.Name != nil && spec.Name.Name == "_":
			r.memory.blank[p] = true
			r.blankImport(from, to, d.Lparen.IsValid())
		case spec.Name == nil:
			if name := r.packageName(p); name != "" {
				r.insert(from, name+" ")
			}
		}
		r.memory.images = r.memory.images || slices.Contains(strings.Split(p, "/"), "image")
	}
}

// blankImport leaves an import declaration without the import.
func (r *rewriter) blankImport(from, to int, grouped bool) {
	text := []byte(spaces(r.code[from:to]))
	if grouped {
		r.dropSemicolon(to)
	} else {
		text[0], text[len(text)-1] = '(', ')'
	}
	r.replace(from, to, string(text))
}

var (
	versionElement = regexp.MustCompile(`^v[0-9]+$`)
	versioned      = regexp.MustCompile(`[/.]v[0-9]+$`)
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
		name = assumedName(p)
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

// assumedName guesses a package's name from a path that ends in a version, as Go
// tools do.
func assumedName(p string) string {
	name := path.Base(p)
	if versionElement.MatchString(name) {
		name = path.Base(path.Dir(p))
	}
	name = strings.TrimPrefix(name, "go-")
	if i := strings.IndexFunc(name, func(c rune) bool { return !token.IsIdentifier("a" + string(c)) }); i >= 0 {
		name = name[:i]
	}
	return name
}

// blankNames names blank variables and constants: GoNB keeps a blank variable
// once more each time that the cell runs, and one blank constant in all. The
// names depend on the declaration, so that running a cell again replaces them.
func (r *rewriter) blankNames(d *ast.GenDecl, text string, offset func(token.Pos) int) {
	named := ""
	var blanks []*ast.Ident
	var specs []*ast.ValueSpec
	for _, s := range d.Specs {
		spec, ok := s.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for _, n := range spec.Names {
			if n.Name == "_" {
				blanks, specs = append(blanks, n), append(specs, spec)
			} else if named == "" {
				named = n.Name
			}
		}
	}
	for i, n := range blanks {
		key := named
		if d.Tok == token.VAR || key == "" {
			from := offset(specs[i].Pos()) - offset(d.Pos())
			key = hash(text[from : offset(specs[i].End())-offset(d.Pos())])
		}
		name := BlankName + key
		if r.blanks[name]++; r.blanks[name] > 1 {
			name += "_" + strconv.Itoa(r.blanks[name])
		}
		r.replace(offset(n.Pos()), offset(n.End()), name)
	}
}

// BlankName begins the names that blank variables and constants are given.
const BlankName = "blank_"

func hash(text string) string {
	h := fnv.New32a()
	h.Write([]byte(text)) // never fails
	return fmt.Sprintf("%08x", h.Sum32())
}

// function refuses a method that GoNB would put in the place of another.
func (r *rewriter) function(d *ast.FuncDecl) error {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		r.hasMain = r.hasMain || d.Name.Name == "main"
		return nil
	}
	var generic ast.Expr
	switch t := ast.Unparen(d.Recv.List[0].Type).(type) {
	case *ast.IndexExpr:
		generic = t.X
	case *ast.IndexListExpr:
		generic = t.X
	}
	id, ok := generic.(*ast.Ident)
	if !ok {
		return nil
	}
	method := d.Name.Name
	if other, ok := r.memory.receivers[method]; ok && other != id.Name {
		return fmt.Errorf("cell: method %s of %s: GoNB keeps one method of that name for generic types, and would lose that of %s: "+
			"give one of them a pointer receiver, as in func (x *%s[…]) %s", method, id.Name, other, id.Name, method)
	}
	r.memory.receivers[method] = id.Name
	return nil
}
