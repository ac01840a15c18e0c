package assist

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gossl/gossl/kernel/install/home"
)

// installation returns gopls's path and its environment, or skips the test.
func installation(t testing.TB) (gopls string, env []string) {
	t.Helper()
	h := home.Find()
	if _, err := os.Stat(h.Bin("gopls")); err != nil {
		t.Skipf("make setup installs gopls: %v", err)
	}
	vars, err := h.Env()
	if err != nil {
		t.Skip(err)
	}
	vars["GOWORK"] = "" // as in the kernelspec
	return h.Bin("gopls"), home.Environ(vars)
}

// earlier is what GoNB writes down of earlier cells.
const earlier = `package main

import (
	"fmt"
	str "strings"
)

type Point struct {
	X, Height int
}

const Limit = 10

var greeting = str.ToUpper("hello")

// double doubles.
func double(x int) int {
	return 2 * x
}

func (p *Point) Move(dx int) { p.X += dx }

func main() {
	fmt.Println(double(Limit), greeting)
}
`

// gonbDir returns a folder as GoNB makes it with --go_work.
func gonbDir(t testing.TB, env []string) string {
	t.Helper()
	repo, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, arguments := range []string{"mod init gonb_test", "work init", "work use . " + repo} {
		cmd := exec.Command("go", strings.Fields(arguments)...)
		cmd.Dir, cmd.Env = dir, env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", arguments, err, out)
		}
	}
	writeFile(t, dir, "main.go", earlier)
	return dir
}

func writeFile(t testing.TB, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// started returns an Assistant that is ready.
func started(t testing.TB) (*Assistant, string) {
	t.Helper()
	gopls, env := installation(t)
	dir := gonbDir(t, env)
	a := Start(t.Context(), Options{Gopls: gopls, Dir: dir, Env: env})
	t.Cleanup(a.Close)
	await(t, a)
	return a, dir
}

func await(t testing.TB, a *Assistant) {
	t.Helper()
	select {
	case <-a.Ready():
	case <-a.done:
		t.Fatal(a.Err())
	case <-time.After(time.Minute):
		t.Fatalf("gopls is not ready after a minute: %v", a.Err())
	}
}

// cursorIn takes the mark out of a cell and returns where it stood, in code points.
func cursorIn(t testing.TB, code string) (string, int) {
	t.Helper()
	before, after, found := strings.Cut(code, "‸")
	if !found {
		t.Fatalf("%q has no cursor", code)
	}
	return before + after, utf8.RuneCountInString(before)
}

func timeout(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func rename(t testing.TB, dir, from, to string) {
	t.Helper()
	if err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
		t.Fatal(err)
	}
}
