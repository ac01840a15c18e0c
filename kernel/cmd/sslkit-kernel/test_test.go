package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/kernel/install/home"
)

func TestArgumentsFor(t *testing.T) {
	const browser = "kernel/conformance/browser"
	for _, test := range []struct {
		args string
		want map[string]string // of each module that has some of the packages
	}{
		{"-short ./...", map[string]string{".": "-short ./...", "docker": "-short ./...", browser: "-short ./..."}},
		{"./sslkit/... -run A/B", map[string]string{".": "./sslkit/... -run A/B"}},
		{"./docker", map[string]string{"docker": "."}},
		{"./docker/... ./sslkit", map[string]string{".": "./sslkit", "docker": "./..."}},
		{"./kernel/...", map[string]string{".": "./kernel/...", browser: "./..."}},
		{"./kernel/conformance", map[string]string{".": "./kernel/conformance"}},
		{"./" + browser, map[string]string{browser: "."}},
	} {
		got := map[string]string{}
		for _, module := range []string{".", "docker", browser} {
			if args, some := argumentsFor(module, strings.Fields(test.args)); some {
				got[module] = strings.Join(args, " ")
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.args, diff)
		}
	}
}

// The packages of testdata/tests have tests that end in all ways.
func TestShowTests(t *testing.T) {
	env, err := home.Find().Env()
	if err != nil {
		t.Skip(err)
	}
	env["GOWORK"] = "off"
	repo, err := checkout()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(home.Find().Path("go", "pkg", "mod"), "gotest.tools")); err != nil {
		t.Skipf("gotestsum is not there: run make setup: %v", err)
	}
	for packages, want := range map[string]struct {
		fails bool
		lines []string // in this order, as expressions
	}{
		"./fine": {false, []string{
			`=== SKIP: tests/fine TestB `, `no GPU: it has none`, `: ok, `, `^2 passed, 0 failed, 1 skipped$`}},
		"./fine ./fails ./panics ./exits ./broken": {true, []string{
			`=== SKIP: tests/fine TestB `, `=== FAIL: tests/broken`, `=== FAIL: tests/exits`, `=== FAIL: tests/fails TestA/inner `, `1, want 2`,
			`=== FAIL: tests/panics TestA `, `panic: on purpose`, `undefined: nowhere`, `: failed, `, `^3 passed, 5 failed, 1 skipped$`}},
	} {
		out, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		script := "cd kernel/cmd/sslkit-kernel/testdata/tests && go test -json " + packages
		err = showTests(t.Context(), repo, home.Environ(env), []string{"sh", "-c", script}, "tests", out)
		if (err != nil) != want.fails {
			t.Errorf("%s: %v", packages, err)
		}
		text, err := os.ReadFile(out.Name())
		if err != nil {
			t.Fatal(err)
		}
		for rest := string(text); len(want.lines) > 0; want.lines = want.lines[1:] {
			found := regexp.MustCompile("(?m)" + want.lines[0]).FindStringIndex(rest)
			if found == nil {
				t.Errorf("%s: what is shown has no %q, or not there:\n%s", packages, want.lines[0], text)
				break
			}
			rest = rest[found[1]:]
		}
		if !strings.HasSuffix(string(text), " skipped\n") {
			t.Errorf("%s: the last line has no numbers:\n%s", packages, text)
		}
	}
}

func TestFollow(t *testing.T) {
	var notes []string
	passed := follow(strings.NewReader(`{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}
`), func(text string) { notes = append(notes, text) })
	if diff := cmp.Diff([]string{"p TestA"}, notes); diff != "" || passed != 1 {
		t.Errorf("%d passed, notes (-want +got):\n%s", passed, diff)
	}
}
