package train

import (
	"os"
	"syscall"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/recipe"
)

// TestStepsKeepMemory counts how often training steps on a CPU ask the system for a page: with memory that is given back
// after each step, a step takes 1.4 times as long.
func TestStepsKeepMemory(t *testing.T) {
	d := testkit.CPU(t)
	if os.Getenv("MALLOC_ARENA_MAX") != "1" {
		t.Skip("wants MALLOC_ARENA_MAX=1 in the environment, as `make test` has it")
	}
	r, err := recipe.CIFAR10("SimCLR")
	if err != nil {
		t.Fatal(err)
	}
	const steps = 12
	r.Batch, r.TrainImages, r.TestImages, r.Eval.K = 32, 32*steps, 1, 1
	r.Backbone = backbone.ResNet18().Sized(16)
	tr := &trainer{recipe: r, result: &Result{Recipe: r}}
	defer tr.free()
	data := &dataset.Set{Train: noise(r.TrainImages, 32, 32), Test: noise(1, 32, 32)}
	if err := tr.prepare(t.Context(), Options{Device: d.Kind, Data: data}); err != nil {
		t.Fatal(err)
	}
	in, err := tr.epochInput(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer in.free()
	faults := func() int64 {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			t.Fatal(err)
		}
		return usage.Minflt
	}
	var before int64
	const warm = 4
	for step := range steps {
		if step == warm {
			before = faults()
		}
		if err := tr.step.run(tr.state, in); err != nil {
			t.Fatal(err)
		}
	}
	if each := (faults() - before) / (steps - warm); each > 1000 {
		t.Errorf("a step faults %d times, want hardly ever", each)
	}
}
