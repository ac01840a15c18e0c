package launch

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/event"
	"github.com/gossl/gossl/kernel/gonb"
	"github.com/gossl/gossl/kernel/gonb/lines"
	"github.com/gossl/gossl/kernel/proc"
)

// newCells returns a GoNB that builds cells with the true go command.
func newCells(t *testing.T) *fakeGoNB {
	t.Helper()
	g := newGoNB(t)
	for _, file := range []string{g.program, g.program + program} {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	g.write("go.mod", "module gonb_x\n\ngo 1.26\n")
	return g
}

// built calls go as GoNB does to build, and returns what the front was told of the end.
func (g *fakeGoNB) built(args ...string) event.Event {
	g.t.Helper()
	before := len(g.told(event.BuildEnd))
	out, code := g.goCommand(args...)
	starts, ends := g.told(event.BuildStart), g.told(event.BuildEnd)
	if len(starts) != before+1 || len(ends) != before+1 {
		g.t.Fatalf("told of %d starts and %d ends, want one more than %d; go said %q", len(starts), len(ends), before, out)
	}
	end := ends[before]
	if (code == 0) != (end.Code == 0) || code != 0 && out != end.Text && (out != buildFailed+"\n" || !place.MatchString(end.Text)) {
		g.t.Errorf("go ended with %d and %q, but told %+v", code, out, end)
	}
	return end
}

func (g *fakeGoNB) build() event.Event { return g.built("build", "-o", g.program) }

// ran runs the cell and returns what it wrote to stdout.
func (g *fakeGoNB) ran(args ...string) []string {
	g.t.Helper()
	r := g.start(args...)
	if end := r.end(); end.Code != 0 {
		g.t.Errorf("the cell ended with %+v", end)
	}
	return r.outputs
}

func TestBuild(t *testing.T) {
	g := newCells(t)
	g.write("main.go", "package main\n\nimport \"os\"\n\nfunc main() { println(); os.Stdout.WriteString(os.Args[0] + os.Args[1]) }\n")
	if end := g.build(); end.Code != 0 || end.Seconds <= 0 {
		t.Fatalf("told %+v, want success", end)
	}
	if diff := cmp.Diff([]string{g.program + "argument"}, g.ran("argument")); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	before, err := os.Stat(g.program + program)
	if err != nil {
		t.Fatal(err)
	}
	g.build()
	if after, err := os.Stat(g.program + program); err != nil || !os.SameFile(after, before) {
		t.Errorf("linked again without a change: %v", err)
	}
}

func TestBuildFails(t *testing.T) {
	g := newCells(t)
	g.write("main.go", "package main\n\nfunc main() { missing() }\n")
	if end := g.build(); end.Code != 1 || !strings.Contains(end.Text, "./main.go:3:15: undefined: missing") {
		t.Errorf("told %+v, want code 1 and the compiler's text", end)
	}
	if _, err := os.Lstat(g.program); err == nil {
		t.Error("there is a program")
	}
}

func TestBuildOfTests(t *testing.T) {
	g := newCells(t)
	g.write("main_test.go", "package main\n\nimport (\n\t\"testing\"\n\t. \"strings\"\n)\n\nfunc TestX(t *testing.T) {}\n")
	if end := g.built("test", "-c", "-o", g.program); end.Code != 0 {
		t.Fatalf("told %+v, want success", end)
	}
	if diff := cmp.Diff([]string{"PASS"}, g.ran()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

// source has dot imports that it does not use, and shows an expression without a value.
var source = strings.Join([]string{
	`package main`,
	`import . "gonb_x/p0"`,
	`import (`,
	`	. "strings"`,
	`	"os"`,
	`	. "gonb_x/p1"`,
	`	. "math/bits"`,
	`	_ "embed"`,
	`)`,
	`func print2() { os.Stdout.WriteString(ToUpper("printed")) }`,
	`func main() { ` + gonb.ShowCall + `print2(`,
	`)` + gonb.ShowEnd,
	`panic(Len(0))`,
	`}`,
	``,
}, "\n")

// packages makes packages gonb_x/p0 and so on.
func (g *fakeGoNB) packages(n int) {
	g.t.Helper()
	for i := range n {
		name := fmt.Sprint("p", i)
		if err := os.Mkdir(filepath.Join(g.work, name), 0o700); err != nil {
			g.t.Fatal(err)
		}
		g.write(name+"/p.go", fmt.Sprintf("package %s\n\nvar V%d int\n", name, i))
	}
}

func TestBuildMends(t *testing.T) {
	g := newCells(t)
	g.packages(2)
	g.write("main.go", source)
	g.write("show.go", "package main\n\nfunc sslkitShow(...any) {}\n")
	if end := g.build(); end.Code != 0 {
		t.Fatalf("told %+v, want success", end)
	}
	r := g.start()
	r.end()
	if diff := cmp.Diff([]string{"PRINTED"}, r.outputs); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if !strings.Contains(r.stderr.String(), "main.go:13") {
		t.Errorf("the panic is not in line 13, where it was: %s", r.stderr.String())
	}
}

func TestBuildMendsManyImports(t *testing.T) {
	const packages = 25
	g := newCells(t)
	g.packages(packages)
	var text strings.Builder
	text.WriteString("package main\n\nimport (\n")
	for i := range packages {
		fmt.Fprintf(&text, "\t. \"gonb_x/p%d\"\n", i)
	}
	g.write("main.go", text.String()+")\n\nfunc main() {}\n")
	if end := g.build(); end.Code != 0 {
		t.Errorf("told %+v, want success: the compiler stops after ten errors", end)
	}
}

func TestBuildDoesNotMend(t *testing.T) {
	tests := map[string]string{
		"named import": "package main\n\nimport \"os\"\n\nfunc main() {}\n",
		"value":        "package main\n\nfunc f() {}\n\nfunc main() { x := f() }\n",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			g := newCells(t)
			g.write("main.go", text)
			if end := g.build(); end.Code != 1 {
				t.Errorf("told %+v, want the compiler's complaint", end)
			}
			if left, err := os.ReadFile(filepath.Join(g.work, "main.go")); err != nil || string(left) != text {
				t.Errorf("main.go was changed: %q, %v", left, err)
			}
		})
	}
}

// Positions are those of cells as soon as the front has told of some.
func TestBuildAnnotates(t *testing.T) {
	g := newCells(t)
	const cell = "func twice(x int) int { return 2 * y }"
	g.write("main.go", "package main\n\n"+cell+"\n\nfunc main() { twice(1) }\n")
	if end := g.build(); !strings.Contains(end.Text, "main.go:3:36: undefined: y") {
		t.Errorf("told %+v, want GoNB's position: the front has told of no cells", end)
	}
	cells := lines.NewIndex()
	cells.Add(7, "\n"+cell)
	if err := cells.Save(g.paths.Cells); err != nil {
		t.Fatal(err)
	}
	if end := g.build(); !strings.Contains(end.Text, "cell[1]:2:36: undefined: y") {
		t.Errorf("told %+v, want the cell's position", end)
	}
	g.write("main.go", "package main\n\nfunc twice(x int) int { panic(x) }\n\nfunc main() { twice(1) }\n")
	cells.Add(8, "func twice(x int) int { panic(x) }")
	if err := cells.Save(g.paths.Cells); err != nil {
		t.Fatal(err)
	}
	if end := g.build(); end.Code != 0 {
		t.Fatalf("told %+v", end)
	}
	if program, err := os.ReadFile(g.program + program); err != nil || !bytes.Contains(program, []byte("cell[8]\x00")) {
		t.Errorf("the program does not name the cell by its number, error %v", err)
	}
}

func TestBuildFetchesMissingModules(t *testing.T) {
	const script = `echo "$@" >>calls
case "$1 $GOPROXY" in
"get "*) ;;
"env off") echo off ;;
"env "*) echo proxy ;;
*) echo 'main.go:3:8: no required module provides package example.com/m; to add it:'; exit 1 ;;
esac
`
	for _, test := range []struct{ proxy, want string }{
		{"off", "build -o P\nenv GOPROXY\n"},
		{"proxy", "build -o P\nenv GOPROXY\nget\nbuild -o P\n"},
	} {
		t.Run(test.proxy, func(t *testing.T) {
			g := newCells(t)
			g.fakeGo(script)
			g.environ = append(g.environ, "GOPROXY="+test.proxy)
			if end := g.build(); end.Code != 1 || !strings.Contains(end.Text, "no required module") {
				t.Errorf("told %+v, want the missing module", end)
			}
			calls, err := os.ReadFile(filepath.Join(g.work, "calls"))
			if err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(string(calls), g.program+program, "P")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("calls of go (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBuildInterrupted has a script in the place of the compiler that the true go command starts.
func TestBuildInterrupted(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			g := newCells(t)
			g.write("main.go", "package main\n\nfunc main() {}\n")
			compiler, pids := filepath.Join(g.work, "compiler"), filepath.Join(g.work, "pid")
			g.write("compiler", "#!/bin/sh\ntrap '' INT TERM\necho $$ >"+pids+".new\nmv "+pids+".new "+pids+"\nsleep 1000\n")
			if err := os.Chmod(compiler, 0o700); err != nil {
				t.Fatal(err)
			}
			cmd := g.command("build", "-o", g.program, "-toolexec", compiler)
			var out bytes.Buffer
			cmd.Stderr = &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Process.Kill()
			if start := g.wait(event.BuildStart); start.PID != cmd.Process.Pid {
				t.Errorf("told of process %d, want %d", start.PID, cmd.Process.Pid)
			}
			var pid []byte
			awaitTrue(t, "the compiler", func() (ok bool) {
				var err error
				pid, err = os.ReadFile(pids)
				return err == nil
			})
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err == nil || out.String() != "the build was interrupted\n" {
				t.Errorf("go ended with %v and %q", err, out.String())
			}
			if end := g.wait(event.BuildEnd); end.Code != -1 || end.Signal != signal.String() {
				t.Errorf("told %+v, want signal %s", end, signal)
			}
			compilerPID, err := strconv.Atoi(strings.TrimSpace(string(pid)))
			if err != nil {
				t.Fatal(err)
			}
			awaitTrue(t, "the compiler to end", func() bool { return !proc.Alive(compilerPID) })
		})
	}
}
