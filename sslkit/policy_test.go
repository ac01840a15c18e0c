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

// floors says on which floor each package of sslkit stands.
var floors = map[string]int{
	"op": 1, "device": 1, "dataset": 1, "embedding": 1, "onnx": 1,
	"augment": 2, "loss": 2, "store": 2,
	"nn": 3, "feed": 3,
	"backbone": 4, "head": 4, "optim": 4,
	"method": 5, "eval": 5,
	"recipe": 6,
	"train":  7,
	"show":   8, "pretrained": 8,
	"bench":      9,
	"cmd/sslkit": 10,
}

const (
	repository = "github.com/gossl/gossl/"
	gomlx      = "github.com/gomlx/gomlx"
)

// kernelEnd are the packages that stand at the other end of the pipes that cells show pictures by.
var kernelEnd = []string{"kernel/launch", "kernel/pipes"}

// keepers are imports that belong to one package, and why.
var keepers = []struct{ imports, keeper, reason string }{
	{"github.com/janpfeifer/gonb", "sslkit/show", "everything else must run outside a notebook too"},
	{gomlx + "/backends/xla", "sslkit/device", "one process has one client per device, opened in one place"},
	{gomlx + "/backends/simplego", "sslkit/device", "one process has one client per device, opened in one place"},
	{gomlx + "/backends/default", "sslkit/device", "one process has one client per device, opened in one place"},
	{"github.com/gomlx/go-xla", "sslkit/device", "one process has one client per device, opened in one place"},
}

// plain are the packages that do without GoMLX.
var plain = []string{"sslkit/dataset", "sslkit/embedding"}

// The most lines that anything may have, so that a reader can hold it in mind.
const (
	fileLines     = 250
	testFileLines = 300
	functionLines = 60
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

// sources parses the Go files of sslkit and kernel.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	for _, root := range []string{"sslkit", "kernel"} {
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

func TestFloors(t *testing.T) {
	for _, s := range sources(t) {
		name := strings.TrimPrefix(s.folder(), "sslkit/")
		if !within(s.folder(), "sslkit") || s.folder() == "sslkit" || within(name, "internal") {
			continue
		}
		floor, known := floors[name]
		if !known {
			t.Errorf("%s: give it a floor: package %q is not in the table of floors in sslkit/policy_test.go", s.path, name)
			continue
		}
		if s.isTest() {
			continue // tests may use any floor
		}
		for _, imported := range s.imports() {
			if problem := checkFloor(name, floor, imported); problem != "" {
				t.Errorf("%s: %s", s.path, problem)
			}
		}
	}
}

// checkFloor says what is wrong when a package imports another, or "".
func checkFloor(name string, floor int, imported string) string {
	below, ours := strings.CutPrefix(imported, repository+"sslkit/")
	if !ours {
		return ""
	}
	if within(below, "internal") {
		return fmt.Sprintf("imports %s, which is for tests only", below)
	}
	if other, known := floors[below]; !known {
		return fmt.Sprintf("imports %s: give it a floor in sslkit/policy_test.go", below)
	} else if other >= floor {
		return fmt.Sprintf("imports %s (floor %d) from %s (floor %d): a package imports strictly lower floors, "+
			"so that each can be read and tested after those before it", below, other, name, floor)
	}
	return ""
}

func TestCheckFloor(t *testing.T) {
	for _, c := range []struct{ imported, want string }{
		{"fmt", ""},
		{repository + "sslkit/op", ""},
		{repository + "sslkit/loss", "strictly lower floors"},
		{repository + "sslkit/train", "strictly lower floors"},
		{repository + "sslkit/util", "give it a floor"},
		{repository + "sslkit/internal/testkit", "for tests only"},
	} {
		got := checkFloor("augment", floors["augment"], c.imported)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("augment imports %s: %q, want %q", c.imported, got, c.want)
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
				if within(imported, k.imports) && s.folder() != k.keeper && !slices.Contains(kernelEnd, s.folder()) {
					t.Errorf("%s imports %s, which only %s may: %s", s.path, imported, k.keeper, k.reason)
				}
			}
			if slices.Contains(plain, s.folder()) && within(imported, "github.com/gomlx") {
				t.Errorf("%s imports %s: data sets and features are plain numbers, of use without GoMLX", s.path, imported)
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
		most := fileLines
		if s.isTest() {
			most = testFileLines
		}
		if n := s.set.File(s.file.Pos()).LineCount() - 1; n > most {
			t.Errorf("%s has %d lines, want at most %d: give a part of it a file and a name of its own", s.path, n, most)
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.lines(f) > functionLines {
				t.Errorf("%s: %s has %d lines, want at most %d: give a part of it a name", s.path, f.Name.Name, s.lines(f), functionLines)
			}
		}
	}
}
