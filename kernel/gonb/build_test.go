package gonb

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/gonb/value"
)

// frame is a value that a cell shows.
type frame struct{ MIME, Text string }

// TestBuild builds and runs cells as GoNB does, with the files beside main.go.
func TestBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the go command")
	}
	for name, c := range map[string]struct {
		code string
		want []frame
		fail string // what stderr says of the exit
	}{
		"number":   {"import \"flag\"\n1 + 2", []frame{{"text/plain", "3"}}, ""},
		"several":  {"import \"flag\"\n\"a\\n\", []int{1}, struct{ X int }{2}", []frame{{"text/plain", `"a\n"`}, {"text/plain", "[1]"}, {"text/plain", "{X:2}"}}, ""},
		"no error": {"import (\"flag\"; \"strconv\")\nstrconv.Atoi(`7`)", []frame{{"text/plain", "7"}}, ""},
		"error":    {"import (\"flag\"; \"strconv\")\nstrconv.Atoi(`x`)", []frame{{value.ErrorMIME, "*strconv.NumError\nstrconv.Atoi: parsing \"x\": invalid syntax"}}, ""},
		"rich": {"import \"flag\"\ntype H int\nfunc (H) HTML() string { return `<b>` }\ntype M int\nfunc (M) Markdown() string { return `*m*` }\n" +
			"type S int\nfunc (S) SVG() string { return `<svg/>` }\nH(1), M(1), S(1)",
			[]frame{{"text/html", "<b>"}, {"text/markdown", "*m*"}, {"image/svg+xml", "<svg/>"}}, ""},
		"shows itself": {"import (\"flag\"; \"errors\")\ntype P string\nfunc (p P) Show() error { if p == `` { return errors.New(`empty`) }; println(`shown: ` + p); return nil }\n" +
			"P(`plot`), 1, (*P)(nil)", []frame{{"text/plain", "1"}, {"text/plain", "<nil>"}}, "shown: plot\n"},
		"cannot show itself": {"import (\"flag\"; \"errors\")\ntype P struct{}\nfunc (P) Show() error { return errors.New(`empty`) }\nfunc (P) HTML() string { return `` }\nP{}",
			[]frame{{value.ErrorMIME, "*errors.errorString\nempty"}}, ""},
		"signal":            {"import \"flag\"\nc := make(chan struct{})\nclose(c)\n<-c", nil, ""},
		"one error":         {"import (\"flag\"; \"errors\")\nerrors.New(`e`)", []frame{{value.ErrorMIME, "*errors.errorString\ne"}}, ""},
		"deferred":          {"import (\"flag\"; \"errors\")\ndefer println(`deferred`)\nerrors.New(`e`)", []frame{{value.ErrorMIME, "*errors.errorString\ne"}}, "deferred\n"},
		"nil":               {"import \"flag\"\nvar e error\ne", nil, ""},
		"no errno":          {"import (\"flag\"; \"syscall\")\nsyscall.Errno(0)", nil, ""},
		"error that panics": {"import \"flag\"\nstruct{ error }{}", []frame{{value.ErrorMIME, "struct { error }\n%!v(PANIC=Error method: runtime error: invalid memory address or nil pointer dereference)"}}, ""},
		"large picture":     {"import (\"flag\"; \"image\")\nimage.NewGray(image.Rect(0, 0, 3<<24, 1)), 1", []frame{{value.PixelsMIME, "\x00\x00\x00\x01\x01\x00\x00\x00\x00" + strings.Repeat("\x00", 1<<24)}, {"text/plain", "one of 3×3 pixels of a picture of 50331648×1"}, {"text/plain", "1"}}, ""},
		"nil, last":         {"import \"flag\"\nvar e error\n1, nil, e", []frame{{"text/plain", "1"}, {"text/plain", "<nil>"}}, ""},
		"nil picture":       {"import (\"flag\"; \"image\")\n(*image.Gray)(nil)", []frame{{"text/plain", "<nil>"}}, ""},
		"nil rich":          {"import \"flag\"\ntype H struct{ text string }\nfunc (h *H) HTML() string { return h.text }\nvar h *H\nh", []frame{{"text/plain", "<nil>"}}, ""},
		"picture":           {"import (\"flag\"; \"image\")\nfunc f() (image.Image, error) { return image.NewGray(image.Rect(0, 0, 1, 1)), nil }\nf()", []frame{{value.PixelsMIME, "\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00"}}, ""},
		"Go's names":        {"import \"flag\"\nvar len, append, nil, true, fmt, os, image = 3, 4, 5, 6, 7, 8, 9\ntype any int\ntype string int\ntype error int\ntype byte int\nlen", []frame{{"text/plain", "3"}}, ""},
		"blank":             {"import (\n_ \"image/png\"; _ \"image/gif\"\n\"flag\"\n\"image\"\n\"strings\")\nvar _ = 1\nvar _ = 1\n_, f, _ := image.DecodeConfig(strings.NewReader(\"GIF89a\" + strings.Repeat(`a`, 9)))\nf", []frame{{"text/plain", `"gif"`}}, ""},
		"raw string":        {"import \"flag\"\nlen(`\n%d\npackage\n!`)", []frame{{"text/plain", "13"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, stderr := runCell(t, c.code)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if !strings.Contains(stderr, c.fail) || c.fail == "" && stderr != "" {
				t.Errorf("stderr %q, want %q", stderr, c.fail)
			}
		})
	}
}

// runCell returns what a cell shows, and its stderr.
func runCell(t *testing.T, code string) (shown []frame, stderr string) {
	t.Helper()
	session := NewSession()
	session.Module = func() string { return "gonb_test" }
	cell, err := session.Rewrite(code)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := map[string]string{"go.mod": "module gonb_test\n\ngo 1.26\n"}
	files["main.go"], _ = Compose(cell.Code)
	for name, text := range cell.Files {
		files[name] = text
	}
	for name, text := range files {
		if text != "" {
			if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	build := exec.Command("go", "build", "-o", "cell")
	build.Dir, build.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, files["main.go"])
	}
	values, err := os.Create(filepath.Join(dir, "values"))
	if err != nil {
		t.Fatal(err)
	}
	defer values.Close()
	run := exec.Command(filepath.Join(dir, "cell"))
	var errs bytes.Buffer
	run.Stderr, run.ExtraFiles = &errs, []*os.File{values}
	if err := run.Run(); err != nil && errs.Len() == 0 {
		t.Fatal(err)
	}
	content, err := os.ReadFile(values.Name())
	if err != nil {
		t.Fatal(err)
	}
	for len(content) > 0 {
		mime, rest, _ := bytes.Cut(content, []byte{0})
		n := binary.LittleEndian.Uint32(rest)
		shown = append(shown, frame{string(mime), string(rest[4 : 4+n])})
		content = rest[4+n:]
	}
	return shown, errs.String()
}
