package device

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/gomlx/pkg/core/graph"
)

func TestAnnouncement(t *testing.T) {
	for program, want := range map[string]string{
		"module @training_step_in_place_5_1 {": "compiling the training step for a GPU (kept for the next time)",
		"module @planned_embedding {":          "compiling the embedding for a GPU (kept for the next time)",
		"module @linear_probe_12 {":            "compiling the linear probe for a GPU (kept for the next time)",
		"module @Exec_github_com_some_build {": "compiling a program for a GPU (kept for the next time)",
		"ML\xefR":                              "compiling a program for a GPU (kept for the next time)",
	} {
		if got := announcement([]byte(program), "a GPU", true); got != want {
			t.Errorf("%s: %q, want %q", program, got, want)
		}
	}
	if got := announcement(nil, "a GPU", false); strings.Contains(got, "kept") {
		t.Errorf("nothing is kept: %q", got)
	}
}

// A slow compilation says what it does; what was compiled before is loaded without a word.
func TestSlowCompilationsSaySo(t *testing.T) {
	if testing.Short() {
		t.Skip("needs XLA, which -short leaves out")
	}
	d, err := Open(CPU)
	if err != nil {
		t.Skipf("needs XLA: %v", err)
	}
	stderr, cache, before := os.Stderr, d.plugin.cache, slow
	t.Cleanup(func() { os.Stderr, d.plugin.cache, slow = stderr, cache, before })
	d.plugin.cache = testCache(t)

	compile := func() string {
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer read.Close()
		os.Stderr = write
		exec, err := graph.NewExec(d.Backend, func(x *graph.Node) *graph.Node {
			for range 40 {
				x = graph.Add(graph.Sin(graph.ReduceAndKeep(x, graph.ReduceSum, -1)), graph.MatMul(x, graph.Tanh(x)))
			}
			return x
		})
		if err != nil {
			t.Fatal(err)
		}
		defer exec.Finalize()
		if _, err := exec.WithName("slow thing").Exec1([][]float32{{0.1, 0.2}, {0.3, 0.4}}); err != nil {
			t.Fatal(err)
		}
		write.Close()
		said, err := io.ReadAll(read)
		if err != nil {
			t.Fatal(err)
		}
		return string(said)
	}
	slow = time.Hour
	if said := compile(); said != "" {
		t.Errorf("a compilation that is not slow said %q", said)
	}
	d.plugin.cache = testCache(t)
	slow = time.Nanosecond
	if said, want := compile(), "sslkit: compiling the slow thing for "+d.Name+" (kept for the next time)\n"; said != want {
		t.Errorf("a slow compilation said %q, want %q", said, want)
	}
	compiled := d.Compilations()
	if said := compile(); said != "" || d.Compilations().Compiled != compiled.Compiled {
		t.Errorf("what is kept was compiled %d times more and said %q", d.Compilations().Compiled-compiled.Compiled, said)
	}
}

// Who asked for the news gets them, with the end of each, and standard error has none.
func TestTellCompilations(t *testing.T) {
	stderr, wait, before := os.Stderr, slow, teller
	t.Cleanup(func() { os.Stderr, slow, teller = stderr, wait, before })
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	os.Stderr, slow = write, time.Nanosecond
	news := make(chan string, 2)
	TellCompilations(func(text string) func(time.Duration) {
		news <- text
		return func(took time.Duration) {
			if took <= 0 {
				t.Errorf("it took %s, want longer", took)
			}
			news <- "done"
		}
	})
	done := announce([]byte("module @embedder {"), "a GPU", false)
	if got, want := <-news, "compiling the embedder for a GPU"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
	done()
	if got := <-news; got != "done" {
		t.Errorf("told %q, want the end", got)
	}
	slow = time.Hour
	announce(nil, "a GPU", false)()
	write.Close()
	said, err := io.ReadAll(read)
	if err != nil || len(said) > 0 || len(news) > 0 {
		t.Errorf("standard error has %q, and there are %d news more: want none (%v)", said, len(news), err)
	}
}
