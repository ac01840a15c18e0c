package sslkit

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// A page is a Markdown file, or the Markdown cells of a notebook.
type page struct {
	anchors     map[string]bool
	links       []string
	html        []string        // tags of links and images in HTML
	attachments map[string]bool // pictures that a notebook holds itself
}

// A slug makes the anchor of a heading.
type slug func(heading string) string

var (
	markdown  = goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
	dropped   = regexp.MustCompile(`[^\p{L}\p{M}\p{N}\p{Pc}\- ]`)
	linkTag   = regexp.MustCompile(`<(?:a|img)\s[^>]*>`)
	lineRange = regexp.MustCompile(`^L\d+(-L\d+)?$`)
)

// githubSlug is GitHub's for Markdown files, jupyterSlug that of notebooks.
func githubSlug(heading string) string {
	return strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

func jupyterSlug(heading string) string { return strings.ReplaceAll(heading, " ", "-") }

// add parses a piece of Markdown.
func (p *page) add(source []byte, slug slug) error {
	return ast.Walk(markdown.Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			anchor := slug(words(n, source))
			for i, first := 1, anchor; p.anchors[anchor]; i++ {
				anchor = fmt.Sprintf("%s-%d", first, i)
			}
			p.anchors[anchor] = true
		case *ast.Link:
			p.links = append(p.links, string(n.Destination))
		case *ast.Image:
			p.links = append(p.links, string(n.Destination))
		case *ast.HTMLBlock:
			p.html = append(p.html, linkTag.FindAllString(string(n.Lines().Value(source)), -1)...)
		case *ast.RawHTML:
			p.html = append(p.html, linkTag.FindAllString(string(n.Segments.Value(source)), -1)...)
		}
		return ast.WalkContinue, nil
	})
}

// words is the text of a node, without its marks.
func words(n ast.Node, source []byte) string {
	var b strings.Builder
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		switch c := child.(type) {
		case *ast.Text:
			b.Write(c.Value(source))
		case *ast.String:
			b.Write(c.Value)
		default:
			b.WriteString(words(c, source))
		}
	}
	return b.String()
}

// readPage reads a Markdown file or a notebook.
func readPage(repository fs.FS, file string) (*page, error) {
	content, err := fs.ReadFile(repository, file)
	if err != nil {
		return nil, err
	}
	p := &page{anchors: map[string]bool{}, attachments: map[string]bool{}}
	if path.Ext(file) == ".md" {
		return p, p.add(content, githubSlug)
	}
	var notebook struct {
		Cells []struct {
			Type        string                     `json:"cell_type"`
			Source      []string                   `json:"source"`
			Attachments map[string]json.RawMessage `json:"attachments"`
		} `json:"cells"`
	}
	if err := json.Unmarshal(content, &notebook); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, cell := range notebook.Cells {
		if cell.Type != "markdown" {
			continue
		}
		for name := range cell.Attachments {
			p.attachments[name] = true
		}
		if err := p.add([]byte(strings.Join(cell.Source, "")), jupyterSlug); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// pages reads all pages of a repository, by their paths.
func pages(repository fs.FS) (map[string]*page, error) {
	all := map[string]*page{}
	err := fs.WalkDir(repository, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && name != "." && (strings.HasPrefix(name, ".") || name == "runs" || name == "testdata") {
			return fs.SkipDir // nobody's pages, or those that running things leaves behind
		}
		if ext := path.Ext(file); entry.IsDir() || ext != ".md" && ext != ".ipynb" || strings.HasSuffix(file, ".executed.ipynb") {
			return nil
		}
		all[file], err = readPage(repository, file)
		return err
	})
	return all, err
}

// brokenLinks says what is wrong with the links of a repository's pages to its own files. Other addresses are not visited.
func brokenLinks(repository fs.FS) (broken []string, err error) {
	all, err := pages(repository)
	if err != nil {
		return nil, err
	}
	for file, p := range all {
		for _, tag := range p.html {
			broken = append(broken, fmt.Sprintf("%s: %s: write links and pictures in Markdown, so that they can be checked", file, tag))
		}
		for _, link := range p.links {
			if problem := checkLink(repository, all, file, link); problem != "" {
				broken = append(broken, fmt.Sprintf("%s: link to %q: %s", file, link, problem))
			}
		}
	}
	return broken, nil
}

// checkLink says what is wrong with a link of a file, or "".
func checkLink(repository fs.FS, all map[string]*page, file, link string) string {
	u, err := url.Parse(link)
	switch {
	case err != nil:
		return err.Error()
	case link == "":
		return "leads nowhere"
	case u.Scheme == "attachment" && !all[file].attachments[u.Opaque]:
		return "the notebook has no such attachment"
	case u.Scheme != "" || u.Host != "":
		return ""
	}
	target := file
	if u.Path != "" {
		target = path.Join(path.Dir(file), u.Path)
		if strings.HasPrefix(u.Path, "/") || !fs.ValidPath(target) {
			return "want a path in the repository, relative to the file"
		}
		if _, err := fs.Stat(repository, target); err != nil {
			return err.Error()
		}
	}
	if u.Fragment == "" {
		return ""
	}
	if p, ok := all[target]; ok && !p.anchors[u.Fragment] {
		return fmt.Sprintf("%s has no heading with the anchor %q", target, u.Fragment)
	} else if !ok && !lineRange.MatchString(u.Fragment) {
		return fmt.Sprintf("%s is no page with anchors", target)
	}
	return ""
}

func TestLinks(t *testing.T) {
	broken, err := brokenLinks(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range broken {
		t.Error(b)
	}
	all, err := pages(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	if readme := all["README.md"]; readme == nil || len(readme.links) < 10 || !readme.anchors["what-runs-where"] {
		t.Errorf("found too little in README.md: %+v", readme)
	}
}

func TestBrokenLinks(t *testing.T) {
	const notebook = `{"cells": [{"cell_type": "code", "source": ["[x](nowhere)"]},
		{"cell_type": "markdown", "source": ["# The Title\n", "%s"], "attachments": {"a.png": {}}}]}`
	for _, c := range []struct{ link, notebookLink, want string }{
		{"b.md", "../b.md", ""},
		{"b.md#two-words-or-more", "#The-Title", ""},
		{"b.md#two-words-or-more-1", "attachment:a.png", ""},
		{"#héad_3-code", "", ""},
		{"sub/", "", ""},
		{"sub/n.ipynb#The-Title", "", ""},
		{"b.go#L3", "", ""},
		{"https://example.com/nothing#x", "", ""},
		{"c.md", "", "c.md"},
		{"B.md", "", "B.md"},
		{"sub/b.md", "", "sub/b.md"},
		{"b.md#three-words", "", `no heading with the anchor "three-words"`},
		{"b.md#two-words-or-more-2", "", "no heading"},
		{"b.md#Two-words-or-more", "", "no heading"},
		{"b.go#func", "", "no page with anchors"},
		{"/b.md", "", "relative to the file"},
		{"../b.md", "", "relative to the file"},
		{"b.md", "b.md", "sub/n.ipynb: link to"},
		{"b.md", "#the-title", "no heading"},
		{"b.md", "attachment:b.png", "no such attachment"},
	} {
		if c.notebookLink == "" {
			c.notebookLink = "../a.md"
		}
		for _, mark := range []string{"", "!"} {
			repository := fstest.MapFS{
				"a.md":        {Data: []byte("# Héad_3 `code`!\n\n" + mark + "[x](" + c.link + ")\n\n`[no](link)`\n")},
				"b.md":        {Data: []byte("Two *words*, or [more](a.md)\n---\n\n# Two words or more\n")},
				"b.go":        {},
				"sub/n.ipynb": {Data: fmt.Appendf(nil, notebook, mark+"[x]("+c.notebookLink+")")},
				"runs/c.md":   {Data: []byte("[x](nowhere)")},
			}
			broken, err := brokenLinks(repository)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(broken, "\n")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("links %q and %q: %q, want %q", c.link, c.notebookLink, got, c.want)
			}
		}
	}
}

func TestLinksInHTML(t *testing.T) {
	repository := fstest.MapFS{"a.md": {Data: []byte("<!-- kept -->\n\nAn <b>old</b> <a href=\"b.md\">link</a>\n\n<img src=\"a.png\">\n")}}
	broken, err := brokenLinks(repository)
	if err != nil || len(broken) != 2 {
		t.Errorf("%q, %v, want the link and the picture", broken, err)
	}
}
