package sslkit

import (
	"flag"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/bench"
	"github.com/gossl/gossl/sslkit/recipe"
)

var update = flag.Bool("update", false, "write the README's tables anew")

// The README's results are the records in notebooks/results, and nothing else. Runs that are smaller than published ones
// show nothing that a reader could use.
func TestReadmeResults(t *testing.T) {
	folders, err := filepath.Glob("../notebooks/results/*")
	if err != nil {
		t.Fatal(err)
	}
	var records []bench.Record
	for _, folder := range folders {
		read, err := bench.Records(folder)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, read...)
	}
	want := bench.Markdown(records)
	if strings.Contains(want, "not as published") {
		t.Errorf("notebooks/results has runs that are not as published, want runs at full length alone:\n%s", want)
	}
	comparePage(t, "README.md", "results", want, "the records in notebooks/results")
}

// The README's planned memory is what sslkit plan --published --json has written to testdata/planned.json, and nothing else.
func TestReadmePlanned(t *testing.T) {
	rows, err := bench.ReadPlanned("testdata/planned.json")
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, row := range rows {
		have = append(have, bench.ID(row.Recipe))
		if row.Target != rows[0].Target || row.Commit != rows[0].Commit || row.Dirty {
			t.Errorf("%s was planned for %s from commit %s, want one target, and one commit without changes", bench.ID(row.Recipe), row.Target.Name, row.Build)
		}
	}
	var want []string
	for _, r := range bench.PlannedRows() {
		want = append(want, bench.ID(r))
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("planned.json has other rows than were published (-published +planned):\n%s", diff)
	}
	comparePage(t, "README.md", "planned", bench.PlannedMarkdown(rows), "testdata/planned.json")
}

// The page on scaling has what sslkit plan --scaling --json has written to testdata/scaling.json, and nothing else.
func TestReadmeScaling(t *testing.T) {
	plans, err := bench.ReadPlanned("testdata/scaling.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := bench.ScalingMarkdown(plans)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range plans {
		one := p.Target
		one.Devices = 0
		if one != plans[0].Target || p.Commit != plans[0].Commit || p.Dirty {
			t.Errorf("%s was planned for %s from commit %s, want one target, and one commit without changes", bench.ID(p.Recipe), p.Target.Name, p.Build)
		}
	}
	comparePage(t, "docs/scaling.md", "scaling", want, "testdata/scaling.json")
}

// The README's list of methods is what their recipes say of them.
func TestReadmeMethods(t *testing.T) {
	want := "| method | paper | idea |\n|---|---|---|\n"
	for _, m := range recipe.Methods() {
		_, number, _ := strings.Cut(strings.TrimPrefix(m.Paper, "https://"), "/")
		want += fmt.Sprintf("| %s | [%s](%s) | %s |\n", m.Name, strings.TrimPrefix(number, "abs/"), m.Paper, m.Idea)
	}
	comparePage(t, "README.md", "methods", want, "the entries in sslkit/recipe")
}

// The page on sweeps shows the jobs' files as they are.
func TestReadmeJobs(t *testing.T) {
	for file, language := range map[string]string{"benchmark.slurm": "sh", "benchmark.yaml": "yaml", "eightgpus.slurm": "sh"} {
		text, err := os.ReadFile(filepath.Join("..", "docker", file))
		if err != nil {
			t.Fatal(err)
		}
		comparePage(t, "docs/sweeps.md", "docker/"+file, "```"+language+"\n"+string(text)+"```\n", "docker/"+file)
	}
}

// comparePage compares a part of a page, which stands between two comments, with what a source says; with -update it
// writes it.
func comparePage(t *testing.T, page, part, want, source string) {
	t.Helper()
	path := filepath.Join("..", page)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+part+" -->\n", "<!-- end of "+part+" -->"
	before, rest, found := strings.Cut(string(text), begin)
	got, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no lines %s and %s", page, begin, end)
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s does not say what %s say; `go test ./sslkit -run Readme -update` writes it (-want +page):\n%s", page, source, diff)
	}
}

// The programs that pages show must compile.
func TestProgramsOfPages(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles programs, which -short leaves out")
	}
	for _, page := range []string{"README.md", "FROM_LIGHTLY.md"} {
		content, err := os.ReadFile(filepath.Join("..", page))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(content), "```go\n")
		program, _, found := strings.Cut(rest, "```")
		if !found {
			t.Fatalf("%s has no Go program", page)
		}
		dir, err := os.MkdirTemp(".", "_page-") // inside the module, which the imports need
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("go", "vet", "./"+dir).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", page, err, out)
		}
		if gofmt, err := format.Source([]byte(program)); err != nil || string(gofmt) != program {
			t.Errorf("%s: gofmt would change its program (%v)", page, err)
		}
	}
}
