package lines

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNumber checks that a program that is not built again names cells by new numbers.
func TestNumber(t *testing.T) {
	cells := []string{"func Where() (string, int) {\n\t_, file, line, _ := runtime.Caller(0)\n\treturn file, line\n}",
		"%%\n\nfmt.Println(Where())\nlog.New(os.Stdout, \"\", log.Lshortfile).Println(`/sslkit/notebook/cell[1]`)\nfmt.Scanln()"}
	main := "package main\n\nimport (\n\t\"flag\"\n\t\"fmt\"\n\t\"log\"\n\t\"os\"\n\t\"runtime\"\n)\n\n" + cells[0] +
		"\n\n\nfunc main() {\n\tflag.Parse()" + strings.TrimPrefix(cells[1], "%%\n") + "\n\n}\n"
	x := session(cells...)
	dir, out := goTool(t, map[string]string{"main.go": string(Annotate("main.go", []byte(main), x))}, "build", "-o", "x")
	if out != "" {
		t.Fatal(out)
	}
	program := filepath.Join(dir, "x")
	// A process of the program that is still there must not be in the way.
	left := exec.Command(program)
	in, err := left.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := left.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	for _, number := range []int{2, 3, 40, 123_456_789, 12, 1_234_567_890_123} {
		x.Add(number, cells[1])
		if err := Number(program, x); err != nil {
			t.Fatal(err)
		}
		got, err := exec.Command(program).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, got)
		}
		name := cellName(number)
		if number > 1_000_000_000_000 {
			name = cellName(2) // too long: the ID
		}
		if diff := cmp.Diff("cell[1] 2\n"+name+":4: /sslkit/notebook/cell[1]\n", string(got)); diff != "" {
			t.Errorf("as number %d: -want +got:\n%s", number, diff)
		}
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	_, _ = bufio.NewReader(stdout).ReadString(0) // until it ends
	if err := left.Wait(); err != nil {
		t.Errorf("the process that was left: %v", err)
	}
	if files, err := filepath.Glob(program + "*"); err != nil || len(files) != 1 {
		t.Errorf("files %q, %v", files, err)
	}
}

// What is no program cannot be numbered.
func TestNumberOfNoProgram(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{text, text + ".none"} {
		if err := Number(file, NewIndex()); err == nil || !strings.HasPrefix(err.Error(), "lines: ") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// BenchmarkNumber is what the start of a program waits for; SSLKIT_PROGRAM names one to look at in place of this one.
func BenchmarkNumber(b *testing.B) {
	program := os.Getenv("SSLKIT_PROGRAM")
	if program == "" {
		program = os.Args[0]
	}
	for b.Loop() {
		if err := Number(program, NewIndex()); err != nil {
			b.Fatal(err)
		}
	}
}
