package bench

import (
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/dataset"
)

// benchmarkLine is a benchmark's program on a line of a page or script, with its arguments.
var benchmarkLine = regexp.MustCompile(`\./(cifar10|imagenette)_benchmark( -[^&\n]*)`)

// What the page on sweeps and the jobs' scripts run are programs that there are, with flags and runs that they know.
func TestSweeps(t *testing.T) {
	page, err := os.ReadFile("../../docs/sweeps.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{}
	for i, block := range strings.Split(string(page), "```") {
		if text, is := strings.CutPrefix(block, "sh\n"); is && i%2 == 1 {
			texts = append(texts, text)
		}
	}
	if len(texts) < 5 {
		t.Fatalf("docs/sweeps.md has %d scripts", len(texts))
	}
	for _, name := range []string{"benchmark.slurm", "eightgpus.slurm"} {
		text, err := os.ReadFile("../../docker/" + name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	commands := 0
	for _, text := range texts {
		bash := exec.Command("bash", "-n")
		bash.Stdin = strings.NewReader(text)
		if out, err := bash.CombinedOutput(); err != nil {
			t.Errorf("%v: %s\n%s", err, out, text)
		}
		for _, found := range benchmarkLine.FindAllStringSubmatch(text, -1) {
			commands++
			args := strings.NewReplacer(`"$gpus"`, "8", `"$i/8"`, "7/8", "results/", t.TempDir()+"/").Replace(found[2])
			if err := understood(dataset.Name(found[1]), strings.Fields(args)); err != nil {
				t.Errorf("%s: %v", found[0], err)
			}
		}
	}
	if commands < 6 {
		t.Errorf("found %d commands", commands)
	}
}

// understood reports what a benchmark's program would refuse.
func understood(data dataset.Name, args []string) error {
	c, err := parse(data, args, io.Discard)
	if err != nil || c.tabular {
		return err
	}
	recipes, err := c.plan.Recipes()
	if err != nil {
		return err
	}
	if recipes, err = Shard(recipes, c.shard, c.shards); err != nil {
		return err
	}
	return c.check(recipes)
}
