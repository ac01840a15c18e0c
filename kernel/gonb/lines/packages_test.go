package lines

import (
	"go/build"
	"strings"
	"testing"

	"github.com/gossl/gossl/kernel/gonb"
)

// testPackages are packages of Go's library.
func testPackages() []Package {
	var all []Package
	for _, path := range strings.Fields("fmt strings math/rand crypto/rand image image/jpeg image/png os") {
		all = append(all, Package{Name: path[strings.LastIndex(path, "/")+1:], Path: path, Dir: build.Default.GOROOT + "/src/" + path})
	}
	return all
}

// TestMeant checks what is said of names and packages that are not there.
func TestMeant(t *testing.T) {
	const at = "cell[1]:2:1: "
	for _, c := range []struct{ code, output, want string }{
		{"fmt.println(1)", at + "undefined: fmt", "package fmt exports no println: do you mean fmt.Println?"},
		{"fmt.println(1)", "cell[1]:2:5: undefined: fmt.println (but have Println)", "package fmt exports no println: do you mean fmt.Println?"},
		{"strings.Contans(1)", at + "undefined: strings", "package strings has no Contans: do you mean strings.Contains?"},
		{"strings.Contans(1)", "cell[1]:2:9: undefined: strings.Contans", "package strings has no Contans: do you mean strings.Contains?"},
		{"rand.Zzzzz(1)", at + "undefined: rand", "package math/rand or crypto/rand has no Zzzzz"},
		{"rand.Intm(1)", at + "undefined: rand", "package math/rand has no Intm: do you mean rand.Intn?"},
		{"ftm.Println(1)", at + "undefined: ftm", "undefined: ftm: do you mean fmt?"},
		{"nosuch.F(1)", at + "undefined: nosuch", "undefined: nosuch: nothing is declared by this name"},
		{"rand.Intn(1)", at + "undefined: rand", "undefined: rand: import math/rand"},
		{"Helpr(1)", at + "undefined: Helpr", "undefined: Helpr: do you mean Helper?"},
		{"zzz(1)", at + "undefined: zzz", "undefined: zzz\n"},
		{"é := 1; fmt.print(1)", "cell[1]:2:10: undefined: fmt", "do you mean fmt.Print?"},
		{"import \"image/jpg\"", "main.go:3:2: package image/jpg is not in std (/usr/local/go/src/image/jpg)",
			"package image/jpg is neither in Go's library nor in a module of this notebook: do you mean image/jpeg?"},
		{"import \"a.b/c\"", "main.go:3:2: no required module provides package a.b/c; to add it:\n\tgo get a.b/c",
			"package a.b/c is in no module of this notebook\n    !* go get a.b/c adds"},
		{"import \"internal/abi\"", "package gonb_1\n\tmain.go:4:2: use of internal package internal/abi not allowed",
			"line 2: use of internal package internal/abi not allowed"},
		{"type X struct { Y }", "cell[1]:2:6: invalid recursive type X\n\tcell[1]:2:6[/tmp/r/gonb_1/main.go:7:44]: X refers to Y",
			"invalid recursive type X\n    Cell [1], line 2: X refers to Y\n"},
		{"x", "cell[1]:2:1: sslkitShow redeclared in this block\n\t./main.go:9:28: other declaration of sslkitShow\n\t./sslkit_show.go:3:1: also",
			"redeclared in this block\n    other declaration of sslkitShow\n    also"},
		{"x", "flag provided but not defined: -x\nusage: link\n  -B note\n", "flag provided but not defined: -x"},
	} {
		code := "// A cell.\n" + c.code
		text, page := Explain(c.output, session(code, "func Helper() {}"), func(int) string { return code }, testPackages)
		if !strings.Contains(text+"\n", c.want) || page == "" || strings.Contains(text, "main.go") {
			t.Errorf("%q of %q: %q, want %q", c.output, c.code, text, c.want)
		}
	}
}

// TestCaused checks that an error is left out if it comes from an import that
// goimports did not find because of another one.
func TestCaused(t *testing.T) {
	const code = "strings.ToUpper(s)\nstrings.Contans(s)\nx := 1"
	text, _ := Explain("cell[1]:1:1: undefined: strings\ncell[1]:2:1: undefined: strings\ncell[1]:3:1: declared and not used: x\n",
		session(code), func(int) string { return code }, testPackages)
	if strings.Contains(text, "line 1") || !strings.Contains(text, "strings.Contains") || !strings.Contains(text, "declared and not used") {
		t.Errorf("got %s", text)
	}
	text, _ = Explain("cell[1]:1:1: undefined: strings\n", session(code), func(int) string { return code }, testPackages)
	if !strings.Contains(text, "import strings") {
		t.Errorf("alone: %s", text)
	}
	if names := (Package{Name: "x", Path: "x", Dir: t.TempDir()}).exported(); names != nil {
		t.Errorf("an empty folder exports %v", names)
	}
	if gonb.Nearest("", nil) != "" {
		t.Error("nothing is near nothing")
	}
}
