package sslkit

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A house has storeys, the lowest first. A package imports packages of its own storey and of lower ones, so that each
// can be read and tested after those that it stands on; the compiler sees to it that no circle arises within a storey.
// What lies in a folder internal is below all storeys. Tests may import any storey.
type house struct {
	root    string // a folder of the repository
	storeys []storey
}

// A storey is a named set of packages: their paths in the house.
type storey struct {
	name     string
	holds    string
	packages []string
}

var library = house{"sslkit", []storey{
	{"data", "images, features and files: plain numbers, of use without GoMLX",
		[]string{"dataset", "embedding", "store", "onnx"}},
	{"graph", "what compiled programs are made of",
		[]string{"device", "op", "nn", "augment", "feed", "loss", "schedule", "optim"}},
	{"model", "networks and methods",
		[]string{"backbone", "head", "method"}},
	{"work", "what people call",
		[]string{"eval", "recipe", "train", "pretrained", "show", "bench", "cmd/sslkit"}},
}}

var kernel = house{"kernel", []storey{
	{"ground", "processes, protocols and folders, which know nothing of cells",
		[]string{"proc", "event", "wire", "wire/wiretest", "progress", "install/home"}},
	{"cells", "what becomes of a cell: its text, its program, its output",
		[]string{"gonb", "gonb/value", "gonb/lines", "notebook", "launch", "pipes", "assist"}},
	{"parts", "each is a part that the command plays",
		[]string{"front", "run", "install/setup", "install/spec", "install/doctor", "install/bundle", "conformance", "conformance/browser"}},
	{"command", "the command itself",
		[]string{"cmd/sslkit-kernel"}},
}}

const (
	repository = "github.com/gossl/gossl/"
	gomlx      = "github.com/gomlx/gomlx"
)

// A keeper is the only package that may import something, and why. An exemption is another package that may, and why.
type keeper struct {
	imports, keeper, reason string
	exemptions              map[string]string
}

const oneClient = "one process has one client per device, opened in one place"

var keepers = []keeper{
	{"github.com/janpfeifer/gonb", "sslkit/show", "everything else must run outside a notebook too", map[string]string{
		"kernel/launch":        "it runs what GoNB has built, and tells GoNB how that ended",
		"kernel/pipes":         "it is the other end of the pipes that cells show pictures by",
		"kernel/wire/wiretest": "its programs are cells that show pictures",
	}},
	{gomlx + "/backends/xla", "sslkit/device", oneClient, nil},
	{gomlx + "/backends/simplego", "sslkit/device", oneClient, nil},
	{gomlx + "/backends/default", "sslkit/device", oneClient, nil},
	{"github.com/gomlx/go-xla", "sslkit/device", oneClient, nil},
}

const (
	functionLines = 60  // the most that a function may have, so that a reader can hold it in mind
	fileLines     = 500 // beyond these the test asks whether a file still tells one story
)

// A source is one parsed Go file.
type source struct {
	path string // in the repository, with slashes
	set  *token.FileSet
	file *ast.File
}

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// folder is the path of the file's package in the repository.
func (s source) folder() string { return path.Dir(s.path) }

func (s source) imports() []string {
	var imports []string
	for _, spec := range s.file.Imports {
		name, _ := strconv.Unquote(spec.Path.Value) // the parser has checked it
		imports = append(imports, name)
	}
	return imports
}

// lines is how many lines a node takes.
func (s source) lines(node ast.Node) int {
	return s.set.Position(node.End()).Line - s.set.Position(node.Pos()).Line + 1
}

// sources parses the Go files of sslkit, kernel and internal.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	for _, root := range []string{"sslkit", "kernel", "internal"} {
		err := filepath.WalkDir(filepath.Join("..", root), func(file string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() && entry.Name() == "testdata" {
				return filepath.SkipDir
			}
			if entry.IsDir() || filepath.Ext(file) != ".go" {
				return nil
			}
			set := token.NewFileSet()
			parsed, err := parser.ParseFile(set, file, nil, parser.ParseComments)
			if err != nil {
				return err
			}
			name, err := filepath.Rel("..", file)
			all = append(all, source{filepath.ToSlash(name), set, parsed})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// within says whether a package path is root or lies below it.
func within(name, root string) bool {
	return name == root || strings.HasPrefix(name, root+"/")
}

// internal says whether a package path has a folder internal.
func internal(name string) bool { return slices.Contains(strings.Split(name, "/"), "internal") }

// storey is the number of the storey on which a package stands, 0 for the lowest.
func (h house) storey(name string) (number int, known bool) {
	for i, s := range h.storeys {
		if slices.Contains(s.packages, name) {
			return i, true
		}
	}
	return 0, false
}

// of is the path within the house of a package of the repository.
func (h house) of(folder string) (name string, ok bool) {
	if folder == h.root {
		return ".", true
	}
	return strings.CutPrefix(folder, h.root+"/")
}

// check says what is wrong when one package of the repository imports another, or "".
func (h house) check(folder, imported string) string {
	name, _ := h.of(folder)
	below, ours := strings.CutPrefix(imported, repository)
	if !ours {
		return ""
	}
	switch other, inside := h.of(below); {
	case internal(below):
		return ""
	case internal(name):
		return fmt.Sprintf("imports %s: what is internal lies below all storeys", below)
	case inside:
		return h.checkStoreys(name, other)
	}
	return ""
}

// checkStoreys is check for two packages of the house.
func (h house) checkStoreys(name, imported string) string {
	from, known := h.storey(name)
	to, knownToo := h.storey(imported)
	switch {
	case !known:
		return fmt.Sprintf("package %q has no storey: give it one in sslkit/policy_test.go", name)
	case !knownToo:
		return fmt.Sprintf("imports %q, which has no storey: give it one in sslkit/policy_test.go", imported)
	case to > from:
		return fmt.Sprintf("imports %s (%s: %s) from %s (%s: %s): a package imports its own storey and lower ones",
			imported, h.storeys[to].name, h.storeys[to].holds, name, h.storeys[from].name, h.storeys[from].holds)
	}
	return ""
}

func TestStoreys(t *testing.T) {
	for _, h := range []house{library, kernel} {
		for _, s := range sources(t) {
			name, inside := h.of(s.folder())
			if !inside || s.isTest() || within(name, "internal/testkit") {
				continue
			}
			if _, known := h.storey(name); !known && !internal(name) && s.folder() != "sslkit" {
				t.Errorf("%s: package %q has no storey: give it one in sslkit/policy_test.go", s.path, name)
				continue
			}
			for _, imported := range s.imports() {
				if problem := h.check(s.folder(), imported); problem != "" {
					t.Errorf("%s: %s", s.path, problem)
				}
			}
		}
	}
}

func TestStoreysHoldWhatThereIs(t *testing.T) {
	for _, h := range []house{library, kernel} {
		for _, s := range h.storeys {
			for _, name := range s.packages {
				if files, err := filepath.Glob(filepath.Join("..", h.root, name, "*.go")); err != nil || len(files) == 0 {
					t.Errorf("storey %s of %s has a package %q, of which there are no files: %v", s.name, h.root, name, err)
				}
			}
		}
	}
}

func TestCheckStoreys(t *testing.T) {
	for _, c := range []struct{ folder, imported, want string }{
		{"sslkit/augment", "fmt", ""},
		{"sslkit/augment", repository + "sslkit/dataset", ""},
		{"sslkit/augment", repository + "sslkit/op", ""},
		{"sslkit/augment", repository + "sslkit/internal/par", ""},
		{"sslkit/augment", repository + "internal/place", ""},
		{"sslkit/augment", repository + "sslkit/method", "imports method (model: networks and methods) from augment (graph: "},
		{"sslkit/augment", repository + "sslkit/train", "its own storey and lower ones"},
		{"sslkit/augment", repository + "sslkit/util", "no storey"},
		{"sslkit/util", repository + "sslkit/op", "no storey"},
		{"sslkit/internal/par", repository + "sslkit/op", "below all storeys"},
	} {
		got := library.check(c.folder, c.imported)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s imports %s: %q, want %q", c.folder, c.imported, got, c.want)
		}
	}
}

func TestImportsHaveOneKeeper(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		for _, imported := range s.imports() {
			for _, k := range keepers {
				if _, exempt := k.exemptions[s.folder()]; within(imported, k.imports) && s.folder() != k.keeper && !exempt {
					t.Errorf("%s imports %s, which only %s may: %s", s.path, imported, k.keeper, k.reason)
				}
			}
		}
	}
}

func TestDataDoesWithoutGoMLX(t *testing.T) {
	for _, s := range sources(t) {
		name, _ := library.of(s.folder())
		if number, known := library.storey(name); !known || number > 0 || s.isTest() {
			continue
		}
		for _, imported := range s.imports() {
			if within(imported, "github.com/gomlx") {
				t.Errorf("%s imports %s: the lowest storey holds %s", s.path, imported, library.storeys[0].holds)
			}
		}
	}
}

func TestInternalFoldersServeAll(t *testing.T) {
	for _, s := range sources(t) {
		for _, imported := range s.imports() {
			if within(imported, repository+"sslkit/internal/testkit") && !s.isTest() && !within(s.folder(), "sslkit/internal/testkit") {
				t.Errorf("%s imports %s, which is for tests only", s.path, imported)
			}
			if within(s.folder(), "internal") && within(imported, strings.TrimSuffix(repository, "/")) && !within(imported, repository+"internal") {
				t.Errorf("%s imports %s: both the kernel and the library stand on what is there", s.path, imported)
			}
		}
	}
}

func TestKernelAndLibraryAreStrangers(t *testing.T) {
	other := map[string]string{"sslkit": "kernel", "kernel": "sslkit"}
	for _, s := range sources(t) {
		root, _, _ := strings.Cut(s.path, "/")
		for _, imported := range s.imports() {
			if within(imported, repository+other[root]) {
				t.Errorf("%s imports %s: the kernel runs any Go notebook, the library any Go program; neither needs the other",
					s.path, imported)
			}
		}
	}
}

func TestPackageComments(t *testing.T) {
	comments := map[string][]string{} // folder → files with a package comment
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		files := comments[s.folder()]
		if s.file.Doc != nil {
			files = append(files, path.Base(s.path))
		}
		comments[s.folder()] = files
	}
	for folder, files := range comments {
		if len(files) != 1 {
			t.Errorf("%s has %d package comments %v, want one: go doc joins them in no useful order", folder, len(files), files)
			continue
		}
		if places := []string{"doc.go", "main.go", path.Base(folder) + ".go"}; !slices.Contains(places, files[0]) {
			t.Errorf("%s has its package comment in %s, want it in one of %v, where a reader looks for it", folder, files[0], places)
		}
	}
}

func TestMethodsAreListed(t *testing.T) {
	structs, losses, listed := map[string]bool{}, map[string]bool{}, []string{}
	for _, s := range sources(t) {
		if s.folder() != "sslkit/method" || s.isTest() {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				if _, ok := n.Type.(*ast.StructType); ok && n.Name.IsExported() {
					structs[n.Name.Name] = true
				}
			case *ast.FuncDecl:
				if n.Name.Name == "Loss" && n.Recv != nil {
					losses[typeName(n.Recv.List[0].Type)] = true
				} else if n.Name.Name == "All" && n.Recv == nil {
					listed = append(listed, literals(n)...)
				}
			}
			return true
		})
	}
	if len(listed) == 0 {
		t.Fatal("found no methods in method.All")
	}
	for name := range structs {
		if losses[name] && !slices.Contains(listed, name) {
			t.Errorf("method.%s is not in method.All: no test would run it and no saved recipe could name it", name)
		}
	}
}

// literals lists the types of the composite literals in a function.
func literals(function ast.Node) []string {
	var names []string
	ast.Inspect(function, func(n ast.Node) bool {
		if c, ok := n.(*ast.CompositeLit); ok && c.Type != nil {
			names = append(names, typeName(c.Type))
		}
		return true
	})
	return names
}

// typeName is the name of T in T and *T, else "".
func typeName(e ast.Expr) string {
	if pointer, ok := e.(*ast.StarExpr); ok {
		e = pointer.X
	}
	if name, ok := e.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

func TestSizes(t *testing.T) {
	for _, s := range sources(t) {
		if ast.IsGenerated(s.file) {
			continue
		}
		if n := s.set.File(s.file.Pos()).LineCount() - 1; n > fileLines {
			t.Logf("%s has %d lines: does it still tell one story?", s.path, n)
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.lines(f) > functionLines {
				t.Errorf("%s: %s has %d lines, want at most %d: give a part of it a name", s.path, f.Name.Name, s.lines(f), functionLines)
			}
		}
	}
}
