package bench

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// asProgram makes the tests' program the benchmark's.
const asProgram = "SSLKIT_TEST_BENCHMARK"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		Exit(Main(context.Background(), dataset.CIFAR10, os.Args[1:], os.Stdout))
	}
	os.Exit(m.Run())
}

// program runs the benchmark's program on data in dir.
func program(t *testing.T, dir string, args ...string) (output string, status int) {
	t.Helper()
	command := exec.Command(os.Args[0], args...)
	command.Env = append(os.Environ(), asProgram+"=1", "SSLKIT_DATA="+dir)
	text, err := command.CombinedOutput()
	if err != nil && command.ProcessState == nil {
		t.Error(err)
		return "", -1
	}
	return string(text), command.ProcessState.ExitCode()
}

// noisyCIFAR writes the first file of either split, of noise.
func noisyCIFAR(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	folder := filepath.Join(dir, "cifar-10-batches-bin")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	const records, size = 10_000, 3073
	data := make([]byte, records*size)
	state := uint32(7)
	for i := range data {
		state = state*1664525 + 1013904223
		data[i] = byte(state >> 24)
		if i%size == 0 {
			data[i] %= 10
		}
	}
	for _, name := range []string{"data_batch_1.bin", "test_batch.bin"} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Two processes with a share each make every run once, and their records merge.
func TestShardsOfProcesses(t *testing.T) {
	kind := testkit.XLA(t).Kind
	data, out := noisyCIFAR(t), t.TempDir()
	args := []string{"-methods", "SimCLR,BYOL", "-batch", "32", "-epochs", "1", "-images", "64", "-test-images", "20",
		"-width", "8", "-precision", "f32", "-device", string(kind), "-out", out}
	var wait sync.WaitGroup
	outputs := make([]string, 2)
	for i, share := range []string{"0/2", "1/2"} {
		wait.Go(func() {
			text, status := program(t, data, append(args, "-shard", share)...)
			if status != 0 {
				t.Errorf("shard %s ended with status %d:\n%s", share, status, text)
			}
			outputs[i] = text
		})
	}
	wait.Wait()
	if t.Failed() {
		return
	}
	for i, method := range []string{"SimCLR", "BYOL"} {
		if n := strings.Count(outputs[i], "epoch 1/1"); n != 1 || !strings.Contains(outputs[i], "run 1 of 1: cifar10-lightly2023-"+method) {
			t.Errorf("shard %d made %d runs, want %s:\n%s", i, n, method, outputs[i])
		}
	}
	text, status := program(t, data, args...)
	if status != 0 || strings.Count(text, "has a record") != 2 || !strings.Contains(text, "| BYOL | 32 | 1 | 1 |") {
		t.Errorf("afterwards all is done, but the program ended with %d:\n%s", status, text)
	}
	for _, name := range []string{"table.md", "curves.svg", "curves.png"} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.Size() == 0 {
			t.Errorf("no %s: %v", name, err)
		}
	}
	text, status = program(t, data, append(args, "-dry-run", "-epochs", "3", "-methods", "SimCLR")...)
	if status != 0 || !strings.Contains(text, "3       6      ") || !strings.Contains(text, "new") {
		t.Errorf("dry run ended with %d:\n%s", status, text)
	}
	text, status = program(t, t.TempDir(), append(args, "-dry-run")...)
	if status != 1 || !strings.Contains(text, "has a record") || !strings.Contains(text, "would be refused now; -download") {
		t.Errorf("dry run without images ended with %d:\n%s", status, text)
	}
	folder := filepath.Join(out, "runs", "cifar10-lightly2023-SimCLR-b32-e3-s0-i64-t20-w8-f32-k6")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "recipe.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	text, status = program(t, data, append(args, "-dry-run", "-epochs", "3", "-methods", "SimCLR")...)
	if status != 1 || !strings.Contains(text, folder) {
		t.Errorf("dry run with a folder of another recipe ended with %d:\n%s", status, text)
	}
}

// The program's errors name the argument, and make no folder.
func TestBadArguments(t *testing.T) {
	t.Setenv("HOME", "/dev/null")
	for args, want := range map[string]string{
		"-out=~/x":                 "/dev/null/x",
		"-batch 12,x":              `-batch 12,x: "x" is not a positive number`,
		"-epochs 0":                "-epochs 0",
		"-shard 2/2":               "0 ≤ i < n",
		"-methods SimSam":          `"SimSam"`,
		"-preset lightly2024":      `"lightly2024"`,
		"-precision f16 -dry-run":  `precision "f16"`,
		"-seeds 0":                 "seed",
		"-feed nowhere -dry-run":   `mode "nowhere"`,
		"-target h100":             "-target h100 is for -dry-run",
		"-dry-run -target v9":      `"v9": want one of h100`,
		"-images 60000 -dry-run":   "-images 60000: CIFAR-10 has 50000",
		"-test-images 10001":       "-test-images 10001: CIFAR-10 has 10000",
		"-out /dev/null -dry-run":  "/dev/null is a file",
		"-images 10 -batch 64":     "batch is 64, more than the 10 training images",
		"more":                     "want flags only",
		"-table -out /nonexistent": "/nonexistent",
	} {
		out := filepath.Join(t.TempDir(), "out")
		err := Main(context.Background(), dataset.CIFAR10, append([]string{"-out", out}, strings.Fields(args)...), &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: made %s", args, out)
		}
	}
}

// docker/shard.sh tells the program its share in both kinds of cluster.
func TestShardScript(t *testing.T) {
	for _, c := range []struct {
		env    []string
		output string
		status int
	}{
		{[]string{"SLURM_ARRAY_TASK_ID=7", "SLURM_ARRAY_TASK_MIN=3", "SLURM_ARRAY_TASK_STEP=2", "SLURM_ARRAY_TASK_COUNT=5"}, "a b -shard 2/5\n", 0},
		{[]string{"JOB_COMPLETION_INDEX=0", "JOB_COMPLETIONS=15"}, "a b -shard 0/15\n", 0},
		{[]string{"JOB_COMPLETION_INDEX=0"}, "shard.sh: set JOB_COMPLETIONS", 1},
		{nil, "shard.sh: neither SLURM_ARRAY_TASK_ID nor", 2},
	} {
		command := exec.Command("../../docker/shard.sh", "echo", "a", "b")
		command.Env = append(c.env, "PATH="+os.Getenv("PATH"))
		text, _ := command.CombinedOutput()
		if got := command.ProcessState.ExitCode(); got != c.status || !strings.Contains(string(text), c.output) {
			t.Errorf("%v: status %d, %q; want %d, %q", c.env, got, text, c.status, c.output)
		}
	}
}

// The jobs of both clusters have as many tasks: one a run when they were written,
// and never one without a run.
func TestJobFiles(t *testing.T) {
	p := Default(dataset.CIFAR10)
	p.Seeds = 3
	recipes, err := p.Recipes()
	if err != nil {
		t.Fatal(err)
	}
	const tasks = 24
	if len(recipes) < tasks {
		t.Fatalf("%d tasks for %d runs", tasks, len(recipes))
	}
	for file, wants := range map[string][]string{
		"benchmark.slurm": {"--array=0-23\n", "-methods all -preset lightly2023 -batch 512 -epochs 200 -seeds 3 "},
		"benchmark.yaml":  {"completions: 24\n", `value: "24"`, `-methods, all, -preset, lightly2023, -batch, "512", -epochs, "200", -seeds, "3",`},
	} {
		text, err := os.ReadFile(filepath.Join("../../docker", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(text), want) {
				t.Errorf("docker/%s has no %q", file, want)
			}
		}
	}
}
