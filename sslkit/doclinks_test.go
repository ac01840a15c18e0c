package sslkit

import (
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

// brokenDocLinks says which links in the doc comments of files, such as [Name] and
// [pkg.Name], lead nowhere in go doc: there names of packages are those that the
// package's own files import.
func brokenDocLinks(all []source) (broken []string, checked int) {
	declared, imported := map[string]bool{}, map[string]map[string]string{} // "folder.Name", "folder.Type.Name"; folder → name → path
	for _, s := range all {
		if s.isTest() {
			continue
		}
		declare(declared, s)
		names := imported[s.folder()]
		if names == nil {
			names = map[string]string{}
			imported[s.folder()] = names
		}
		for i, spec := range s.file.Imports {
			name := path.Base(s.imports()[i])
			if spec.Name != nil {
				name = spec.Name.Name
			}
			names[name] = s.imports()[i]
		}
	}
	for _, s := range all {
		if s.isTest() {
			continue
		}
		for _, text := range docs(s.file) {
			for _, link := range docLinks(text) {
				checked++
				if problem := checkDocLink(link, s.folder(), declared, imported[s.folder()]); problem != "" {
					broken = append(broken, fmt.Sprintf("%s: [%s]: %s", s.path, nameOf(link), problem))
				}
			}
		}
	}
	return broken, checked
}

// declare adds what a file declares.
func declare(declared map[string]bool, s source) {
	of := s.folder() + "."
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv != nil {
				declared[of+typeName(d.Recv.List[0].Type)+"."+d.Name.Name] = true
			} else {
				declared[of+d.Name.Name] = true
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				addSpec(declared, of, spec)
				t, ok := spec.(*ast.TypeSpec)
				if !ok {
					continue
				}
				if i, ok := t.Type.(*ast.InterfaceType); ok {
					for _, m := range i.Methods.List {
						for _, name := range m.Names {
							declared[of+t.Name.Name+"."+name.Name] = true
						}
					}
				}
			}
		}
	}
}

// docs lists the doc comments of a file, and those behind fields.
func docs(file *ast.File) []string {
	var texts []string
	add := func(groups ...*ast.CommentGroup) {
		for _, g := range groups {
			if g != nil {
				texts = append(texts, g.Text())
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.File:
			add(n.Doc)
		case *ast.FuncDecl:
			add(n.Doc)
			return false
		case *ast.GenDecl:
			add(n.Doc)
		case *ast.TypeSpec:
			add(n.Doc, n.Comment)
		case *ast.ValueSpec:
			add(n.Doc, n.Comment)
		case *ast.Field:
			add(n.Doc, n.Comment)
		}
		return true
	})
	return texts
}

// docLinks lists the links of a doc comment. What is one lower-case word, such as
// [batch], is taken for a shape.
func docLinks(text string) (links []*comment.DocLink) {
	p := comment.Parser{
		LookupPackage: func(name string) (string, bool) { return name, true },
		LookupSym:     func(_, name string) bool { return true },
	}
	visit := func(texts []comment.Text) {
		for _, t := range texts {
			if link, ok := t.(*comment.DocLink); ok && (link.Name != "" || strings.Contains(link.ImportPath, "/")) {
				links = append(links, link)
			}
		}
	}
	var blocks func(list []comment.Block)
	blocks = func(list []comment.Block) {
		for _, b := range list {
			switch b := b.(type) {
			case *comment.Heading:
				visit(b.Text)
			case *comment.Paragraph:
				visit(b.Text)
			case *comment.List:
				for _, item := range b.Items {
					blocks(item.Content)
				}
			}
		}
	}
	blocks(p.Parse(text).Content)
	return links
}

// nameOf is a link as it is written.
func nameOf(l *comment.DocLink) string {
	return strings.Join(slices.DeleteFunc([]string{l.ImportPath, l.Recv, l.Name}, func(part string) bool { return part == "" }), ".")
}

// checkDocLink says what is wrong with a link in a folder's package, or "".
func checkDocLink(l *comment.DocLink, folder string, declared map[string]bool, imported map[string]string) string {
	symbol := strings.TrimPrefix(l.Recv+"."+l.Name, ".")
	if l.ImportPath == "" {
		if !declared[folder+"."+symbol] {
			return "the package declares no such thing"
		}
		return ""
	}
	target := l.ImportPath
	if !strings.Contains(target, "/") {
		var ok bool
		if target, ok = imported[l.ImportPath]; !ok {
			if target, ok = comment.DefaultLookupPackage(l.ImportPath); !ok {
				return "the package imports no " + l.ImportPath + ": write the whole import path, or no brackets"
			}
		}
	}
	if ours, ok := strings.CutPrefix(target, repository); ok && symbol != "" && !declared[ours+"."+symbol] {
		return ours + " declares no such thing"
	}
	return ""
}

func TestDocLinks(t *testing.T) {
	broken, checked := brokenDocLinks(sources(t))
	for _, b := range broken {
		t.Error(b)
	}
	if checked < 200 {
		t.Errorf("checked %d links, want at least 200", checked)
	}
}

func TestBrokenDocLinks(t *testing.T) {
	parse := func(path, text string) source {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		return source{path, set, file}
	}
	other := parse("sslkit/b/b.go", "package b\n\ntype T struct{ Field int }\n\nfunc (T) Do() {}\n")
	for link, want := range map[string]string{
		"F": "", "I.Do": "", "b.T": "", "b.T.Do": "", "b.T.Field": "", "fmt.Println": "", "batch, dim": "", "batch": "",
		"github.com/gossl/gossl/sslkit/b.T": "", "github.com/gossl/gossl/sslkit/c": "",
		"G": "declares no such thing", "I.Make": "declares no such thing", "b.U": "sslkit/b declares no such thing",
		"b.T.Undo": "declares no such thing", "c.T": "imports no c", "json.Marshaler": "imports no json",
		"github.com/gossl/gossl/sslkit/b.U": "sslkit/b declares no such thing",
	} {
		a := parse("sslkit/a/a.go", "package a\n\nimport \"github.com/gossl/gossl/sslkit/b\"\n\n// F is like ["+link+"].\n//\n//\tx  [N]\nfunc F(b.T) {}\n\ntype I interface{ Do() }\n")
		broken, _ := brokenDocLinks([]source{a, other})
		if got := strings.Join(broken, "\n"); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("[%s]: %q, want %q", link, got, want)
		}
	}
}
