package device_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/internal/place"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// inChild makes the test's process print what a program that takes a while to
// compile computes, and how often XLA compiled.
func inChild(t *testing.T) {
	d := testkit.XLA(t)
	exec, err := graph.NewExec(d.Backend, func(x *graph.Node) *graph.Node {
		for range 40 {
			x = graph.Add(graph.Sin(graph.ReduceAndKeep(x, graph.ReduceSum, -1)), graph.MatMul(x, graph.Tanh(x)))
		}
		return graph.ReduceAllSum(x)
	})
	if err != nil {
		t.Fatal(err)
	}
	result, err := exec.Exec1([][]float32{{0.1, 0.2}, {0.3, 0.4}})
	if err != nil {
		t.Fatal(err)
	}
	c := d.Compilations()
	fmt.Printf("\nresult %v compiled %d loaded %d\n", result.Value(), c.Compiled, c.Loaded)
}

// compile runs [inChild] in a process with a cache of its own.
func compile(t *testing.T, home string, env ...string) (result string, compiled, loaded int) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestProgramsAreKept$")
	plugins := os.Getenv("PJRT_PLUGIN_LIBRARY_PATH") + ":" + place.Plugins(place.Home())
	child.Env = append(append(os.Environ(), "PJRT_PLUGIN_LIBRARY_PATH="+plugins, "SSLKIT_HOME="+home, "SSLKIT_TEST_COMPILE=1"), env...)
	output, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	_, line, _ := strings.Cut(string(output), "\nresult ")
	if _, err := fmt.Sscanf(line, "%s compiled %d loaded %d", &result, &compiled, &loaded); err != nil {
		t.Fatalf("%v in\n%s", err, output)
	}
	return result, compiled, loaded
}

// What one process compiled, the next one loads: the same program for the same plugin and flags.
func TestProgramsAreKept(t *testing.T) {
	if os.Getenv("SSLKIT_TEST_COMPILE") != "" {
		inChild(t)
		return
	}
	testkit.XLA(t)
	home := t.TempDir()
	want, compiled, loaded := compile(t, home)
	if compiled == 0 || loaded != 0 {
		t.Fatalf("the first process compiled %d and loaded %d programs", compiled, loaded)
	}
	check := func(what string, wantLoaded bool, env ...string) {
		t.Helper()
		got, compiled, loaded := compile(t, home, env...)
		if got != want || (loaded > 0) != wantLoaded || !wantLoaded && compiled == 0 {
			t.Errorf("%s: result %s, want %s; compiled %d, loaded %d", what, got, want, compiled, loaded)
		}
	}
	check("the next process", true)
	check("with other flags", false, "XLA_FLAGS=--xla_cpu_enable_fast_math=false")
	check("turned off", false, "SSLKIT_COMPILE_CACHE=off")

	programs, err := filepath.Glob(filepath.Join(home, "cache", "programs", "*", "*-d"))
	if err != nil || len(programs) == 0 {
		t.Fatalf("kept programs: %v, error %v", programs, err)
	}
	for _, file := range programs {
		if err := os.Truncate(file, 100); err != nil {
			t.Fatal(err)
		}
	}
	check("damaged", false)
	check("after the damage", true)
}

func TestProgramsOfSeveralProcesses(t *testing.T) {
	testkit.XLA(t)
	home := t.TempDir()
	results := make([]string, 4)
	var wait sync.WaitGroup
	for i := range results {
		wait.Go(func() { results[i], _, _ = compile(t, home) })
	}
	wait.Wait()
	last, _, loaded := compile(t, home)
	for _, result := range results {
		if result != last {
			t.Errorf("results %v, and then %s", results, last)
			break
		}
	}
	if loaded == 0 {
		t.Error("four processes kept nothing")
	}
}
