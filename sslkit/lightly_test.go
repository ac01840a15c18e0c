package sslkit

import (
	"bytes"
	"fmt"
	"go/ast"
	"image/png"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	markdownast "github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

var ours = regexp.MustCompile(`\b([a-z]+)\.([A-Z]\w*)(?:\.([A-Z]\w*))?`)

// TestFromLightly checks that what FROM_LIGHTLY.md names of ours is there.
func TestFromLightly(t *testing.T) {
	page, err := os.ReadFile("../FROM_LIGHTLY.md")
	if err != nil {
		t.Fatal(err)
	}
	exported := exported(t)
	unknown, known := names(page, exported)
	for _, name := range unknown {
		t.Errorf("FROM_LIGHTLY.md names %s, which there is not", name)
	}
	if known < 50 {
		t.Errorf("found %d names of ours in FROM_LIGHTLY.md, want at least 50", known)
	}

	unknown, known = names([]byte("`loss.NTXent`, `nn.Scope.Target`, `recipe.Recipe.Batch`, `loss.NTXentLoss`, `nn.Scope.Follow`, "+
		"`head.MLP{OutNorm: head.SomeNorm}`, `utils.Thing`, `torch.optim.SGD`, loss.Missing\n"), exported)
	if got := strings.Join(unknown, " "); got != "loss.NTXentLoss nn.Scope.Follow head.SomeNorm" || known != 4 {
		t.Errorf("%d names known, %s unknown", known, got)
	}
}

// names lists the identifiers of sslkit's packages in a page's code spans that
// are not exported, and counts those that are.
func names(page []byte, exported map[string]bool) (unknown []string, known int) {
	// The walk ends without an error: the function returns none.
	_ = markdownast.Walk(markdown.Parse(text.NewReader(page)), func(n markdownast.Node, entering bool) (markdownast.WalkStatus, error) {
		span, ok := n.(*markdownast.CodeSpan)
		if !ok || !entering {
			return markdownast.WalkContinue, nil
		}
		code := words(span, page)
		for _, found := range ours.FindAllStringSubmatchIndex(code, -1) {
			name := code[found[0]:found[1]]
			of, _, _ := strings.Cut(name, ".")
			if _, isOurs := library.storey(of); !isOurs || found[0] > 0 && code[found[0]-1] == '.' {
				continue
			}
			if exported[name] {
				known++
			} else {
				unknown = append(unknown, name)
			}
		}
		return markdownast.WalkContinue, nil
	})
	return unknown, known
}

// exported lists what sslkit's packages export: package.Name, package.Type.Method and package.Type.Field.
func exported(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, s := range sources(t) {
		if !within(s.folder(), "sslkit") || s.isTest() {
			continue
		}
		of := path.Base(s.folder()) + "."
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv != nil {
					all[of+typeName(d.Recv.List[0].Type)+"."+d.Name.Name] = true
				} else {
					all[of+d.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					addSpec(all, of, spec)
				}
			}
		}
	}
	return all
}

func addSpec(all map[string]bool, of string, spec ast.Spec) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			all[of+name.Name] = true
		}
	case *ast.TypeSpec:
		all[of+spec.Name.Name] = true
		if s, ok := spec.Type.(*ast.StructType); ok {
			for _, field := range s.Fields.List {
				for _, name := range field.Names {
					all[of+spec.Name.Name+"."+name.Name] = true
				}
			}
		}
	}
}

// The script on the page runs as it stands, on a folder without classes.
func TestFromLightlysScript(t *testing.T) {
	testkit.XLA(t)
	page, err := os.ReadFile("../FROM_LIGHTLY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(page), "```go\n")
	code, _, found := strings.Cut(code, "```\n")
	// Smaller, and nothing else.
	quick := strings.Replace(code, "r.Epochs = 100", "r = recipe.Quick(r)", 1)
	if !found || quick == code {
		t.Fatalf("the page's script is\n%s", code)
	}
	program, err := os.MkdirTemp("testdata", "script-") // in the module, whose packages it imports
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(program)
	if err := os.WriteFile(filepath.Join(program, "main.go"), []byte(quick), 0o600); err != nil {
		t.Fatal(err)
	}
	binary, dir := filepath.Join(t.TempDir(), "script"), t.TempDir()
	if out, err := exec.Command("go", "build", "-o", binary, "./"+program).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	drawn, err := dataset.DrawShapes(1, 40, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		path := filepath.Join(dir, "pictures", []string{"", "holiday", "holiday/more"}[i%3], fmt.Sprintf("%d.png", i))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var picture bytes.Buffer
		if err := png.Encode(&picture, drawn.Train.NRGBA(i)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, picture.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time there is nothing left to do
		run := exec.Command(binary)
		run.Dir = dir
		if out, err := run.CombinedOutput(); err != nil || !regexp.MustCompile(`(?m)^loss \d+\.\d{3}$`).Match(out) {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}
