package lines

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gossl/gossl/kernel/gonb"
)

// goTool runs the go command in a new module of files.
func goTool(t *testing.T, files map[string]string, args ...string) (dir, output string) {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the go command")
	}
	dir = filepath.Join(t.TempDir(), "gonb_12345678")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	files["go.mod"] = "module gonb_12345678\n\ngo 1.26\n"
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command("go", args...)
	command.Dir, command.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false", "GOPROXY=off")
	out, err := command.CombinedOutput()
	if err != nil {
		return dir, string(out) + fmt.Sprintln(err)
	}
	return dir, string(out)
}

// TestCompiler checks by every undefined name that errors have the position of the
// name in its cell.
func TestCompiler(t *testing.T) {
	cells := []string{
		"type T struct {\n\tA  u1\n}\n\nfunc (t T) M() u2 {\n\treturn `\n` + u3\n}",
		"var a, b =  u4,\n\tu5\n\nconst (\n\tC = iota + u6\n)\nfunc init_x() { /* é */ u7() }",
		"%%\nu8()\n!ls\n  if x := u9; x { u10( 1 ) }",
	}
	main := "package main\n\nimport (\n\t\"flag\"\n)\n\ntype T struct {\n\tA u1\n}\n\nconst C = iota + u6\n\nvar (\n\ta = u4\n\tb = u5\n)\n\n" +
		"func (t T) M() u2 {\n\treturn `\n` + u3\n}\n\nfunc init() { /* é */ u7() }\n\n\n" +
		"func main() {\n\tflag.Parse()\nu8()\n  if x := u9; x {\n\t\tu10(1)\n\t}\n\n}\n\nvar outside = u11\n"
	annotated := string(Annotate("main.go", []byte(main), session(cells...)))
	_, out := goTool(t, map[string]string{"main.go": annotated}, "build", "-gcflags=-e", "-o", "x")
	got := regexp.MustCompile(`(?m)^(\S+): undefined: (\w+)$`).FindAllStringSubmatch(out, -1)
	if len(got) != 11 {
		t.Fatalf("%d errors, want 11:\n%s\n%s", len(got), out, annotated)
	}
	for _, m := range got {
		file, text := "main.go", main
		for i, c := range cells {
			if strings.Contains(c, m[2]) && m[2] != "u1" || i == 0 && m[2] == "u1" {
				file, text = fileName(i+1), c
			}
		}
		line, col := gonb.LineColumn(gonb.LineStarts(text), regexp.MustCompile(m[2] + `\b`).FindStringIndex(text)[0])
		if want := fmt.Sprintf("%s:%d:%d", file, line, col); m[1] != want {
			t.Errorf("%s is at %s, want %s", m[2], m[1], want)
		}
	}
}

// TestRuntime checks the positions in the stacks of programs that end badly.
func TestRuntime(t *testing.T) {
	cells := []string{
		"// Deep.\n\nfunc Deep(n int) int {\n\tif n == 0 {\n\t\treturn *p\n\t}\n\treturn Deep(n - 1)\n}\nvar p *int",
		"%%\nx := 1\n\n_ = Deep(x)",
	}
	main := "package main\n\nimport (\n\t\"flag\"\n)\n\nvar (\n\tp *int\n)\n\n// Deep.\nfunc Deep(n int) int {\n\tif n == 0 {\n\t\treturn *p\n\t}\n\treturn Deep(n - 1)\n}\n\n\n" +
		"func main() {\n\tflag.Parse()\nx := 1\n\n_ = Deep(x)\n\n}\n"
	dir, out := goTool(t, map[string]string{"main.go": string(Annotate("main.go", []byte(main), session(cells...)))}, "build", "-o", "x")
	if out != "" {
		t.Fatal(out)
	}
	stderr, err := exec.Command(filepath.Join(dir, "x")).CombinedOutput()
	if err == nil {
		t.Fatal("no panic")
	}
	name, reason, trace := Trace("before\n"+string(stderr), NewIndex())
	if name != "panic" || reason != "runtime error: invalid memory address or nil pointer dereference" {
		t.Errorf("%s: %s", name, reason)
	}
	var at []string
	for _, line := range trace {
		if strings.HasPrefix(line, "\t") {
			at = append(at, strings.TrimSpace(line))
		}
	}
	want := []string{"Cell [1], line 5", "Cell [1], line 7", "Cell [2], line 4"}
	if strings.Join(at, "; ") != strings.Join(want, "; ") {
		t.Errorf("at %q, want %q\n%s", at, want, stderr)
	}
}

// TestDirectives checks that annotations leave to the go command what is in
// comments: embedded files, pragmas, cgo.
func TestDirectives(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip(err)
	}
	main := `package main

/*
#include <stdlib.h>
static int twice(int x) { return 2 * x; }
*/
import "C"
import _ "embed"

// Text is embedded.
//
//go:embed text.txt
var Text string

//go:noinline
func F(x int) int {
	return int(C.twice(C.int(x)))
}

func main() {
	println(Text, F(2), G())
	C.abs(C.int(
		undefined))
}
`
	cells := []string{"\n\nvar Text string", "func F(x int) int {\n\treturn int(C.twice(C.int(x)))\n}",
		"\nfunc main() {\n\tprintln(Text, F(2), G())\n\tC.abs(C.int(\n\t\tundefined))\n}"}
	files := map[string]string{"text.txt": "embedded", "g.go": "package main\n\nfunc G() int { return 1 }\n"}
	for _, x := range [][]string{{"build", "-o", "x"}, {"vet"}} {
		files["main.go"] = string(Annotate("main.go", []byte(main), session(cells...)))
		if _, out := goTool(t, files, x...); !strings.Contains(out, "cell[3]:5:3: undefined: undefined") {
			t.Errorf("go %s: %s", x[0], out)
		}
	}
	main = strings.Replace(main, "\tC.abs(C.int(\n\t\tundefined))\n", "", 1)
	cells[2] = strings.Replace(cells[2], "\tC.abs(C.int(\n\t\tundefined))\n", "", 1)
	files["main.go"] = string(Annotate("main.go", []byte(main), session(cells...)))
	for _, name := range []string{"cell[1]:3:5", "cell[2]:1:1", "cell[3]:2:1"} {
		if !strings.Contains(files["main.go"], name) {
			t.Errorf("nothing is at %s", name)
		}
	}
	if _, out := goTool(t, files, "run", "."); out != "embedded 4 1\n" {
		t.Errorf("got %q", out)
	}
}

// TestTestFile checks the positions in what a test of a cell says.
func TestTestFile(t *testing.T) {
	code := "%test\nimport \"testing\"\n\nfunc TestX(t *testing.T) {\n\tt.Error(\"no\")\n}"
	source := "package main\n\nimport (\n\t\"testing\"\n)\n\nfunc TestX(t *testing.T) {\n\tt.Error(\"no\")\n}\n\nfunc main() {}\n\nvar _ = undefined\n"
	annotated := string(Annotate("main_test.go", []byte(source), session(code)))
	if _, out := goTool(t, map[string]string{"main_test.go": annotated}, "test"); !strings.Contains(out, "main_test.go:13:9: undefined") {
		t.Error(out)
	}
	annotated = strings.Replace(annotated, "undefined", "1", 1)
	if _, out := goTool(t, map[string]string{"main_test.go": annotated}, "test"); !strings.Contains(out, "cell[1]:5: no") {
		t.Error(out)
	}
}
