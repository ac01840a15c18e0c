package run

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/install/home"
)

// kernelHome returns the data directory in which set-up has installed the kernel of this checkout.
func kernelHome(t *testing.T) home.Home {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: starts the kernel")
	}
	h := home.Find()
	repo, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(h.KernelSpec(), "kernel.json"))
	if err != nil {
		t.Skipf("no kernel in %s: run make setup", h)
	}
	if !regexp.MustCompile(`["=]` + regexp.QuoteMeta(repo) + `"`).Match(content) {
		t.Skipf("the kernel in %s is that of another checkout: run make setup", h)
	}
	return h
}

func TestRun(t *testing.T) {
	h := kernelHome(t)
	name := write(t,
		"import \"fmt\"",
		"func Greet() { fmt.Println(\"hello from a cell\") }\n\n%exec Greet",
	)
	executed, page := filepath.Join(t.TempDir(), "executed.ipynb"), filepath.Join(t.TempDir(), "page.html")
	o := Options{Notebook: name, Output: executed, HTML: page, CellTimeout: time.Minute}
	if err := Run(t.Context(), h, o, os.Stdout); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{executed, page} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(content), "hello from a cell") {
			t.Errorf("%s lacks the cell's output", file)
		}
	}
}

// TestRunParameters gives cells other values, which the cell that declares them uses, too.
func TestRunParameters(t *testing.T) {
	h := kernelHome(t)
	name := write(t, "import \"fmt\"",
		"var Epochs = 10\n\nconst Method, Seed = \"simclr\", 1\n\nfunc Show() { fmt.Println(Method, Epochs*2, Seed) }\n\n%exec Show",
		"func Later() { fmt.Println(Epochs, \"later\") }\n\n%exec Later")
	tag(t, name, 1, ParametersTag)
	o := Options{
		Notebook: name, Params: []string{"Epochs=3", "Method=vicreg"}, CellTimeout: time.Minute,
		Output: filepath.Join(t.TempDir(), "executed.ipynb"),
	}
	if err := Run(t.Context(), h, o, os.Stdout); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"vicreg 6 1\n"`, `"3 later\n"`, `"var Epochs = 3\n"`} {
		if content := read(t, o.Output); !strings.Contains(content, want) {
			t.Errorf("the executed notebook lacks %s:\n%s", want, content)
		}
	}
}

func TestRunXLA(t *testing.T) {
	h := kernelHome(t)
	name := write(t, `import (
	"fmt"

	"github.com/gomlx/gomlx/backends"
	_ "github.com/gomlx/gomlx/backends/default"
	"github.com/gomlx/gomlx/pkg/core/graph"
)

func Norm() {
	backend, err := backends.NewWithConfig("xla:cpu")
	if err != nil {
		panic(err)
	}
	norm := graph.MustExecOnce(backend, func(x *graph.Node) *graph.Node { return graph.L2Norm(x) }, []float32{3, 4})
	if got := fmt.Sprint(norm.Value()); got != "5" {
		panic(got)
	}
}

%exec Norm`)
	if err := Run(t.Context(), h, Options{Notebook: name, CellTimeout: 2 * time.Minute}, os.Stdout); err != nil {
		t.Fatal(err)
	}
}

func TestRunFails(t *testing.T) {
	h := kernelHome(t)
	tests := []struct {
		name, source, want string
	}{
		{"compile", "func Fail() { missing() }\n\n%exec Fail", "undefined: missing"},
		{"panic", "func Fail() { panic(\"on purpose\") }\n\n%exec Fail", "panic: on purpose"},
		{"exit", "import \"os\"\n\nfunc Fail() { os.Exit(3) }\n\n%exec Fail", "exit status 3"},
		{"kill", "import (\"os\"; \"syscall\")\n\nfunc Fail() { syscall.Kill(os.Getpid(), syscall.SIGKILL) }\n\n%exec Fail", "signal: killed"},
		{"command", "!false", "exit status 1"},
		{"timeout", "import \"time\"\n\nfunc Fail() { time.Sleep(time.Minute) }\n\n%exec Fail", "ran longer than 5 s"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			name := write(t, "func Fine() {}\n\n%exec Fine", test.source, "func Later() {}\n\n%exec Later")
			executed := filepath.Join(t.TempDir(), "executed.ipynb")
			err := Run(t.Context(), h, Options{Notebook: name, Output: executed, CellTimeout: 5 * time.Second}, os.Stdout)
			var failure *cellError
			if !errors.As(err, &failure) {
				t.Fatalf("error %v, want a cellError", err)
			}
			if failure.Number != 2 || !strings.Contains(failure.Text, test.want) {
				t.Errorf("cell %d failed with %q, want cell 2 with %q", failure.Number, failure.Text, test.want)
			}
			if _, err := os.Stat(executed); err != nil {
				t.Error("no executed notebook after a failure")
			}
		})
	}
}

func TestRunStops(t *testing.T) {
	h := kernelHome(t)
	name := write(t, `import (
	"fmt"
	"os"
	"time"
)

func Wait() {
	os.WriteFile("pid", fmt.Append(nil, os.Getpid()), 0o644)
	time.Sleep(time.Minute)
}

%exec Wait`)
	file := filepath.Join(filepath.Dir(name), "pid")
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		for range 300 {
			time.Sleep(100 * time.Millisecond)
			if content, err := os.ReadFile(file); err == nil && len(content) > 0 {
				break
			}
		}
		cancel(stop)
	}()
	if err := Run(ctx, h, Options{Notebook: name, CellTimeout: time.Minute}, os.Stdout); !errors.Is(err, stop) {
		t.Errorf("error %v, want %v", err, stop)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(content))
	if err != nil {
		t.Fatal(err)
	}
	if alive(pid) {
		t.Errorf("the cell's process %d is still there", pid)
	}
}

// alive says whether a process runs; one that has ended and waits for its parent does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}

// TestNotebooks executes the repository's notebooks, each in an empty folder outside the repository, and those that are no
// tutorials once more with Jupyter's own client, which finds the runs complete. The tests of tutorials run their cells twice.
func TestNotebooks(t *testing.T) {
	h := kernelHome(t)
	const root = "../../notebooks/"
	notebooks, err := filepath.Glob(root + "*.ipynb")
	tutorials, err2 := filepath.Glob(root + "tutorial/*.ipynb")
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	for _, file := range append(notebooks, tutorials...) {
		name := strings.TrimSuffix(strings.TrimPrefix(file, root), ".ipynb")
		t.Run(name, func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			content = shortened(t, name, content)
			copied := filepath.Join(t.TempDir(), filepath.Base(file))
			if err := os.WriteFile(copied, content, 0o644); err != nil {
				t.Fatal(err)
			}
			executed := filepath.Join(filepath.Dir(copied), "executed.ipynb") // has the parameters
			o := Options{Notebook: copied, Output: executed, Params: smaller[name], CellTimeout: 10 * time.Minute}
			if err := Run(t.Context(), h, o, os.Stdout); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(name, "tutorial/") {
				return
			}
			nbclient := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(h.Python()), "jupyter-execute"), "--timeout=600", executed)
			nbclient.Dir, nbclient.Env = filepath.Dir(copied), home.Environ(h.JupyterEnv())
			if out, err := nbclient.CombinedOutput(); err != nil {
				t.Errorf("nbclient: %v\n%s", err, out)
			}
		})
	}
}

// smaller are parameters of notebooks with which they take seconds.
var smaller = map[string][]string{
	"tutorial/moco_linear":      {"epochs=1", "images=256", "steps=4"},
	"tutorial/byol_barlowtwins": {"epochs=1", "images=200", "more=200"},
	"tutorial/own_images":       {"epochs=1", "images=200"},
	"tutorial/own_method":       {"epochs=1", "images=250"},
	"tutorial/simsiam_collapse": {"epochs=1", "images=200", "mapped=60"},
	"tutorial/simclr_parts":     {"epochs=1", "images=256", "steps=4"},
	"tutorial/transformers":     {"epochs=1", "images=200", "dinoEpochs=1", "dinoImages=200"},
}

// shorter is the line of a notebook that sets how long it trains, and what to set instead in a test.
var shorter = map[string][2]string{
	"cifar10_benchmark":    {"plan.Epochs = []int{4}", "plan.Epochs = []int{1}"},
	"imagenette_benchmark": {"plan.Epochs = []int{4}", "plan.Epochs = []int{1}"},
	"methods":              {"r := must(recipe.Shapes(name))", "r := must(recipe.Shapes(name)); r.Epochs = 1"},
}

// shortened makes a notebook that trains for minutes train for one epoch.
func shortened(t *testing.T, name string, notebook []byte) []byte {
	t.Helper()
	if strings.HasSuffix(name, "_benchmark") && os.Getenv("SSLKIT_DATA") == "" {
		t.Skip("needs the benchmark's images: SSLKIT_DATA is not set")
	}
	line, ok := shorter[name]
	if !ok {
		return notebook
	}
	if !bytes.Contains(notebook, []byte(line[0])) {
		t.Fatalf("the notebook has no %q to shorten", line[0])
	}
	return bytes.Replace(notebook, []byte(line[0]), []byte(line[1]), 1)
}
